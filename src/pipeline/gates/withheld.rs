//! What is made of a table that failed is not written: its figures would pass for good ones.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Context, error::RunError, tables::Scanned, waivers};
use crate::{
    aggregate::Queries, discrepancy::Severity, harmless::short, log::RuleFacts, project::SqlFile,
};

/// The rules that failed each table, by table.
pub(in super::super) type Failed = BTreeMap<String, BTreeSet<String>>;

/// An output that is not written, and which rules failed the tables that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Its path in the run folder, without its ending: `model/visit_facts`, `aggregates/visits_by_month`.
    pub output: String,
    /// Each table that failed, with a rule that failed it.
    pub because: Vec<(String, String)>,
}

/// All outputs that are not written.
#[derive(Debug, Default)]
pub(in super::super) struct AllWithheld {
    /// By the file of the query.
    by_file: BTreeMap<String, Withheld>,
}

/// The tables that failed: those that `blocking` findings are about, each given by its rule's place in `facts`.
///
/// A finding that is waived does not fail its table, and is left out of `blocking` by whoever knows.
pub(in super::super) fn failed_tables(
    facts: &[RuleFacts],
    blocking: impl IntoIterator<Item = u32>,
) -> Failed {
    let mut failed = Failed::new();
    for rule in blocking {
        let fact = facts.get(rule as usize);
        // Statements and what is about the delivery as a whole have no table.
        if let Some(fact) = fact.filter(|fact| !fact.table.is_empty()) {
            let rules = failed.entry(fact.table.clone()).or_default();
            rules.insert(fact.id.clone());
        }
    }
    failed
}

/// What of the model and the aggregates is made of tables that failed.
///
/// # Errors
/// The engine fails to find out what is waived.
pub(in super::super) async fn find(
    run: &Context<'_>,
    scanned: &Scanned,
) -> Result<AllWithheld, RunError> {
    let is_blocking = |rule: &u32| {
        let fact = scanned.facts.get(*rule as usize);
        fact.is_some_and(|fact| fact.severity == Severity::Blocking)
    };
    let blocking = scanned.found.iter().copied().filter(is_blocking).collect();
    let blocking = waivers::unwaived(run, scanned, blocking).await?;
    let failed = failed_tables(&scanned.facts, blocking);
    let project = run.project;
    let outputs = [
        ("model", &project.model),
        ("aggregates", &project.aggregates),
    ];
    let outputs = outputs
        .iter()
        .flat_map(|(folder, files)| files.iter().map(move |file| (*folder, file)));
    let records = project.records.iter().map(|file| ("records", file));
    let all = AllWithheld::new(
        &failed,
        &run.plan.queries,
        &project.model,
        outputs.chain(records),
    );
    for withheld in all.outputs() {
        tracing::info!(output = withheld.output, "withheld");
    }
    Ok(all)
}

impl AllWithheld {
    fn new<'f>(
        failed: &Failed,
        queries: &Queries,
        model: &[SqlFile],
        files: impl Iterator<Item = (&'static str, &'f SqlFile)>,
    ) -> Self {
        if failed.is_empty() {
            return Self::default();
        }
        let reads = queries.reads(model);
        let by_file = files.filter_map(|(folder, file)| {
            let path = &file.source.path;
            let reads = reads.get(path)?;
            let of_table = |(table, rules): (&String, &BTreeSet<String>)| {
                let rules = rules.iter().map(|rule| (table.clone(), rule.clone()));
                rules.collect::<Vec<_>>()
            };
            let behind = failed.iter().filter(|(table, _)| reads.contains(*table));
            let because: Vec<(String, String)> = behind.flat_map(of_table).collect();
            let output = format!("{folder}/{}", file.name);
            let withheld = Withheld { output, because };
            (!withheld.because.is_empty()).then(|| (path.clone(), withheld))
        });
        Self {
            by_file: by_file.collect(),
        }
    }

    /// Why the query in `file` is not run; `None` where it is.
    pub(in super::super) fn of(&self, file: &SqlFile) -> Option<&Withheld> {
        self.by_file.get(&file.source.path)
    }

    /// Adds an aggregate that no query makes, and whose figures were all withheld.
    pub(in super::super) fn add(&mut self, name: &str, because: BTreeSet<(String, String)>) {
        let output = format!("aggregates/{name}");
        let withheld = Withheld {
            output: output.clone(),
            because: because.into_iter().collect(),
        };
        self.by_file.insert(output, withheld);
    }

    /// The outputs, by their paths.
    pub(in super::super) fn outputs(&self) -> Vec<&Withheld> {
        let outputs = self.by_file.values();
        let mut outputs: Vec<&Withheld> = outputs
            .filter(|withheld| !withheld.output.starts_with("records/"))
            .collect();
        outputs.sort_by(|a, b| a.output.cmp(&b.output));
        outputs
    }

    /// Each aggregate that is not written, with why.
    pub(in super::super) fn aggregates(&self) -> impl Iterator<Item = (&str, &Withheld)> {
        self.by_file.values().filter_map(|withheld| {
            let name = withheld.output.strip_prefix("aggregates/")?;
            Some((name, withheld))
        })
    }
}

impl Withheld {
    /// `table visits failed (rule visits.volume)`.
    pub fn why(&self) -> String {
        let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (table, rule) in &self.because {
            rules.entry(table).or_default().push(rule);
        }
        let tables = rules.into_iter().map(|(table, rules)| {
            let word = if rules.len() == 1 { "rule" } else { "rules" };
            let rules: Vec<_> = rules.into_iter().map(short).collect();
            format!("table {table} failed ({word} {})", rules.join(", "))
        });
        tables.collect::<Vec<_>>().join("; ")
    }
}
