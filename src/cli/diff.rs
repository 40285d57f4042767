//! `trueup diff`: two runs in, what is different out.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{Answer, Format, Terminal, summary::number};
use crate::{
    diff::{Diff, Found, diff},
    harmless::words,
    pipeline::RunError,
    publish::Rows,
};

/// Discrepancies and figures that are listed of each kind unless all are asked for.
const SHOWN: usize = 10;

/// Arguments of `diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// A run: its id or the beginning of it, or `current`
    #[arg(value_name = "RUN")]
    pub before: String,
    /// The run that is held against it
    #[arg(value_name = "RUN")]
    pub after: String,
    /// Where runs are published
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// List all discrepancies and figures that are different
    #[arg(long)]
    pub all: bool,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl DiffArgs {
    pub(super) fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let most = if self.all { usize::MAX } else { SHOWN };
        let diff = diff(&self.out, [&self.before, &self.after], most)?;
        let text = match self.format {
            Format::Json => format!("{}\n", to_json(&diff, most)),
            Format::Text => {
                let mut out = String::new();
                // Writing to a String cannot fail.
                let _ = render(&mut out, &diff, most, terminal.width.clamp(60, 400));
                out
            }
        };
        let code = u8::from(!diff.is_empty());
        Ok(Answer { text, code })
    }
}

fn rows(rows: &Option<Rows>) -> Value {
    rows.as_ref().map_or(Value::Null, |rows| {
        json!({
            "read": rows.read,
            "clean": rows.clean,
            "quarantined": rows.quarantined,
            "excluded": rows.excluded,
            "rejected": rows.rejected,
        })
    })
}

fn to_json(diff: &Diff, most: usize) -> Value {
    let found = |found: &[Found]| -> Vec<Value> {
        let found = found.iter();
        found
            .map(|f| json!({ "discrepancy_id": f.id, "rule_id": f.rule, "severity": f.severity, "message": f.message }))
            .collect()
    };
    json!({
        "runs": diff.runs,
        "same": diff.is_empty(),
        "project_changed": diff.project,
        "discrepancies": {
            "gone": diff.all.gone,
            "came": diff.all.came,
            "both": diff.all.both,
            "rules": diff.rules.iter().map(|(rule, c)| json!({ "rule_id": rule, "gone": c.gone, "came": c.came, "both": c.both })).collect::<Vec<_>>(),
            "first_gone": found(&diff.gone),
            "first_came": found(&diff.came),
        },
        "tables": diff.tables.iter().map(|(table, [a, b])| json!({ "table": table, "before": rows(a), "after": rows(b) })).collect::<Vec<_>>(),
        "aggregates_of_one_run": diff.aggregates.iter().map(|(name, there)| json!({ "aggregate": name, "before": there[0], "after": there[1] })).collect::<Vec<_>>(),
        "figures_changed": diff.figures.len(),
        "first_figures": diff.figures.iter().take(most).map(|f| json!({
            "aggregate": f.aggregate,
            "period": f.place[0],
            "population": f.place[1],
            "category": f.place[2],
            "before": f.before.map(|b| b.0),
            "after": f.after.map(|a| a.0),
        })).collect::<Vec<_>>(),
    })
}

fn render(out: &mut String, diff: &Diff, most: usize, width: usize) -> std::fmt::Result {
    let [before, after] = &diff.runs;
    writeln!(out, "run {before} → run {after}")?;
    if diff.project {
        writeln!(
            out,
            "the project changed: what is different may come from its rules"
        )?;
    }
    if diff.is_empty() {
        return writeln!(
            out,
            "nothing is different: {} discrepancies, rows and figures are the same",
            number(diff.all.both)
        );
    }
    let all = &diff.all;
    writeln!(
        out,
        "\ndiscrepancies: {} gone, {} came, {} in both",
        number(all.gone),
        number(all.came),
        number(all.both)
    )?;
    for (rule, counts) in &diff.rules {
        let (gone, came) = (number(counts.gone), number(counts.came));
        writeln!(out, "  {gone:>9} gone  {came:>9} came  {}", words(rule))?;
    }
    for (word, found, count) in [
        ("gone", &diff.gone, all.gone),
        ("came", &diff.came, all.came),
    ] {
        if found.is_empty() {
            continue;
        }
        writeln!(out, "\n{word}")?;
        for found in found {
            let line = format!(
                "  {}  {:8}  {}: {}",
                &found.id[..12.min(found.id.len())],
                found.severity,
                found.rule,
                found.message
            );
            writeln!(out, "{}", super::columns::cut_end(&line, width))?;
        }
        let more = count.saturating_sub(found.len() as u64);
        if more > 0 {
            writeln!(out, "  and {} more; `--all` lists them", number(more))?;
        }
    }
    if !diff.tables.is_empty() {
        writeln!(out, "\nrows (read, clean, quarantined, excluded, rejected)")?;
    }
    for (table, [before, after]) in &diff.tables {
        let told = |rows: &Option<Rows>| {
            rows.as_ref().map_or("not there".to_owned(), |r| {
                let all = [r.read, r.clean, r.quarantined, r.excluded, r.rejected];
                all.map(number).join(" ")
            })
        };
        writeln!(out, "  {table}: {} → {}", told(before), told(after))?;
    }
    for (name, [before, _]) in &diff.aggregates {
        let run = if *before {
            &diff.runs[0]
        } else {
            &diff.runs[1]
        };
        writeln!(out, "  aggregate {name} is there in run {run} alone")?;
    }
    if !diff.figures.is_empty() {
        let count = number(diff.figures.len() as u64);
        writeln!(out, "\nfigures: {count} changed")?;
    }
    for change in diff.figures.iter().take(most) {
        let told =
            |figure: Option<(i64, i64)>| figure.map_or("none".to_owned(), |f| f.0.to_string());
        let line = format!(
            "  {} {}: {} → {}",
            change.aggregate,
            change.place.join(", "),
            told(change.before),
            told(change.after)
        );
        writeln!(out, "{}", super::columns::cut_end(&line, width))?;
    }
    let more = diff.figures.len().saturating_sub(most) as u64;
    if more > 0 {
        writeln!(out, "  and {} more; `--all` lists them", number(more))?;
    }
    Ok(())
}
