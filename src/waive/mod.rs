//! A new waiver for `rules/waivers.yaml`: looked up in the project and a run, written behind those that are there.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use crate::{
    diagnostics::{
        Diagnostic, nearest,
        yaml::write::{Entry, Yaml},
    },
    discrepancy::Status,
    pipeline::{RunError, plan, rule_versions},
    project::{self, Project},
    publish::{RunFolder, cell, write_together},
};

/// Where waivers stand in a project.
const WAIVERS: &str = "rules/waivers.yaml";
/// Fewest digits that name a discrepancy.
const FEWEST_DIGITS: usize = 6;

/// What is to be waived, why, and by whom.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The project's folder.
    pub project: PathBuf,
    /// Where its runs are.
    pub out: PathBuf,
    /// The run that discrepancies are looked up in; the published one if nothing is said.
    pub run: Option<String>,
    /// Ids of discrepancies, or their beginnings.
    pub discrepancies: Vec<String>,
    /// The rule whose discrepancies are waived, if none is named.
    pub rule: Option<String>,
    /// A condition over the columns of the log.
    pub condition: Option<String>,
    /// The most discrepancies that it may cover.
    pub max_rows: Option<u64>,
    /// What the waiver is called; the next free `W-<number>` if nothing is said.
    pub id: Option<String>,
    /// Why.
    pub reason: String,
    /// Who asks for it.
    pub requested_by: String,
    /// Who grants it.
    pub approved_by: String,
    /// Its last day.
    pub expires: Date,
    /// Where what speaks for it is kept.
    pub evidence: String,
    /// From the clock.
    pub today: Date,
    /// Whether it is only shown.
    pub dry_run: bool,
}

/// The waiver that was made.
#[derive(Debug)]
pub struct Waived {
    /// What it is called.
    pub id: String,
    /// The rule that it is about.
    pub rule: String,
    /// Its text in the file.
    pub entry: String,
    /// The file.
    pub path: PathBuf,
}

/// Adds a waiver to the project.
///
/// # Errors
/// [`RunError::Project`] when the project has mistakes, with the waiver or without it, or what is named is not there;
/// [`RunError::Folder`] when the run cannot be read; [`RunError::Write`] when the file cannot be written.
pub async fn waive(wanted: &Wanted) -> Result<Waived, RunError> {
    let (project, mistakes) = project::read(&wanted.project)?;
    let as_of = plan::as_of(&project, None, true, wanted.today);
    let mut diagnostics = Vec::new();
    let plan = plan::plan(&project, &mistakes, as_of, &mut diagnostics).await?;
    if !diagnostics.is_empty() {
        return Err(RunError::Project(diagnostics));
    }
    let versions = rule_versions(&project, &plan);
    let ids = found(wanted)?;
    let (rule, ids) = match (&wanted.rule, ids) {
        (
            _,
            Found {
                ids,
                rule: Some(rule),
            },
        ) => (rule, ids),
        (Some(rule), Found { ids, .. }) => (rule.clone(), ids),
        (None, _) => {
            let help = "name discrepancies by their ids, or a rule with `--rule` and `--max-rows`";
            return Err(refused("nothing is named that could be waived", help));
        }
    };
    let Some(version) = versions.get(&rule) else {
        let message = format!("no rule or statement is called `{rule}`");
        let help = match nearest(&rule, versions.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write the id of a rule, as it stands in the log".to_owned(),
        };
        return Err(refused(message, help));
    };
    if ids.is_empty() && wanted.max_rows.is_none() {
        let help = "say with `--max-rows` how many discrepancies of the rule it may cover at most";
        return Err(refused(
            "the waiver does not say how much it may cover",
            help,
        ));
    }
    let id = wanted.id.clone().unwrap_or_else(|| next_id(&project));
    let entry = entry(wanted, &id, &rule, version, &ids);
    let path = wanted.project.join(WAIVERS);
    let text = with_entry(&path, &entry)?;
    check(wanted, &text, &project).await?;
    if !wanted.dry_run {
        write_together(&[(path.clone(), text)], true)?;
    }
    Ok(Waived {
        id,
        rule,
        entry,
        path,
    })
}

fn refused(message: impl Into<String>, help: impl Into<String>) -> RunError {
    RunError::Project(vec![Diagnostic::nowhere(message).help(help)])
}

/// The discrepancies that are named.
struct Found {
    ids: Vec<String>,
    rule: Option<String>,
}

