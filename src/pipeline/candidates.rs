//! Pairs that are probably the same, proposed for somebody to decide.

use super::{
    Context,
    error::RunError,
    tables::{finish_table, table_file},
};
use crate::{
    check::{
        keys::KeyFailures,
        probable::{Candidates, Record},
        source::TableSource,
    },
    log::{CANDIDATE_SCHEMA, CandidateBuilder, CandidateRecord, LogError, Privacy},
    rules::Kind,
};

/// Pairs that are written at a time.
const WRITTEN: usize = 8_192;

/// Writes `duplicate_candidates`, where a rule of the project looks for such pairs.
pub(super) fn write(run: &Context<'_>, keys: &KeyFailures) -> Result<(), RunError> {
    let rules = &run.project.rules;
    let looks = |rule: &crate::rules::Rule| matches!(rule.kind, Kind::ProbableDuplicates(_));
    if !rules.iter().any(looks) {
        return Ok(());
    }
    let privacy = Privacy::new(run.settings.key.as_deref());
    let mut file = table_file(run.staged, "duplicate_candidates", &CANDIDATE_SCHEMA)?;
    let mut builder = CandidateBuilder::default();
    for (check, source) in run.plan.checks.tables.iter().zip(&run.delivery.sources) {
        for prepared in &check.rules {
            let Some(found) = keys.candidates.get(&prepared.rule) else {
                continue;
            };
            let about = About {
                rule: &rules[prepared.rule].id,
                source,
                privacy: &privacy,
            };
            warn_of_guesses(about.rule, found);
            let mut waiting = 0;
            for pair in found.pairs() {
                about.push(&pair, &mut builder);
                waiting += 1;
                if waiting == WRITTEN {
                    file.write(&builder.finish().map_err(LogError::from)?)?;
                    waiting = 0;
                }
            }
        }
    }
    file.write(&builder.finish().map_err(LogError::from)?)?;
    finish_table(file)?;
    Ok(())
}

struct About<'a> {
    rule: &'a str,
    source: &'a TableSource,
    /// How keys are hidden, where they have to be.
    privacy: &'a Privacy,
}

impl About<'_> {
    fn push(&self, pair: &crate::check::probable::Candidate<'_>, builder: &mut CandidateBuilder) {
        let table = &self.source.table;
        let shown = |record: &Record| self.privacy.shown_key(&record.key, table);
        let [earlier, later] = pair.records;
        let keys = [shown(later), shown(earlier)];
        let record = |of: &Record, key: &'_ str| -> (String, i64, i64, String) {
            let file = self.source.file_of(of.row);
            (
                file.export.file.clone(),
                of.line,
                of.row - file.base,
                key.to_owned(),
            )
        };
        let places = [record(later, &keys[0]), record(earlier, &keys[1])];
        let records = places
            .each_ref()
            .map(|(file, line, row, key)| CandidateRecord {
                key,
                file,
                line: *line,
                row: *row,
            });
        let group = pair.group.map(|record| record.name(shown(record)));
        let decision = pair
            .pair
            .decided
            .map(|same| if same { "same" } else { "different" });
        let texts = [
            Some(self.rule),
            Some(table.name.as_str()),
            group.as_deref(),
            Some(pair.evidence.as_str()),
            decision,
        ];
        let [later, earlier] = &records;
        builder.push(
            texts,
            [later, earlier],
            [pair.pair.probability, pair.pair.weight],
        );
    }
}

/// Says once for each rule that its weights are not learned from the data.
fn warn_of_guesses(rule: &str, found: &Candidates) {
    let guessed = found.guessed();
    if guessed.is_empty() {
        return;
    }
    tracing::warn!(
        rule,
        columns = guessed.join(", "),
        "too few rows are probably the same by a key without these columns to learn their weights from: the weights are guesses, and pairs may be missed; fix `weights` and `prior` in the rule"
    );
}

/// What is to be said of keys that too many rows share, by their columns.
pub(super) fn too_many(found: &Candidates) -> Vec<(String, String)> {
    let told = found.too_many().into_iter().map(|many| {
        let columns = many.columns.join(", ");
        let values = match many.values {
            1 => "one value".to_owned(),
            values => format!("{values} values"),
        };
        let stand = if many.values == 1 { "stands" } else { "stand" };
        let message = format!(
            "{values} of {columns} {stand} in {} rows, too many to compare each with each: these were compared with the next ones only; add a column to that key of `block_on`, or give a greater `max_block`",
            many.rows
        );
        (columns, message)
    });
    told.collect()
}
