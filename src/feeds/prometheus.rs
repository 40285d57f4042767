//! `metrics.prom`: gauges for node_exporter's textfile collector.

use std::fmt::Write;

use super::{Night, entries::Entries};
use crate::harmless::words;

/// Gauges as text.
#[derive(Default)]
pub struct Gauges {
    text: String,
}

impl Gauges {
    /// Begins a gauge that means `help`.
    pub fn begin(&mut self, name: &str, help: &str) {
        let _ = writeln!(
            self.text,
            "# HELP trueup_{name} {help}\n# TYPE trueup_{name} gauge"
        );
    }

    /// Adds a value with its labels.
    pub fn add(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let _ = writeln!(self.text, "trueup_{name}{{{}}} {value}", labels.join(","));
    }

    /// All of them.
    pub fn finish(self) -> String {
        self.text
    }
}

/// A label's value: what would act on a terminal is shown as an escape.
fn escaped(value: &str) -> String {
    let value = words(value);
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The gauges of a run, each with its project.
pub fn render(night: &Night<'_>, entries: &Entries) -> String {
    let mut gauges = Gauges::default();
    let project = ("project", night.project);
    gauges.begin("run_info", "The run: 1, with what it is of as labels.");
    let as_of = night.as_of.to_string();
    gauges.add(
        "run_info",
        &[
            project,
            ("delivery", night.delivery),
            ("run_id", night.run_id),
            ("as_of", &as_of),
            ("version", env!("CARGO_PKG_VERSION")),
        ],
        1,
    );
    for (name, help, value) in [
        (
            "run_blocked",
            "Whether something blocking fired, so that the run is not published.",
            night.blocked,
        ),
        (
            "run_trial",
            "Whether rules were left out, so that the run is not published.",
            night.trial,
        ),
    ] {
        gauges.begin(name, help);
        gauges.add(name, &[project], u8::from(value));
    }
    gauges.begin("files", "Files of a table in the delivery.");
    for feed in &night.tables {
        let labels = [project, ("table", feed.table.name.as_str())];
        gauges.add("files", &labels, feed.files.len());
    }
    gauges.begin(
        "rows",
        "Records of a table by where they went; clean, quarantined, excluded and rejected add up to read.",
    );
    for feed in &night.tables {
        let rows = feed.rows;
        for (outcome, count) in [
            ("read", rows.read),
            ("clean", rows.clean),
            ("quarantined", rows.quarantined),
            ("excluded", rows.excluded),
            ("rejected", rows.rejected),
        ] {
            let labels = [
                project,
                ("table", feed.table.name.as_str()),
                ("outcome", outcome),
            ];
            gauges.add("rows", &labels, count);
        }
    }
    gauges.begin(
        "rule_status",
        "What came of a rule or statement: 1, with its status as a label.",
    );
    for rule in &night.rules {
        let labels = [
            project,
            ("rule", rule.id.as_str()),
            ("table", night.table_of(rule)),
            ("severity", rule.severity.word()),
            ("status", rule.status),
        ];
        gauges.add("rule_status", &labels, 1);
    }
    gauges.begin(
        "rule_rows",
        "Rows of a rule, or groups of a statement, by outcome.",
    );
    for rule in &night.rules {
        let Some(counts) = rule.counts else { continue };
        for (outcome, count) in [
            ("passed", counts.passed),
            ("failed", counts.failed),
            ("not_evaluated", counts.not_evaluated),
            ("not_applicable", counts.not_applicable),
        ] {
            let labels = [
                project,
                ("rule", rule.id.as_str()),
                ("table", night.table_of(rule)),
                ("severity", rule.severity.word()),
                ("outcome", outcome),
            ];
            gauges.add("rule_rows", &labels, count);
        }
    }
    gauges.begin(
        "discrepancies",
        "Rows of the discrepancy log by rule, severity and status.",
    );
    for ((id, severity, status), count) in &entries.counts {
        let at = night.rules.binary_search_by(|r| r.id.as_str().cmp(id));
        let rule = at.ok().and_then(|at| night.rules.get(at));
        let labels = [
            project,
            ("rule", id.as_str()),
            ("table", rule.map_or("", |rule| night.table_of(rule))),
            ("severity", severity.word()),
            ("status", status),
        ];
        gauges.add("discrepancies", &labels, count);
    }
    gauges.begin(
        "statements",
        "Groups of statements about totals by verdict.",
    );
    for (verdict, count) in &night.verdicts {
        gauges.add("statements", &[project, ("verdict", verdict)], count);
    }
    gauges.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_no_line_and_no_label() {
        let mut gauges = Gauges::default();
        gauges.add("x", &[("a", "q\"}\n\\ \u{1b}é")], 1);
        assert_eq!(
            gauges.finish(),
            "trueup_x{a=\"q\\\"}\\\\n\\\\ \\\\u{1b}é\"} 1\n"
        );
    }
}
