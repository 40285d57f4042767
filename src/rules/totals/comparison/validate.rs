//! Mistakes in declared comparisons, all of them, each with its place.

use std::collections::BTreeMap;

use super::{Chart, Comparison, Coverage, Covered, Periods, Year, covered::day};
use crate::{
    diagnostics::{At, Diagnostic, Span},
    rules::totals::{
        Key, Statement,
        validate::{good_id, repeated, said_why},
    },
    tables::CodeList,
};

/// Mistakes in the comparisons of a project: those of each, and ids that are there twice, `statements` among them.
///
/// `periods` is `None` when the project's periods could not all be read: what follows from them is then not told.
pub fn validate_comparisons(
    comparisons: &[Comparison],
    statements: &[Statement],
    lists: &[CodeList],
    periods: Option<&Periods>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let statements = statements.iter().flat_map(Statement::expand);
    let mut ids: BTreeMap<String, Span> = statements.map(|s| (s.id.value, s.id.span)).collect();
    for comparison in comparisons {
        comparison.validate(lists, periods, diagnostics);
        let At { value: id, span } = &comparison.id;
        if let Some(first) = ids.get(id) {
            let (line, _) = first.line_column();
            let message = format!("a second statement or comparison has the id `{id}`");
            let help = format!("the first is at {}:{line}", first.source.path);
            diagnostics.push(Diagnostic::at(span, message).help(help));
        } else {
            ids.insert(id.clone(), span.clone());
        }
    }
}

impl Comparison {
    fn validate(
        &self,
        lists: &[CodeList],
        periods: Option<&Periods>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        good_id(&self.id, diagnostics);
        let help = "say why the two periods are, or are not, of a kind";
        said_why(&self.id, self.why.as_ref(), help, diagnostics);
        said(self.caveat.as_ref(), "caveat", diagnostics);
        if self.charts.is_empty() {
            let message = "`charts` is empty: there is nothing to compare";
            diagnostics.push(
                Diagnostic::at(&self.id.span, message)
                    .help("write `charts: [{ table: …, codes: … }]`"),
            );
        }
        let tables: Vec<At<String>> = self.charts.iter().map(|c| c.value.table.clone()).collect();
        repeated(&tables, "table", diagnostics);
        for Chart { codes, .. } in self.charts.iter().map(|chart| &chart.value) {
            known_list(codes, lists, diagnostics);
        }
        for (name, year) in self.years() {
            self.validate_year(name, year, lists, periods, diagnostics);
        }
        let [current, previous] = self.years().map(|(_, year)| year.value.period());
        if !current.is_empty() && current == previous {
            let message = format!("both sides are about the period `{current}`");
            diagnostics.push(Diagnostic::at(&self.previous.value.figures.span, message));
        }
    }

    fn validate_year(
        &self,
        name: &str,
        year: &At<Year>,
        lists: &[CodeList],
        periods: Option<&Periods>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let At { value: year, .. } = year;
        let At {
            value: selector,
            span,
        } = &year.figures;
        selector.validate(span, lists, diagnostics);
        if !matches!(selector.texts(Key::Period), Some([_])) {
            let message = format!("`{name}` has to name one period");
            diagnostics.push(Diagnostic::at(span, message).help("write `period: …` in `figures`"));
        }
        let renamed = Key::ALL
            .iter()
            .any(|key| selector.overwritten(*key).is_some());
        for (key, used) in [
            ("as", renamed),
            ("group_by_parent", selector.groups_by_parent()),
        ] {
            if used {
                let message = format!("`{key}` has no meaning in a comparison");
                diagnostics.push(
                    Diagnostic::at(span, message).help("its figures stay under their own names"),
                );
            }
        }
        if self.charts.len() > 1 {
            let own = [
                ("table", selector.table.is_some()),
                ("codes", selector.codes.is_some()),
                ("labels", year.labels.is_some()),
                ("values_under", year.values_under.is_some()),
            ];
            for (key, _) in own.iter().filter(|(_, used)| *used) {
                let message = format!("`{key}` of one side is for a comparison of one chart");
                diagnostics.push(
                    Diagnostic::at(span, message).help("give that chart a comparison of its own"),
                );
            }
        }
        said(Some(&year.population), "population", diagnostics);
        let covered = year.validate_coverage(periods, diagnostics);
        if self.is_by_month() {
            self.validate_months(year, covered, lists, diagnostics);
        }
        if let Some(chart) = self.charts.first() {
            let codes = selector.codes.as_ref().unwrap_or(&chart.value.codes);
            year.validate_places(
                lists.iter().find(|l| l.name.as_str() == codes.value),
                diagnostics,
            );
        }
    }

