//! Tables and charts of an aggregate: categories down, populations or parts of categories across.

use super::{
    Page,
    book::Row,
    element::{Key, NO_FIGURE, published, short},
    grid::{Grid, capital, chosen, drawn, figure, head},
    names::BETWEEN,
    notes::Notes,
};
use crate::{
    decimal::Decimal,
    diagnostics::At,
    pages::{escape, words},
    project::{Cards, Figures, PartWord},
    reconcile::Figure,
};

/// Rows that a table shows; the aggregate has all.
const MOST_ROWS: usize = 1_000;

impl<'r> Page<'r> {
    /// Big figures.
    pub fn cards(&self, cards: &Cards, prefix: &str) -> String {
        let aggregate = cards.aggregate.value.as_str();
        if let Some(withheld) = self.withheld(aggregate, aggregate) {
            return withheld;
        }
        let asked = match &cards.population {
            Some(population) => std::slice::from_ref(population),
            None => &[],
        };
        let mut notes = Notes::new(self, prefix);
        let mut html = String::from("<ul class=\"cards\">\n");
        for population in self.populations(aggregate, asked) {
            let key = self.key(aggregate, &population);
            let rows = self.source.book.rows(aggregate, key.period, &population);
            for row in chosen(rows, cards.categories.iter().map(|c| c.value.as_str())) {
                let list = cards.labels.as_ref().map(|list| list.value.as_str());
                let label = self.source.names.label(list, &row.category);
                html.push_str(&self.card(&key, row, label, &mut notes));
            }
        }
        html.push_str("</ul>\n");
        html.push_str(&notes.html("these figures", &[]));
        html
    }

    fn card(&self, key: &Key<'_>, row: &Row, label: &str, notes: &mut Notes<'_, '_>) -> String {
        let (printed, mark) = self.printed(row, label, notes);
        let printed = printed.map_or_else(String::new, |printed| {
            format!("<span class=\"soft\">published: {printed}</span>")
        });
        let share = match row.share() {
            Some(_) if row.base != Some(row.count) => format!(" ({})", key.share(row)),
            _ => String::new(),
        };
        format!(
            "<li><b>{}</b><span class=\"label\">{}</span>{share}{mark} {printed}</li>\n",
            key.count(row),
            short(&capital(label))
        )
    }

    /// A table of an aggregate, with its chart; several where a part of the categories parts them.
    pub fn figures(&self, figures: &Figures, prefix: &str) -> String {
        let aggregate = figures.aggregate.value.as_str();
        let title = figures.title.value.as_str();
        if let Some(withheld) = self.withheld(aggregate, title) {
            return withheld;
        }
        let grids = self.grids(figures);
        if grids.iter().all(|(_, grid)| grid.rows.is_empty()) {
            return format!(
                "<p class=\"none\">There are no figures of <span class=\"label\">{}</span> for this period.</p>\n",
                short(title)
            );
        }
        let mut html = String::new();
        for (at, (facet, grid)) in grids.iter().enumerate() {
            let prefix = format!("{prefix}-{at}");
            let (heading, title) = match facet {
                Some(facet) => (
                    format!("<h3>{}</h3>\n", short(facet)),
                    format!("{title}: {facet}"),
                ),
                None => (String::new(), title.to_owned()),
            };
            let mut notes = Notes::new(self, &prefix);
            let table = self.table(figures, grid, &title, &mut notes);
            html.push_str(&heading);
            let drawn = drawn(figures.chart, grid, &title);
            let figure = figure(&title, &drawn, &table, grid.rows.len());
            // The heading of a facet says what its caption says.
            html.push_str(&match facet {
                Some(_) => figure.replacen("<figcaption>", "<figcaption class=\"hidden\">", 1),
                None => figure,
            });
            // What is said of the aggregate as a whole stands below the last of its tables.
            let of_table = match at + 1 == grids.len() {
                true => self.marks.about_table(aggregate),
                false => Vec::new(),
            };
            html.push_str(&notes.html(&title, &of_table));
        }
        html
    }

