//! `rules/tests/*.yaml`: given rows of several tables, expect these discrepancies, repairs and totals, and no others.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    StatementNode,
    files::Named,
    project_file::{date, version},
    schema::RowOfTexts,
};
use crate::{
    diagnostics::{
        At, Diagnostic, Source, Span,
        yaml::{self, Entries, Node, Tried, Value},
    },
    discrepancy::Action,
    rules::Rule,
    tables::Table,
};

/// Most rows of a table of a test.
const MAX_ROWS: usize = 1_000;

/// Tests of a project's rules: small deliveries, each with everything that a run finds in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestsFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub version: Tried<At<u64>>,
    /// The tests.
    pub tests: Tried<Vec<Tried<TestFile>>>,
}

/// A small delivery, and everything that a run finds in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestFile {
    /// What it is called; unique in its file.
    pub name: At<String>,
    /// The day that the run takes for today (by default that of the project's own delivery).
    #[serde(default)]
    pub as_of: Option<At<String>>,
    /// Judge only these rules: an id (`*` for any text), `tag:…`, `table:…` or `dimension:…`. By default all rules of the
    /// tables that are given.
    #[serde(default)]
    pub select: Vec<At<String>>,
    /// The rows of each table as they are delivered: column to text. A table that is not given has no rows.
    #[schemars(with = "BTreeMap<String, Vec<RowOfTexts>>")]
    pub given: Entries<Vec<Node>>,
    /// Published figures: column to text. Statements about totals are judged only where there are some.
    #[serde(default)]
    #[schemars(with = "Vec<RowOfTexts>")]
    pub figures: Option<Vec<Node>>,
    /// What the run finds, and nothing else.
    #[serde(default)]
    pub expect: ExpectFile,
}

/// What a run finds, and nothing else.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectFile {
    /// The lines of `discrepancies` about rows.
    pub discrepancies: Vec<At<ExpectedDiscrepancy>>,
    /// The lines of `changes`.
    pub repairs: Vec<At<ExpectedRepair>>,
    /// The statements about totals that disagree, and any other that the test is about.
    pub totals: Vec<At<ExpectedTotal>>,
}

/// A line of `discrepancies`; what is left out may be anything.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDiscrepancy {
    /// The rule's id.
    pub rule: At<String>,
    /// The record's key.
    #[serde(default)]
    pub key: Option<String>,
    /// The column.
    #[serde(default)]
    pub column: Option<String>,
    /// The row's number in the table, from 1.
    #[serde(default)]
    pub row: Option<u64>,
    /// What was done.
    #[serde(default)]
    pub action: Option<Action>,
    /// The value as it was delivered.
    #[serde(default)]
    pub observed: Option<String>,
    /// The value in the clean table.
    #[serde(default)]
    pub cleaned: Option<String>,
    /// The likely cause.
    #[serde(default)]
    pub cause: Option<String>,
}

/// A line of `changes`; what is left out may be anything.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRepair {
    /// The table.
    pub table: At<String>,
    /// The record's key.
    #[serde(default)]
    pub key: Option<String>,
    /// The column.
    pub column: At<String>,
    /// The text as it was delivered.
    pub before: String,
    /// The value in the clean table; blank for null.
    pub after: String,
}

/// A statement about totals; what is left out may be anything. Every one that disagrees has to be expected.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedTotal {
    /// The statement: its id, or its whole line in `reconciliations`.
    pub statement: At<String>,
    /// The category.
    #[serde(default)]
    pub category: Option<String>,
    /// The period.
    #[serde(default)]
    pub period: Option<String>,
    /// What came of it (by default that it disagrees).
    #[serde(default)]
    pub verdict: VerdictWord,
    /// The figure that is stated.
    #[serde(default)]
    pub stated: Option<String>,
    /// The figure that it should be.
    #[serde(default)]
    pub computed: Option<String>,
    /// The likely cause.
    #[serde(default)]
    pub cause: Option<String>,
}

