//! `report.html`: the report of a period, section by section, each figure with what is published and what disagrees.

mod book;
mod check;
mod element;
mod grid;
mod marks;
mod names;
mod notes;
mod table;
mod text;
mod year_on_year;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

pub use check::{check, shows};

use self::{
    book::Book,
    element::short,
    marks::Marks,
    names::Names,
    text::{Source, Texts},
};
use super::{PageError, Shell, escape, words};
use crate::{
    diagnostics::{At, Source as File, Span},
    project::{Block, ChartWord, Figures, Project, Report, Section, YearOnYear},
    reconcile::{self, Figure, Reconciliation, Told, year_on_year::Pair},
};

/// The style of this page.
const STYLE: &str = include_str!("report.css");
/// Statements about figures that no section shows which are told at the end.
const MOST_LEFT: usize = 100;

/// What the page is made of.
pub struct Facts<'r> {
    /// The project.
    pub project: &'r Project,
    /// The figures: published ones, then those of the aggregates.
    pub figures: &'r [Figure],
    /// What the statements say about them.
    pub told: &'r Told,
    /// The pairs of the comparisons.
    pub pairs: &'r [Pair],
    /// The aggregates that are withheld, each with why.
    pub withheld: BTreeMap<String, String>,
    /// The run.
    pub run_id: &'r str,
    /// The date that it takes for today.
    pub as_of: Date,
    /// The id under which a statement stands in the log; `None` where it does not.
    pub discrepancy: &'r dyn Fn(&Reconciliation) -> Option<String>,
}

/// What a report is about.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// Its name.
    pub id: String,
    /// Its first and its last day, where the project says.
    pub days: Option<(Date, Date)>,
}

impl Period {
    fn html(&self) -> String {
        format!("<span class=\"label\">{}</span>", escape(&self.id))
    }

    fn start_html(&self) -> String {
        self.days
            .map_or_else(|| self.html(), |(from, _)| time(from))
    }

    fn end_html(&self) -> String {
        self.days.map_or_else(|| self.html(), |(_, to)| time(to))
    }
}

/// The page on its way.
struct Page<'r> {
    facts: &'r Facts<'r>,
    marks: Marks<'r>,
    source: Arc<Source>,
    texts: Texts,
    /// The files of published figures.
    files: BTreeSet<&'r str>,
}

/// The page as a document.
///
/// # Errors
/// A text does not fit, which planning should have found.
pub fn page(facts: &Facts<'_>) -> Result<String, PageError> {
    let charts: BTreeSet<&str> = facts.pairs.iter().map(|pair| pair.table.as_str()).collect();
    let plain = facts.project.report.is_none().then(|| plain(facts));
    let report = facts.project.report.as_ref().or(plain.as_ref());
    let Some(report) = report else {
        return Ok(String::new());
    };
    let book = Book::of(facts.figures);
    let source = Arc::new(Source {
        names: Names::of(facts.project, report),
        period: period(facts, report, &book),
        book,
        populations: report.populations.clone(),
        withheld: facts.withheld.keys().cloned().collect(),
    });
    let published = facts.figures.iter();
    let published = published.filter(|f| f.source == reconcile::Source::Published);
    let page = Page {
        marks: Marks::new(facts.figures, facts.told, &charts),
        texts: Texts::new(Arc::clone(&source)),
        files: published.map(|figure| &*figure.file).collect(),
        source,
        facts,
    };
    let mut body = page.head(report);
    for section in &report.sections {
        body.push_str(&page.section(section)?);
    }
    body.push_str(&page.left());
    body.push_str("</main>\n");
    body.push_str(&page.about());
    let title = format!("{}: {}", report.title, facts.project.name);
    let shell = Shell {
        title: &title,
        style: STYLE,
        script: "",
    };
    Ok(shell.document(&body))
}