    fn key<'k>(&'k self, aggregate: &'k str, population: &'k str) -> Key<'k> {
        Key {
            aggregate,
            period: &self.source.period.id,
            population,
        }
    }

    fn populations(&self, aggregate: &str, asked: &[At<String>]) -> Vec<String> {
        match asked.is_empty() {
            false => asked.iter().map(|name| name.value.clone()).collect(),
            true => {
                let period = &self.source.period.id;
                let book = &self.source.book;
                book.populations(aggregate, period, &self.source.populations)
            }
        }
    }

    /// What a withheld aggregate leaves in its place.
    fn withheld(&self, aggregate: &str, title: &str) -> Option<String> {
        let why = self.facts.withheld.get(aggregate)?;
        Some(format!(
            "<p class=\"withheld\"><strong>Withheld:</strong> the figures of <span class=\"label\">{}</span> are not shown, since {}. Correct the delivery and run again.</p>\n",
            short(title),
            escape(why)
        ))
    }

    /// The rows and columns that a block shows, by facet.
    fn grids<'p>(&'p self, figures: &'p Figures) -> Vec<(Option<String>, Grid<'p>)> {
        let aggregate = figures.aggregate.value.as_str();
        let populations = self.populations(aggregate, &figures.populations);
        let list = figures.labels.as_ref().map(|list| list.value.as_str());
        let parts = figures.parts.as_ref().map_or(&[][..], |parts| &parts.value);
        let asked = figures.categories.iter().map(|c| c.value.as_str());
        let mut grids: Vec<(Option<String>, Grid<'p>)> = Vec::new();
        for population in &populations {
            let period = &self.source.period.id;
            let rows = self.source.book.rows(aggregate, period, population);
            for row in chosen(rows, asked.clone()) {
                let texts = match parts.len() {
                    0 => vec![row.category.as_str()],
                    count => row.category.splitn(count, BETWEEN).collect(),
                };
                let part = |word: PartWord| {
                    let at = parts.iter().position(|part| *part == word)?;
                    let text = texts.get(at).copied().unwrap_or_default();
                    Some(self.source.names.label(list, text).to_owned())
                };
                let whole = || self.source.names.label(list, &row.category).to_owned();
                let facet = part(PartWord::Facet);
                let down = part(PartWord::Row).unwrap_or_else(whole);
                let across = match (part(PartWord::Column), populations.len()) {
                    (Some(part), 0 | 1) => capital(&part),
                    (Some(part), _) => format!("{}: {part}", self.population(population)),
                    (None, _) => self.population(population),
                };
                let at = match grids.iter().position(|(known, _)| *known == facet) {
                    Some(at) => at,
                    None => {
                        grids.push((facet, Grid::default()));
                        grids.len() - 1
                    }
                };
                if let Some((_, grid)) = grids.get_mut(at) {
                    grid.put(down, across, population, row);
                }
            }
        }
        grids.iter_mut().for_each(|(_, grid)| grid.fill());
        grids
    }

    fn table(
        &self,
        figures: &Figures,
        grid: &Grid<'_>,
        title: &str,
        notes: &mut Notes<'_, '_>,
    ) -> String {
        let aggregate = figures.aggregate.value.as_str();
        // Which columns have published figures beside them, so that none is all blank.
        let has = |at: usize| {
            let cells = grid
                .rows
                .iter()
                .filter_map(|(_, cells)| cells.get(at)?.as_ref());
            let mut cells = cells.map(|(_, row)| row.at);
            cells.any(|at| !self.marks.beside(at).is_empty())
        };
        let printed: Vec<bool> = (0..grid.columns.len()).map(has).collect();
        let mut html = format!(
            "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{0}: table\"><table>\n<caption class=\"hidden\">{0}</caption>\n{1}<tbody>\n",
            short(title),
            head(&grid.columns, figures.share, &printed)
        );
        for (label, cells) in grid.rows.iter().take(MOST_ROWS) {
            html.push_str(&format!(
                "<tr><th scope=\"row\">{}</th>",
                short(&capital(label))
            ));
            for ((cell, name), has_printed) in cells.iter().zip(&grid.columns).zip(&printed) {
                let Some((population, row)) = cell else {
                    let columns = 1 + usize::from(figures.share) + usize::from(*has_printed);
                    html.push_str(&format!("<td class=\"n\">{NO_FIGURE}</td>").repeat(columns));
                    continue;
                };
                let key = self.key(aggregate, population);
                let (published, mark) = self.printed(row, &format!("{label}, {name}"), notes);
                let (here, there) = match has_printed {
                    true => ("", mark.as_str()),
                    false => (mark.as_str(), ""),
                };
                html.push_str(&format!("<td class=\"n\">{}{here}</td>", key.count(row)));
                if figures.share {
                    html.push_str(&format!("<td class=\"n\">{}</td>", key.share(row)));
                }
                if *has_printed {
                    let published = published.unwrap_or_else(|| "not printed".to_owned());
                    html.push_str(&format!("<td class=\"n\">{published}{there}</td>"));
                }
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n");
        html.push_str(&self.total(figures, grid, &printed));
        html.push_str("</table></div>\n");
        let left = grid.rows.len().saturating_sub(MOST_ROWS);
        if left > 0 {
            html.push_str(&format!(
                "<p class=\"left\">{} more rows are in <code>aggregates/{}.csv</code>.</p>\n",
                words::number(i64::try_from(left).unwrap_or(i64::MAX)),
                escape(aggregate)
            ));
        }
        html
    }

    /// The row of totals, where every column is a population whose categories add up to their base.
    fn total(&self, figures: &Figures, grid: &Grid<'_>, printed: &[bool]) -> String {
        if figures.parts.is_some() || !figures.categories.is_empty() || grid.rows.len() < 2 {
            return String::new();
        }
        let aggregate = figures.aggregate.value.as_str();
        let mut html = String::from("<tfoot><tr><th scope=\"row\">Total</th>");
        for (at, printed) in printed.iter().enumerate() {
            let cells = grid
                .rows
                .iter()
                .filter_map(|(_, cells)| cells.get(at)?.as_ref());
            let cells: Vec<&(String, &Row)> = cells.collect();
            let sum = cells
                .iter()
                .map(|(_, row)| row.count)
                .fold(0, i64::saturating_add);
            let Some((population, _)) = cells.first() else {
                return String::new();
            };
            if cells.iter().any(|(_, row)| row.base != Some(sum)) {
                return String::new();
            }
            let total = self.key(aggregate, population).total(sum);
            html.push_str(&format!("<td class=\"n\">{total}</td>"));
            html.push_str(&"<td></td>".repeat(usize::from(figures.share) + usize::from(*printed)));
        }
        html.push_str("</tr></tfoot>\n");
        html
    }

    /// The printed figures beside a row, and the mark that the row deserves.
    fn printed(
        &self,
        row: &Row,
        about: &str,
        notes: &mut Notes<'_, '_>,
    ) -> (Option<String>, String) {
        let beside = self.marks.beside(row.at);
        let percents = beside.iter().flat_map(|at| self.marks.percents(*at));
        let percents: Vec<usize> = percents.copied().collect();
        let all = beside.iter().chain(&percents).copied().chain([row.at]);
        let rows = self.marks.about(all);
        let count = Decimal::from(row.count);
        let differs = beside
            .iter()
            .filter_map(|at| self.marks.figure(*at))
            .find(|figure| figure.suppressed().is_none() && figure.value != count);
        let said = differs.filter(|_| rows.is_empty()).map(|figure| {
            format!(
                "{} is published at {} and {} is computed; a statement tolerates that.",
                figure.value, figure.stated_at, row.count
            )
        });
        let mark = notes.mark(about, rows, said);
        if beside.is_empty() {
            return (None, mark);
        }
        let counts = self.distinct(beside);
        let percents = match percents.is_empty() {
            true => String::new(),
            false => format!(" ({})", self.distinct(&percents)),
        };
        (Some(format!("{counts}{percents}")), mark)
    }

    /// Printed figures, each value once; of several each with where it stands.
    fn distinct(&self, printed: &[usize]) -> String {
        let figures = printed.iter().filter_map(|at| self.marks.figure(*at));
        let mut values: Vec<&Figure> = Vec::new();
        for figure in figures {
            let same = |known: &&Figure| {
                let plain = known.suppressed().is_none() && figure.suppressed().is_none();
                known.value == figure.value && (plain || known.printed() == figure.printed())
            };
            if !values.iter().any(same) {
                values.push(figure);
            }
        }
        let several = values.len() > 1;
        let shown = values.iter().map(|figure| match several {
            true => format!(
                "{} <span class=\"where\">({} of {})</span>",
                published(figure),
                escape(&figure.origin),
                escape(&figure.table)
            ),
            false => published(figure),
        });
        shown.collect::<Vec<_>>().join("; ")
    }
}
