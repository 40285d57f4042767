//! The project's statements over the figures that it published: exactly the disagreements that were found by hand.

use std::{collections::BTreeMap, path::Path};

use super::super::published::parse;
use super::*;
use crate::{diagnostics::yaml, project};

/// What the report prints, and the statements of the project about it alone.
pub(super) struct Report {
    pub(super) statements: Vec<Statement>,
    pub(super) figures: Vec<Figure>,
    pub(super) lists: Vec<CodeList>,
}

impl Report {
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = project::load(root).expect("a valid project");
        let file = "fixtures/published/published_figures.csv";
        let figures = parse(file, &read(file)).expect("figures");

        let mut diagnostics = Vec::new();
        let statements: Vec<Statement> = project
            .totals
            .iter()
            .filter_map(|s| yaml::decode(&s.node, &s.source, &mut diagnostics))
            .collect();
        crate::rules::totals::validate(&statements, &project.lists, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:#?}");

        // No delivery here, so statements about computed figures have nothing to say.
        let needs_delivery = |statement: &Statement| {
            let sides = statement.check.sides();
            let mut sources = sides.iter().filter_map(|(_, s)| s.value.texts(Key::Source));
            sources.any(|texts| texts.iter().any(|t| t.value == Source::Computed.word()))
        };
        let statements = statements
            .into_iter()
            .filter(|statement| !needs_delivery(statement))
            .collect();
        Self {
            statements,
            figures,
            lists: project.lists,
        }
    }

    fn evaluate(&self) -> Vec<Reconciliation> {
        evaluate(&self.statements, &self.figures, &self.lists)
    }
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// What the publication says about itself: `fixtures/disagreements.csv` lists each statement that does not hold.
#[test]
fn exactly_the_disagreements_of_the_publication_are_found() {
    let rows = Report::read().evaluate();

    let found: BTreeMap<&str, (Option<Decimal>, Option<Decimal>, &str)> = rows
        .iter()
        .filter(|row| row.verdict == Verdict::Disagrees)
        .map(|row| {
            let cause = row.likely_cause.as_deref().unwrap_or("");
            (row.statement.as_str(), (row.stated, row.computed, cause))
        })
        .collect();
    let expected = read("fixtures/disagreements.csv");
    let mut expected = csv::Reader::from_reader(expected.as_slice());
    let expected: Vec<csv::StringRecord> = expected.records().map(|r| r.expect("a row")).collect();
    let expected: BTreeMap<&str, (Option<Decimal>, Option<Decimal>, &str)> = expected
        .iter()
        .map(|r| (&r[0], (r[1].parse().ok(), r[2].parse().ok(), &r[5])))
        .collect();
    assert_eq!(found, expected);
    for row in &rows {
        // What comes after the first cause may be, too.
        assert!(row.evidence.matches("probably ").count() < 2, "{row:?}");
    }
    let agreeing = rows.iter().filter(|row| row.verdict == Verdict::Agrees);
    assert_eq!(agreeing.count(), 975);
}

/// The months of 2015-16 that are printed, January to September, are 449 + 468 + 413 + 475 + 435 + 550 + 729 + 1,055 +
/// 1,146 = 5,720, its sources 8,456: fewer months have fewer, which is no contradiction.
#[test]
fn nine_months_within_the_sources_of_their_year_hold() {
    let rows = Report::read().evaluate();
    let about = |row: &&Reconciliation| {
        row.rule.rule_id == "published.previous_year.months_within_referred"
    };
    let told: Vec<(Verdict, Option<Decimal>, Option<Decimal>)> = rows
        .iter()
        .filter(about)
        .map(|row| (row.verdict, row.computed, row.stated))
        .collect();
    let number = |value: i64| Some(Decimal::from(value));
    assert_eq!(told, [(Verdict::Agrees, number(5_720), number(8_456))]);
}