/// What came of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "verdict", rename_all = "snake_case")]
pub enum VerdictWord {
    /// The figures agree within the tolerance.
    Agrees,
    /// They do not.
    #[default]
    Disagrees,
    /// They do not, and why is known.
    Explained,
    /// They are not about the same.
    NotComparable,
    /// There was nothing to compare.
    NotEvaluated,
}

impl VerdictWord {
    /// The word in `reconciliations`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Disagrees => "disagrees",
            Self::Explained => "explained",
            Self::NotComparable => "not_comparable",
            Self::NotEvaluated => "not_evaluated",
        }
    }
}

/// A test that is valid on its own: its tables, columns and rules exist.
#[derive(Clone, Debug)]
pub struct ProjectTest {
    /// What it is called.
    pub name: At<String>,
    /// The day that the run takes for today.
    pub as_of: Option<Date>,
    /// Judge only these rules.
    pub select: Vec<At<String>>,
    /// Rows by table.
    pub given: BTreeMap<String, Vec<Row>>,
    /// Published figures.
    pub figures: Option<Vec<Row>>,
    /// See [`ExpectFile::discrepancies`].
    pub discrepancies: Vec<At<ExpectedDiscrepancy>>,
    /// See [`ExpectFile::repairs`].
    pub repairs: Vec<At<ExpectedRepair>>,
    /// See [`ExpectFile::totals`].
    pub totals: Vec<At<ExpectedTotal>>,
}

/// Column to text.
pub type Row = BTreeMap<String, String>;