    /// Each month that a side covers has a code.
    fn validate_months(
        &self,
        year: &Year,
        covered: Option<Covered>,
        lists: &[CodeList],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let span = year
            .coverage
            .as_ref()
            .map_or(&year.figures.span, |c| &c.span);
        if year
            .coverage
            .as_ref()
            .is_some_and(|c| c.value.not_stated.is_some())
        {
            let message = "`by_month` needs to know which months are covered";
            diagnostics.push(Diagnostic::at(span, message).help("say `start` and `end`"));
        }
        let Some(covered) = covered else {
            return;
        };
        let Some(months) = covered.months() else {
            let message = format!("`by_month` needs whole months, at most twelve, not {covered}");
            diagnostics.push(Diagnostic::at(span, message));
            return;
        };
        for chart in &self.charts {
            let codes = year.figures.value.codes.as_ref();
            let name = &codes.unwrap_or(&chart.value.codes).value;
            let Some(list) = lists.iter().find(|list| list.name.as_str() == name) else {
                continue;
            };
            if let Some(month) = months
                .iter()
                .find(|month| !list.lookup.contains_key(*month))
            {
                let message = format!("`{month}` is neither a code nor an alias of `{name}`");
                let help = format!(
                    "`by_month` looks months up so: add it to rules/reference/{name}.aliases.csv"
                );
                diagnostics.push(Diagnostic::at(span, message).help(help));
            }
        }
    }
}

impl Year {
    /// What it covers, where that is said without a mistake.
    fn validate_coverage(
        &self,
        periods: Option<&Periods>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Covered> {
        let Some(At {
            value:
                Coverage {
                    start,
                    end,
                    not_stated,
                },
            span,
        }) = &self.coverage
        else {
            let period = self.period();
            let declared = periods?.get(period).copied();
            if declared.is_none() && !period.is_empty() {
                let message = format!(
                    "`{period}` is no period of the project, so nobody knows which days it covers"
                );
                let help = "say `coverage: { start: …, end: … }`, or `coverage: { not_stated: … }` and what is known";
                diagnostics.push(Diagnostic::at(&self.figures.span, message).help(help));
            }
            return declared;
        };
        said(not_stated.as_ref(), "not_stated", diagnostics);
        let mut read = |at: &At<String>| {
            let read = day(&at.value);
            if read.is_none() {
                let message = format!("`{}` is no date", at.value);
                let help = "write year-month-day, such as 2017-01-05";
                diagnostics.push(Diagnostic::at(&at.span, message).help(help));
            }
            read
        };
        let days = (start.as_ref().map(&mut read), end.as_ref().map(read));
        match (days, not_stated) {
            ((None, None), Some(_)) => None,
            ((Some(start), Some(end)), None) => {
                let covered = Covered {
                    start: start?,
                    end: end?,
                };
                if covered.start >= covered.end {
                    let message = "the coverage ends before it starts";
                    let help = "`end` is the first day after it";
                    diagnostics.push(Diagnostic::at(span, message).help(help));
                    return None;
                }
                Some(covered)
            }
            _ => {
                let message = "a coverage is `start` and `end`, or `not_stated`";
                diagnostics.push(Diagnostic::at(span, message));
                None
            }
        }
    }

    /// Where its values belong.
    fn validate_places(&self, list: Option<&CodeList>, diagnostics: &mut Vec<Diagnostic>) {
        if let Some(labels) = &self.labels
            && labels.value == 0
        {
            let message = "`labels` is 0: a chart has labels";
            diagnostics.push(Diagnostic::at(&labels.span, message));
        }
        let Some(At { value: codes, span }) = &self.values_under else {
            return;
        };
        if codes.is_empty() {
            let message = "`values_under` is an empty list";
            diagnostics.push(
                Diagnostic::at(span, message)
                    .help("name the code of each value, or leave the key out when nobody knows"),
            );
        }
        repeated(codes, "code", diagnostics);
        if let Some(labels) = &self.labels
            && usize::try_from(labels.value).is_ok_and(|labels| labels < codes.len())
        {
            let message = format!(
                "`values_under` names {} codes, the chart has {} labels",
                codes.len(),
                labels.value
            );
            diagnostics.push(Diagnostic::at(span, message));
        }
        let Some(list) = list else {
            return;
        };
        for code in codes {
            match list.meaning(&code.value) {
                Some(entry) if entry.alias.is_none() => {}
                Some(entry) => {
                    let message = format!("`{}` is an alias in `{}`", code.value, list.name);
                    let meant = list.codes.get(entry.code).map_or("", |c| c.code.as_str());
                    diagnostics.push(
                        Diagnostic::at(&code.span, message)
                            .help(format!("write its code: `{meant}`")),
                    );
                }
                None => {
                    let message = format!("`{}` is no code of `{}`", code.value, list.name);
                    let known = list.codes.iter().map(|c| c.code.as_str());
                    diagnostics
                        .push(Diagnostic::at(&code.span, message).suggest(&code.value, known));
                }
            }
        }
    }
}

fn known_list(name: &At<String>, lists: &[CodeList], diagnostics: &mut Vec<Diagnostic>) {
    if !lists.iter().any(|list| list.name.as_str() == name.value) {
        let known = lists.iter().map(|list| list.name.as_str());
        let message = format!("there is no code list `{}`", name.value);
        let label = format!("rules/reference/{}.csv does not exist", name.value);
        diagnostics.push(
            Diagnostic::at(&name.span, message)
                .label(label)
                .suggest(&name.value, known),
        );
    }
}

/// Reports a text that is there and says nothing.
fn said(text: Option<&At<String>>, key: &str, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(text) = text
        && text.value.trim().is_empty()
    {
        diagnostics.push(Diagnostic::at(&text.span, format!("`{key}` is blank")));
    }
}
