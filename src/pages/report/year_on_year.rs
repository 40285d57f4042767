//! Two periods side by side: both figures as reported, what is known of the same months, and what may be said about them.

use super::{
    Page,
    element::{compared, short},
    grid::{capital, chart, figure},
    notes::{Notes, folded},
};
use crate::{
    pages::{charts::Series, escape, words},
    project::YearOnYear,
    reconcile::year_on_year::{Absence, Comparability, Half, Level, Pair},
};

impl Page<'_> {
    /// A chart of a comparison with its table.
    pub fn compared(&self, block: &YearOnYear, prefix: &str) -> String {
        let table = block.table.value.as_str();
        let title = block.title.value.as_str();
        let of_table = |pair: &&Pair| pair.table == table;
        let pairs: Vec<&Pair> = self.facts.pairs.iter().filter(of_table).collect();
        let Some(first) = pairs.first() else {
            let why = self.facts.withheld.get("year_on_year");
            let why = why.map_or_else(String::new, |why| format!(", since {}", escape(why)));
            return format!(
                "<p class=\"none\">The two periods of <span class=\"label\">{}</span> are not compared{why}.</p>\n",
                short(title)
            );
        };
        let list = block.labels.as_ref().map(|list| list.value.as_str());
        let label = |pair: &Pair| match &pair.category {
            Some(category) => capital(self.source.names.label(list, category)),
            None => "Total".to_owned(),
        };
        let categories: Vec<&&Pair> = pairs
            .iter()
            .filter(|p| p.level == Level::Category)
            .collect();
        let drawn = block.chart.map_or_else(String::new, |how| {
            let series = |half: fn(&Pair) -> &Half| Series {
                name: half(first).period.clone(),
                values: categories.iter().map(|pair| half(pair).reported).collect(),
            };
            let names = categories.iter().map(|pair| label(pair)).collect();
            let series = vec![series(|pair| &pair.previous), series(|pair| &pair.current)];
            chart(how, title, names, series)
        });
        let mut notes = Notes::new(self, prefix);
        let mut reasons: Vec<&str> = Vec::new();
        let matched = pairs.iter().any(|pair| is_matched(pair));
        let mut html = format!(
            "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{0}: table\"><table>\n<caption class=\"hidden\">{0}</caption>\n<thead><tr><th scope=\"col\">Category</th>",
            short(title)
        );
        for half in [&first.previous, &first.current] {
            html.push_str(&format!(
                "<th scope=\"col\" class=\"n\">{} as reported</th>",
                short(&half.period)
            ));
        }
        if matched {
            for half in [&first.previous, &first.current] {
                html.push_str(&format!(
                    "<th scope=\"col\" class=\"n\">{}, same months</th>",
                    short(&half.period)
                ));
            }
        }
        html.push_str("<th scope=\"col\" class=\"n\">Change</th><th scope=\"col\" class=\"n\">Change in percent</th><th scope=\"col\">Comparable</th></tr></thead>\n<tbody>\n");
        for pair in &pairs {
            let name = label(pair);
            let mut mark = |half: &Half| {
                let rows = self.marks.about(self.marks.at_place(&half.stated_at));
                notes.mark(&format!("{name}, {}", half.period), rows, None)
            };
            let marks = [mark(&pair.previous), mark(&pair.current)];
            html.push_str(&format!("<tr><th scope=\"row\">{}</th>", short(&name)));
            html.push_str(&cells(pair, &marks, matched));
            let reason = match reasons.iter().position(|known| *known == pair.reason) {
                Some(at) => at + 1,
                None => {
                    reasons.push(&pair.reason);
                    reasons.len()
                }
            };
            let said = match pair.verdict {
                Comparability::Comparable => "= yes".to_owned(),
                Comparability::Partly => "≈ partly".to_owned(),
                Comparability::NotComparable => "✕ no".to_owned(),
            };
            let reason = match pair.reason.is_empty() {
                true => String::new(),
                false => format!(", <a href=\"#{prefix}-reason-{reason}\">reason {reason}</a>"),
            };
            html.push_str(&format!("<td class=\"verdict\">{said}{reason}</td></tr>\n"));
        }
        html.push_str("</tbody>\n</table></div>\n");
        let mut out = figure(title, &drawn, &html, pairs.len());
        out.push_str(&why(title, prefix, &reasons));
        out.push_str(&notes.html(title, &self.marks.about_table(table)));
        out
    }
}

/// Whether the same months are not simply all that was reported.
fn is_matched(pair: &Pair) -> bool {
    let differs = |half: &Half| half.matched.is_some() && half.matched != half.reported;
    differs(&pair.previous) || differs(&pair.current)
}

/// The figures of both periods and their change.
fn cells(pair: &Pair, marks: &[String; 2], matched: bool) -> String {
    let whole = |measure: &str, value: i64| {
        compared(pair, measure, &value.to_string(), &words::number(value))
    };
    let mut html = String::new();
    let halves = [(&pair.previous, "previous"), (&pair.current, "current")];
    for ((half, measure), mark) in halves.into_iter().zip(marks) {
        let shown = match half.reported {
            Some(value) => whole(measure, value),
            None => format!(
                "<span class=\"none\">no figure: {}</span>",
                absence(half.absence)
            ),
        };
        html.push_str(&format!("<td class=\"n\">{shown}{mark}</td>"));
    }
    let halves = [
        (&pair.previous, "previous_matched"),
        (&pair.current, "current_matched"),
    ];
    for (half, measure) in halves.into_iter().filter(|_| matched) {
        let shown = half.matched.map(|value| whole(measure, value));
        html.push_str(&format!(
            "<td class=\"n\">{}</td>",
            shown.unwrap_or_else(not_known)
        ));
    }
    let change = pair.change.map(|value| whole("change", value));
    let percent = pair.change_percent.map(|value| {
        let shown = format!("{value:+.1}%").replace('-', "−");
        compared(pair, "change_percent", &value.to_string(), &shown)
    });
    for shown in [change, percent] {
        html.push_str(&format!(
            "<td class=\"n\">{}</td>",
            shown.unwrap_or_else(not_said)
        ));
    }
    html
}

fn not_known() -> String {
    "<span class=\"none\">not known</span>".to_owned()
}

fn not_said() -> String {
    "<span class=\"none\">not worked out</span>".to_owned()
}

fn absence(absence: Option<Absence>) -> &'static str {
    match absence {
        Some(Absence::NotInList) => "its list has no such category",
        Some(Absence::NotInForce) => "the category was not in force",
        Some(Absence::NotCovered) => "the month is not covered",
        Some(Absence::NotPlaced) => "nobody says which value is its own",
        Some(Absence::NotReported) | None => "nothing was reported",
    }
}

fn why(title: &str, prefix: &str, reasons: &[&str]) -> String {
    let said = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| !reason.is_empty());
    let items: String = said
        .map(|(at, reason)| {
            let number = at + 1;
            format!(
                "<li id=\"{prefix}-reason-{number}\">Reason {number}: {}.</li>\n",
                escape(&capital(reason.trim_end_matches('.')))
            )
        })
        .collect();
    if items.is_empty() {
        return String::new();
    }
    let list = folded(&format!("{} reasons", reasons.len()), &items, reasons.len());
    format!(
        "<div class=\"notes\"><p><strong>Whether the two periods can be compared: {}</strong></p>\n{list}</div>\n",
        short(title)
    )
}