/// Reads the tests of `files` against the tables, rules and statements that they name.
pub fn read(
    files: &[Named],
    tables: &[Table],
    rules: &[Rule],
    statements: &[StatementNode],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ProjectTest> {
    let mut tests: Vec<ProjectTest> = Vec::new();
    for Named { source, .. } in files {
        let Some(node) = yaml::parse(source, diagnostics) else {
            continue;
        };
        let needed = ["version", "tests"];
        let Some(file) = yaml::decode_parts::<TestsFile>(&node, source, &needed, diagnostics)
        else {
            continue;
        };
        file.version.0.iter().for_each(|v| version(v, diagnostics));
        let first = tests.len();
        for test in file.tests.0.into_iter().flatten().filter_map(|test| test.0) {
            if let Some(other) = tests[first..]
                .iter()
                .find(|t| t.name.value == test.name.value)
            {
                let message = format!("a second test is called `{}`", test.name.value);
                let (line, _) = other.name.span.line_column();
                let help = format!("the first is on line {line}; give each its own name");
                diagnostics.push(Diagnostic::at(&test.name.span, message).help(help));
            }
            let mut reader = Reader {
                source,
                tables,
                rules,
                statements,
                diagnostics,
            };
            tests.push(reader.test(test));
        }
    }
    tests
}

struct Reader<'r> {
    source: &'r Arc<Source>,
    tables: &'r [Table],
    rules: &'r [Rule],
    statements: &'r [StatementNode],
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn test(&mut self, test: TestFile) -> ProjectTest {
        let TestFile {
            name,
            as_of,
            select,
            given,
            figures,
            expect,
        } = test;
        let as_of = as_of.and_then(|day| date(&day, self.diagnostics));
        let mut rows = BTreeMap::new();
        for (table, nodes) in given.0 {
            if let Some(at) = self.table(&table) {
                let columns: Vec<&str> = self.tables[at]
                    .delivered()
                    .map(|c| c.name.as_str())
                    .collect();
                let read = self.rows(&nodes, Some((&table.value, &columns)));
                rows.insert(table.value, read);
            }
        }
        for expected in &expect.discrepancies {
            let rule = &expected.value.rule;
            if !self.rules.iter().any(|r| r.id == rule.value) {
                let known = self.rules.iter().map(|rule| rule.id.as_str());
                let message = format!("there is no rule `{}`", rule.value);
                let found = Diagnostic::at(&rule.span, message).suggest(&rule.value, known);
                self.diagnostics.push(found);
            }
        }
        for At { value, .. } in &expect.repairs {
            if let Some(at) = self.table(&value.table) {
                self.column(&self.tables[at], &value.column);
            }
        }
        self.totals(&expect.totals);
        if figures.is_none()
            && let Some(total) = expect.totals.first()
        {
            let message = "statements are judged only where there are `figures`";
            let help = "give `figures:`, the published ones; `[]` for none";
            self.diagnostics
                .push(Diagnostic::at(&total.span, message).help(help));
        }
        ProjectTest {
            name,
            as_of,
            select,
            given: rows,
            figures: figures.map(|nodes| self.rows(&nodes, None)),
            discrepancies: expect.discrepancies,
            repairs: expect.repairs,
            totals: expect.totals,
        }
    }

    fn column(&mut self, table: &Table, name: &At<String>) {
        if table.column_index(&name.value).is_none() {
            let known = table.columns.iter().map(|c| c.name.as_str());
            let message = format!("table `{}` has no column `{}`", table.name, name.value);
            let found = Diagnostic::at(&name.span, message).suggest(&name.value, known);
            self.diagnostics.push(found);
        }
    }

    /// Reports statements that the project does not make; those that are made for each of several things have more to
    /// their ids than is declared.
    fn totals(&mut self, expected: &[At<ExpectedTotal>]) {
        let id = |statement: &'_ StatementNode| match &statement.node.get("id")?.value {
            Value::Scalar { text, .. } => Some(text.clone()),
            _ => None,
        };
        let known: Vec<String> = self.statements.iter().filter_map(id).collect();
        for At { value, .. } in expected {
            let statement = &value.statement;
            let declared = statement.value.split('[').next().unwrap_or_default();
            let is_known = |id: &String| match id.split_once('{') {
                Some((before, _)) => declared.starts_with(before),
                None => id == declared,
            };
            if !known.iter().any(is_known) {
                let message = format!("there is no statement `{declared}`");
                let known = known.iter().map(String::as_str);
                let found = Diagnostic::at(&statement.span, message).suggest(declared, known);
                self.diagnostics.push(found);
            }
        }
    }

    fn table(&mut self, name: &At<String>) -> Option<usize> {
        let found = self
            .tables
            .iter()
            .position(|t| t.name.as_str() == name.value);
        if found.is_none() {
            let known = self.tables.iter().map(|t| t.name.as_str());
            let message = format!("there is no table `{}`", name.value);
            let found = Diagnostic::at(&name.span, message).suggest(&name.value, known);
            self.diagnostics.push(found);
        }
        found
    }

    /// Rows whose keys are columns of `table`, if of one.
    fn rows(&mut self, nodes: &[Node], table: Option<(&str, &[&str])>) -> Vec<Row> {
        if let Some(node) = nodes.get(MAX_ROWS) {
            let message = format!("a test may have {MAX_ROWS} rows of a table");
            let found = Diagnostic::at(&node.span(self.source), message).help("split it");
            self.diagnostics.push(found);
        }
        let mut rows = Vec::new();
        for node in nodes {
            let Value::Map(entries) = &node.value else {
                let found = Diagnostic::at(&node.span(self.source), "a row has to stand here");
                self.diagnostics
                    .push(found.help("write `{ column: text, … }`"));
                continue;
            };
            let mut row = Row::new();
            for (key, cell) in entries {
                if let Some((name, columns)) = table
                    && !columns.contains(&key.text.as_str())
                {
                    let span = Span {
                        source: self.source.clone(),
                        bytes: key.bytes.clone(),
                    };
                    let message = format!("table `{name}` has no column `{}`", key.text);
                    let found = Diagnostic::at(&span, message);
                    self.diagnostics
                        .push(found.suggest(&key.text, columns.iter().copied()));
                }
                match &cell.value {
                    _ if cell.is_null() => row.insert(key.text.clone(), String::new()),
                    Value::Scalar { text, .. } => row.insert(key.text.clone(), text.clone()),
                    _ => {
                        let span = cell.span(self.source);
                        let found = Diagnostic::at(&span, "a cell is one text");
                        self.diagnostics
                            .push(found.help("write the text as it stands in the export"));
                        None
                    }
                };
            }
            rows.push(row);
        }
        rows
    }
}