impl Page<'_> {
    fn head(&self, report: &Report) -> String {
        let mut html =
            String::from("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n");
        html.push_str(&format!("<h1>{}</h1>\n", short(&report.title)));
        let period = &self.source.period;
        let days = match period.days {
            Some(_) => format!(", {} to {}", period.start_html(), period.end_html()),
            None => String::new(),
        };
        html.push_str(&format!(
            "<p>{}. Period {}{days}. Figures as of {}.</p>\n",
            escape(&self.facts.project.name),
            period.html(),
            time(self.facts.as_of)
        ));
        html.push_str("<p class=\"legend\"><span class=\"mark\">≠ note</span> stands beside a figure that disagrees with another, and leads to a note on what is wrong. “Published” is what was printed before; every other figure was computed from the records.</p>\n</header>\n");
        html.push_str(
            "<nav aria-labelledby=\"contents\"><h2 id=\"contents\">Contents</h2>\n<ol>\n",
        );
        for section in &report.sections {
            html.push_str(&format!(
                "<li><a href=\"#{}\">{}</a></li>\n",
                escape(&section.id),
                short(&section.title)
            ));
        }
        html.push_str("</ol></nav>\n<main id=\"main\">\n");
        html
    }

    fn section(&self, section: &Section) -> Result<String, PageError> {
        let id = escape(&section.id);
        let mut html = format!(
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n",
            short(&section.title)
        );
        for (at, block) in section.blocks.iter().enumerate() {
            let prefix = format!("{id}-{}", at + 1);
            html.push_str(&match block {
                Block::Text(text) => {
                    let paragraphs = self.texts.paragraphs(&text.value);
                    let failed = |source| PageError::Template {
                        page: "report.html".to_owned(),
                        source,
                    };
                    paragraphs.map_err(failed)?.0
                }
                Block::Cards(cards) => self.cards(cards, &prefix),
                Block::Table(figures) => self.figures(figures, &prefix),
                Block::YearOnYear(chart) => self.compared(chart, &prefix),
            });
        }
        html.push_str("</section>\n");
        Ok(html)
    }

    /// Statements that disagree about figures that no section shows.
    fn left(&self) -> String {
        let left = self.marks.left();
        if left.is_empty() {
            return String::new();
        }
        let shown = left.get(..MOST_LEFT).unwrap_or(&left);
        let sentences = self.sentences(shown).into_iter();
        let items: String = sentences.map(|said| format!("<li>{said}</li>\n")).collect();
        let more = match left.len().saturating_sub(MOST_LEFT) {
            0 => String::new(),
            more => format!("<p>{more} more are on the auditor’s page.</p>\n"),
        };
        format!(
            "<section aria-labelledby=\"elsewhere\">\n<h2 id=\"elsewhere\">Statements about figures that are not shown above</h2>\n<div class=\"notes\"><ul>\n{items}</ul>{more}</div>\n</section>\n"
        )
    }

    fn about(&self) -> String {
        format!(
            "<footer aria-labelledby=\"about\">\n<h2 id=\"about\">About this report</h2>\n\
             <p>Made by Trueup <code>{}</code> in run <code>{}</code> as of {}. Every figure of a card, table or chart was generated from the run’s aggregates (<code>aggregates/</code>), its statements about totals (<code>reconciliations</code>) and the published figures that the project names; the words around them stand in <code>rules/report.yaml</code>. A missing figure is never shown as a zero.</p>\n\
             <p><a href=\"discrepancies.html\">Every discrepancy of this run, with its evidence</a></p>\n</footer>\n",
            env!("CARGO_PKG_VERSION"),
            escape(self.facts.run_id),
            time(self.facts.as_of)
        )
    }

    /// What readers call a population.
    fn population(&self, name: &str) -> String {
        let mut known = self.source.populations.iter();
        let label = known
            .find(|(known, _)| known == name)
            .map(|(_, label)| label);
        label.cloned().unwrap_or_else(|| grid::capital(name))
    }
}

fn time(day: Date) -> String {
    format!("<time datetime=\"{day}\">{}</time>", words::date(day))
}

/// The period that the report is about: the one that it says, else the last of the project that has begun.
fn period(facts: &Facts<'_>, report: &Report, book: &Book) -> Period {
    let periods = &facts.project.periods;
    let said = report.period.as_ref();
    let of_project = match said {
        Some(said) => periods.iter().find(|period| period.id == *said),
        None => {
            let mut begun = periods.iter().rev();
            begun.find(|period| period.start <= facts.as_of)
        }
    };
    match of_project.or(periods.last()) {
        Some(period) => Period {
            id: period.id.clone(),
            days: Some((period.start, period.end.yesterday().unwrap_or(period.end))),
        },
        None => Period {
            id: book.last_period().unwrap_or_default().to_owned(),
            days: None,
        },
    }
}

/// The report of a project that says nothing of one: a section for each aggregate, then its comparisons.
fn plain(facts: &Facts<'_>) -> Report {
    let source = Arc::new(File {
        path: "rules/report.yaml".to_owned(),
        text: String::new(),
    });
    let at = |text: &str| At {
        value: text.to_owned(),
        span: Span {
            source: Arc::clone(&source),
            bytes: 0..0,
        },
    };
    let readable = |name: &str| grid::capital(&name.replace('_', " "));
    let sections = facts.project.aggregates.iter().map(|file| {
        let name = file.name.as_str();
        let title = readable(name);
        Section {
            id: format!("aggregate-{name}"),
            blocks: vec![Block::Table(Figures {
                aggregate: at(name),
                title: at(&title),
                chart: Some(ChartWord::Bars),
                populations: Vec::new(),
                categories: Vec::new(),
                labels: None,
                share: true,
                parts: None,
            })],
            title,
        }
    });
    let mut charts: Vec<&str> = facts.pairs.iter().map(|pair| pair.table.as_str()).collect();
    charts.dedup();
    let blocks = charts.into_iter().map(|chart| {
        Block::YearOnYear(YearOnYear {
            table: at(chart),
            title: at(&readable(chart)),
            chart: Some(ChartWord::Bars),
            labels: None,
        })
    });
    let years = Section {
        id: "year-on-year".to_owned(),
        title: "Year on year".to_owned(),
        blocks: blocks.collect(),
    };
    let years = Some(years).filter(|years| !years.blocks.is_empty());
    Report {
        title: "Report".to_owned(),
        sections: sections.chain(years).collect(),
        ..Report::default()
    }
}
