//! What is told outside a run folder, with real times: whether the job ran, when, for how long, and what came of it.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use super::{
    lineage::{self, error_message, event, own_run_facet, uuid},
    prometheus::Gauges,
};
use crate::{
    harmless::json,
    publish::{IoError, WriteError, append_line, write_together},
};

/// The gauge that outlives a run that fails.
const LAST_SUCCESS: &str = "last_success_timestamp_seconds";

/// A job that is going on: `--metrics` and `--events`.
#[derive(Debug)]
pub struct Live {
    metrics: Option<PathBuf>,
    events: Option<PathBuf>,
    began: Timestamp,
    /// The run among events.
    uuid: String,
    /// The job among events.
    job: String,
}

/// What came of a job.
#[derive(Clone, Copy, Debug)]
pub struct Came<'c> {
    /// The exit code.
    pub exit_code: u8,
    /// Whether the run that was asked for is the one that readers see.
    pub published: bool,
    /// Where the run stands, when there is one.
    pub folder: Option<&'c Path>,
    /// What went wrong, in words that stderr shows too.
    pub message: Option<&'c str>,
}

impl Live {
    /// Tells that the job at `project` begins at `began`; `process` is its number. Returns what could not be written.
    pub fn begin(
        metrics: Option<PathBuf>,
        events: Option<PathBuf>,
        project: &Path,
        (began, process): (Timestamp, u32),
    ) -> (Self, Vec<String>) {
        let job = match &events {
            Some(_) => job_name(project),
            None => String::new(),
        };
        let seed = format!("trueup job {} {process}", began.as_nanosecond());
        let live = Self {
            metrics,
            events,
            began,
            uuid: uuid(&seed),
            job,
        };
        let run = json!({ "runId": live.uuid, "facets": {} });
        let sets = [Vec::new(), Vec::new()];
        let start = event("START", &time(began), run, &live.job, sets);
        let warnings = live.append(&start).into_iter().collect();
        (live, warnings)
    }

    /// Tells that it ended at `ended`, and how. Returns what could not be written.
    pub fn end(&self, ended: Timestamp, came: Came<'_>) -> Vec<String> {
        let told = self.append(&self.ending(ended, came));
        let measured = self.measure(ended, came);
        told.into_iter().chain(measured).collect()
    }

    fn append(&self, event: &Value) -> Option<String> {
        let path = self.events.as_ref()?;
        let line = event.to_string();
        let error = append_line(path, &json(&line)).err()?;
        Some(warning("--events", &error))
    }

    /// The run's own event with the time and id of this job, or one that says why there is none.
    fn ending(&self, ended: Timestamp, came: Came<'_>) -> Value {
        let of_run = came.folder.and_then(last_event);
        let kind = match (came.exit_code, came.published) {
            (130, _) => "ABORT",
            (_, true) => "COMPLETE",
            (_, false) => "FAIL",
        };
        let sets = [Vec::new(), Vec::new()];
        let run = json!({ "runId": self.uuid, "facets": {} });
        let mut end = event(kind, &time(ended), run, &self.job, sets);
        let mut own = json!({ "exitCode": came.exit_code, "published": came.published });
        if let Some(mut of_run) = of_run {
            own["runId"] = of_run["run"]["facets"]["trueup_run"]["runId"].take();
            own["delivery"] = of_run["run"]["facets"]["trueup_run"]["delivery"].take();
            end["run"]["facets"] = of_run["run"]["facets"].take();
            end["inputs"] = of_run["inputs"].take();
            end["outputs"] = of_run["outputs"].take();
        }
        end["run"]["facets"]["trueup_run"] = own_run_facet(own);
        if let Some(message) = came.message {
            end["run"]["facets"]["errorMessage"] = error_message(message);
        }
        end
    }

    fn measure(&self, ended: Timestamp, came: Came<'_>) -> Option<String> {
        let path = self.metrics.as_ref()?;
        // Two jobs that write into one folder must differ in a label.
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let label = [("name", &*name)];
        let before = std::fs::read_to_string(path).unwrap_or_default();
        let success = match came.exit_code {
            0 => Some(ended.as_second()),
            _ => last_success(&before),
        };
        let took = ended.duration_since(self.began).as_millis().max(0);
        let mut gauges = Gauges::default();
        let mut gauge = |name: &str, help: &str, value: String| {
            gauges.begin(name, help);
            gauges.add(name, &label, value);
        };
        gauge(
            "last_run_exit_code",
            "The exit code of the last run; 0 says that it is published and nothing fired at or above --fail-on.",
            came.exit_code.to_string(),
        );
        gauge(
            "last_run_published",
            "Whether the last run is the one that readers see.",
            u8::from(came.published).to_string(),
        );
        gauge(
            "last_run_timestamp_seconds",
            "When the last run ended.",
            ended.as_second().to_string(),
        );
        gauge(
            "last_run_duration_seconds",
            "How long the last run took.",
            format!("{}.{:03}", took / 1_000, took % 1_000),
        );
        if let Some(success) = success {
            let help = "When a run last ended with exit code 0.";
            gauge(LAST_SUCCESS, help, success.to_string());
        }
        let of_run = came.folder.map(|folder| folder.join("metrics.prom"));
        let of_run = of_run.and_then(|path| std::fs::read_to_string(path).ok());
        let text = gauges.finish() + &of_run.unwrap_or_default();
        match write_together(&[(path.clone(), text)], true) {
            Ok(()) => None,
            Err(WriteError::Io(error)) => Some(warning("--metrics", &error)),
            Err(error) => Some(format!("--metrics: {error}")),
        }
    }
}

/// What to do about a file that was not written; its error's own advice is about run folders.
fn warning(option: &str, error: &IoError) -> String {
    format!(
        "{option}: cannot {} `{}`: {}; the run and its exit code do not depend on it: give a path that this user may write",
        error.action,
        error.path.display(),
        error.source
    )
}

/// The project's name, or that of its folder when it cannot be read.
fn job_name(project: &Path) -> String {
    let read = crate::project::read(project);
    let name = read.map(|(project, _)| project.name).unwrap_or_default();
    if !name.is_empty() {
        return name;
    }
    let folder = project.canonicalize().unwrap_or_default();
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    match name.is_empty() {
        true => lineage::NAMESPACE.to_owned(),
        false => name.into_owned(),
    }
}

/// The event that ends the run in `folder`.
fn last_event(folder: &Path) -> Option<Value> {
    let events = std::fs::read_to_string(folder.join("openlineage.ndjson")).ok()?;
    serde_json::from_str(events.lines().last()?).ok()
}

/// When the job last succeeded, as an earlier file says.
fn last_success(metrics: &str) -> Option<i64> {
    let begins = format!("trueup_{LAST_SUCCESS}{{");
    let line = metrics.lines().find(|line| line.starts_with(&begins))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

/// A moment in UTC, to the millisecond.
fn time(at: Timestamp) -> String {
    let rounded = at.round(Unit::Millisecond).unwrap_or(at);
    format!("{rounded:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_success_is_read_from_the_file_before() {
        let text = "# HELP trueup_last_success_timestamp_seconds x\ntrueup_last_success_timestamp_seconds{name=\"a b\"} 17\n";
        assert_eq!(last_success(text), Some(17));
        assert_eq!(last_success("half a line"), None);
    }

    #[test]
    fn a_moment_is_told_in_milliseconds() {
        let at = Timestamp::new(1_500_000_000, 123_999_000).expect("a time");
        assert_eq!(time(at), "2017-07-14T02:40:00.124Z");
    }
}