/// Looks the discrepancies up in the run's log.
fn found(wanted: &Wanted) -> Result<Found, RunError> {
    let mut found = Found {
        ids: Vec::new(),
        rule: None,
    };
    if wanted.discrepancies.is_empty() {
        return Ok(found);
    }
    let run = RunFolder::open(&wanted.out, wanted.run.as_deref())?;
    for typed in &wanted.discrepancies {
        let start = typed.to_ascii_lowercase();
        if start.len() < FEWEST_DIGITS || !start.bytes().all(|b| b.is_ascii_hexdigit()) {
            let message = format!("`{typed}` is no id of a discrepancy");
            return Err(refused(
                message,
                "write it as in the log, six digits at least",
            ));
        }
        let is_wanted = |id: &str| id.starts_with(&start);
        let (rows, count) = run.rows("discrepancies", "discrepancy_id", &is_wanted, 2)?;
        let row = match rows.as_slice() {
            [row] => row,
            [] => {
                let message = format!("no discrepancy of run {} begins with `{typed}`", run.id());
                return Err(refused(
                    message,
                    "look it up in discrepancies.csv of that run, or name another run with `--run`",
                ));
            }
            _ => {
                let message = format!("{count} discrepancies begin with `{typed}`");
                return Err(refused(message, "write more digits"));
            }
        };
        if cell(row, "status") == Status::Resolved.word() {
            let message = format!("discrepancy `{typed}` is resolved in run {}", run.id());
            return Err(refused(message, "there is nothing to waive"));
        }
        let rule = cell(row, "rule_id").to_owned();
        if let Some(other) = wanted.rule.as_ref().or(found.rule.as_ref())
            && *other != rule
        {
            let message = format!("discrepancy `{typed}` is of rule {rule}, and not of {other}");
            return Err(refused(message, "write a waiver for each rule"));
        }
        let same = |column: &str| cell(row, column).to_owned();
        let (key, column) = (same("record_key"), same("column"));
        let (others, _) = run.rows("discrepancies", "record_key", &|other| other == key, 1_000)?;
        let shared = others.iter().filter(|other| {
            cell(other, "rule_id") == rule
                && cell(other, "column") == column
                && cell(other, "status") != Status::Resolved.word()
        });
        if shared.count() > 1 {
            let message = format!(
                "discrepancy `{typed}` shares rule, record and column with others, so that its id may be another's tomorrow"
            );
            let help = "waive them by `--rule`, `--where` and `--max-rows`";
            return Err(refused(message, help));
        }
        found.rule = Some(rule);
        found.ids.push(cell(row, "discrepancy_id").to_owned());
    }
    Ok(found)
}

/// The first `W-<number>` that no waiver has.
fn next_id(project: &Project) -> String {
    let taken: BTreeSet<&str> = project.waivers.iter().map(|w| w.id.as_str()).collect();
    let mut numbers = 1_u64..;
    let free = numbers.find(|n| !taken.contains(format!("W-{n}").as_str()));
    format!("W-{}", free.unwrap_or_default())
}

/// The waiver as it stands in the file, its lines not indented.
fn entry(wanted: &Wanted, id: &str, rule: &str, version: &str, ids: &[String]) -> String {
    let text = |key: &str, value: &str| Entry::new(key, Yaml::text(value));
    let mut keys = vec![
        text("id", id),
        text("rule", rule),
        text("rule_version", version),
    ];
    if !ids.is_empty() {
        keys.push(Entry::new("discrepancies", Yaml::texts(ids.iter())));
    }
    if let Some(condition) = &wanted.condition {
        keys.push(text("where", condition));
    }
    if let Some(max_rows) = wanted.max_rows {
        keys.push(Entry::new("max_rows", Yaml::Plain(max_rows.to_string())));
    }
    keys.extend([
        text("reason", &wanted.reason),
        text("requested_by", &wanted.requested_by),
        text("approved_by", &wanted.approved_by),
        text("expires", &wanted.expires.to_string()),
        text("evidence", &wanted.evidence),
    ]);
    let map = Yaml::Map(keys).to_file();
    let lines = map.lines().enumerate();
    let lines = lines.map(|(at, line)| match at {
        0 => format!("- {line}\n"),
        _ if line.is_empty() => "\n".to_owned(),
        _ => format!("  {line}\n"),
    });
    lines.collect()
}

/// The file with the waiver behind those that it has.
fn with_entry(path: &Path, entry: &str) -> Result<String, RunError> {
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "version: 1\nwaivers:\n".to_owned()
        }
        Err(source) => {
            return Err(RunError::Contract {
                path: path.to_owned(),
                source,
            });
        }
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let items = text
        .lines()
        .find(|line| line.trim_start().starts_with("- "));
    let indent = items.map_or(2, |line| line.len() - line.trim_start().len());
    for line in entry.lines() {
        text.push_str(&" ".repeat(indent));
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

/// Plans the project with the new file in its place: it has to have one waiver more, and no mistake.
async fn check(wanted: &Wanted, text: &str, before: &Project) -> Result<(), RunError> {
    let as_of = plan::as_of(before, None, true, wanted.today);
    let mut diagnostics = Vec::new();
    let project = Project {
        waivers: project::waivers(WAIVERS, text, &mut diagnostics),
        ..before.clone()
    };
    let mut of_plan = Vec::new();
    plan::plan(&project, &[], as_of, &mut of_plan).await?;
    diagnostics.append(&mut of_plan);
    if diagnostics.is_empty() && project.waivers.len() != before.waivers.len() + 1 {
        let message = format!("`{WAIVERS}` does not end with its list of waivers");
        let help =
            "move the list to its end, or write the waiver into it by hand; `--dry-run` shows it";
        diagnostics.push(Diagnostic::nowhere(message).help(help));
    }
    match diagnostics.is_empty() {
        true => Ok(()),
        false => Err(RunError::Project(diagnostics)),
    }
}
