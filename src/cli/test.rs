//! `trueup test`: what holds, what does not, and which mutants survived.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{Answer, Format, Terminal, selectors};
use crate::{
    harmless::words,
    pipeline::RunError,
    testing::{Report, Request, RuleReport, TestReport, test},
};

/// Arguments of `test`.
#[derive(Clone, Debug, Args)]
pub struct TestArgs {
    /// The project's folder, which holds rules/ and sql/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Test only these rules: an id (`*` for any text), tag:…, table:… or dimension:…
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Weaken each rule in turn, and say what no test noticed
    #[arg(long)]
    pub mutate: bool,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl TestArgs {
    pub(super) async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let report = test(&Request {
            project: &self.project,
            select: &selectors(&self.select),
            mutate: self.mutate,
            today: terminal.today,
            temporary: &terminal.temporary,
        })
        .await?;
        let code = if report.passes() { 0 } else { 1 };
        let text = match self.format {
            Format::Text => text(&report, self.mutate, terminal.verbose > 0),
            Format::Json => format!("{}\n", to_json(&report, self.mutate)),
        };
        Ok(Answer { text, code })
    }
}

/// With `each`, rules and tests of which nothing is wrong are listed too.
fn text(report: &Report, mutate: bool, each: bool) -> String {
    let mut text = String::new();
    let mut line = |told: String| {
        let _ = writeln!(text, "{}", words(&told));
    };
    for rule in &report.rules {
        let (number, _) = rule.span.line_column();
        let told = rule.broken.iter().map(|what| format!("broken: {what}"));
        let survived = rule.survived.iter().flat_map(|survivor| {
            let (line, column) = survivor.span.line_column();
            let place = format!("{}:{line}:{column}", survivor.span.source.path);
            [
                format!("survived: {}", survivor.what),
                format!("  {place}: {} would notice", survivor.example),
            ]
        });
        let told: Vec<String> = told.chain(survived).collect();
        if !told.is_empty() {
            line(format!("{} ({}:{number})", rule.id, rule.span.source.path));
            told.into_iter().for_each(|what| line(format!("  {what}")));
        } else if each {
            let held = match rule.held {
                0 => "no example".to_owned(),
                1 => "1 example holds".to_owned(),
                n => format!("{n} examples hold"),
            };
            line(format!(
                "{} ({}:{number}): {held}",
                rule.id, rule.span.source.path
            ));
        }
    }
    for test in &report.tests {
        let (number, _) = test.span.line_column();
        if !test.problems.is_empty() {
            line(format!(
                "{} ({}:{number})",
                test.name, test.span.source.path
            ));
            test.problems
                .iter()
                .for_each(|what| line(format!("  {what}")));
        } else if each {
            line(format!(
                "{} ({}:{number}): holds",
                test.name, test.span.source.path
            ));
        }
    }
    let broken: usize = report.rules.iter().map(|rule| rule.broken.len()).sum();
    let without = |of: &dyn Fn(&RuleReport) -> bool| report.rules.iter().filter(|r| of(r)).count();
    let untested = without(&|rule| rule.held + rule.broken.len() == 0);
    line(format!(
        "{} rules, {} examples: {} hold, {broken} do not; {untested} rules have none (as of {})",
        report.rules.len(),
        report.examples(),
        report.examples() - broken,
        report.as_of,
    ));
    if !report.tests.is_empty() {
        let failed = report
            .tests
            .iter()
            .filter(|test| !test.problems.is_empty())
            .count();
        line(format!(
            "{} tests: {} hold, {failed} do not",
            report.tests.len(),
            report.tests.len() - failed
        ));
    }
    if mutate {
        let (all, killed) = report.mutants();
        line(format!(
            "{all} mutants: {killed} killed, {} survived ({})",
            all - killed,
            share(killed, all)
        ));
        if killed < all {
            line("a survivor is a change of the rule that no example notices: add one that passes with the rule and fails with the change, or the other way round".to_owned());
        }
    }
    if report.examples() + report.tests.len() == 0 {
        line("nothing was tested, which is no pass: write `examples:` under the rules, or rules/tests/*.yaml".to_owned());
    }
    text
}

/// A share in per cent, never rounded up: 100.0 is all of them.
fn share(part: usize, whole: usize) -> String {
    let tenths = (part * 1000).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn to_json(report: &Report, mutate: bool) -> Value {
    let rule = |rule: &RuleReport| {
        let mut told = json!({
            "rule_id": rule.id,
            "file": rule.span.source.path,
            "line": rule.span.line_column().0,
            "held": rule.held,
            "broken": rule.broken,
        });
        if mutate {
            told["killed"] = json!(rule.killed);
            let survived = rule.survived.iter().map(|survivor| {
                let (line, column) = survivor.span.line_column();
                json!({
                    "what": survivor.what,
                    "file": survivor.span.source.path,
                    "line": line,
                    "column": column,
                    "example": survivor.example,
                })
            });
            told["survived"] = survived.collect();
        }
        told
    };
    let test = |test: &TestReport| {
        json!({
            "test": test.name,
            "file": test.span.source.path,
            "line": test.span.line_column().0,
            "problems": test.problems,
        })
    };
    let rules: Vec<Value> = report.rules.iter().map(rule).collect();
    let tests: Vec<Value> = report.tests.iter().map(test).collect();
    json!({ "passes": report.passes(), "as_of": report.as_of.to_string(), "rules": rules, "tests": tests })
}
