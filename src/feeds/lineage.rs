//! `openlineage.ndjson`: the run as events of OpenLineage 2-0-2, with facets of data quality.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    FileFeed, Night, Outcome, RuleFeed, TableFeed,
    output::{Output, type_word},
};
use crate::harmless::lines;

/// The namespace of jobs and datasets: names in it begin with the project.
pub const NAMESPACE: &str = "trueup";
/// Who makes the events.
pub const PRODUCER: &str = concat!("urn:trueup:", env!("CARGO_PKG_VERSION"));
/// The schema of events.
const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// A facet of this name and version, with what it says.
pub fn facet(name: &str, version: &str, says: Value) -> Value {
    let schema = format!("https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}");
    of_schema(&schema, says)
}

/// A facet of ours, which the standard only knows as some facet of a run.
pub fn own_run_facet(says: Value) -> Value {
    let schema = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet";
    of_schema(schema, says)
}

fn of_schema(schema: &str, says: Value) -> Value {
    let mut facet = json!({ "_producer": PRODUCER, "_schemaURL": schema });
    if let (Value::Object(facet), Value::Object(says)) = (&mut facet, says) {
        facet.extend(says);
    }
    facet
}

/// An event of a job's run.
pub fn event(kind: &str, time: &str, run: Value, job: &str, sets: [Vec<Value>; 2]) -> Value {
    let [inputs, outputs] = sets;
    json!({
        "eventType": kind,
        "eventTime": time,
        "producer": PRODUCER,
        "schemaURL": EVENT,
        "run": run,
        "job": {
            "namespace": NAMESPACE,
            "name": job,
            "facets": { "jobType": facet("JobTypeJobFacet", "2-0-4", json!({
                "processingType": "BATCH",
                "integration": "TRUEUP",
                "jobType": "JOB",
            })) },
        },
        "inputs": inputs,
        "outputs": outputs,
    })
}

/// Why a run has not published anything.
pub fn error_message(message: &str) -> Value {
    let says = json!({ "message": lines(message), "programmingLanguage": "Rust" });
    facet("ErrorMessageRunFacet", "1-0-1", says)
}

/// A UUID of version 8, which is made of a hash: the same seed has the same.
pub fn uuid(seed: &str) -> String {
    let digest = Sha256::digest(seed.as_bytes());
    let mut hex: Vec<char> = digest
        .iter()
        .take(16)
        .flat_map(|byte| format!("{byte:02x}").chars().collect::<Vec<_>>())
        .collect();
    hex[12] = '8';
    // The two bits of the variant, and two of the hash.
    hex[16] = ['8', '9', 'a', 'b'][usize::from(digest[8] & 3)];
    let part = |from: usize, to: usize| hex[from..to].iter().collect::<String>();
    let parts = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ];
    parts.join("-")
}

/// The beginning and the end of a run, both at midnight of its date.
pub(super) fn events(night: &Night<'_>, outputs: &[Output]) -> Vec<Value> {
    let (time, id) = (night.time(), uuid(&format!("trueup run {}", night.run_id)));
    let start = json!({ "runId": id, "facets": run_facets(night) });
    let mut end = start.clone();
    end["facets"]["test"] = facet("TestRunFacet", "1-0-1", tests(night));
    let kind = match night.why_kept() {
        None => "COMPLETE",
        Some(why) => {
            end["facets"]["errorMessage"] = error_message(&why);
            "FAIL"
        }
    };
    let inputs: Vec<Value> = (night.tables.iter().enumerate())
        .flat_map(|(at, feed)| inputs(night, at, feed))
        .collect();
    let named = |set: &Value| json!({ "namespace": set["namespace"], "name": set["name"] });
    let started = inputs.iter().map(named).collect();
    let outputs = outputs.iter().map(|o| output(night, o)).collect();
    vec![
        event("START", &time, start, night.project, [started, Vec::new()]),
        event(kind, &time, end, night.project, [inputs, outputs]),
    ]
}

fn run_facets(night: &Night<'_>) -> Value {
    json!({
        "nominalTime": facet("NominalTimeRunFacet", "1-0-1", json!({ "nominalStartTime": night.time() })),
        "processing_engine": facet("ProcessingEngineRunFacet", "1-1-1", json!({
            "name": "trueup",
            "version": env!("CARGO_PKG_VERSION"),
        })),
        "trueup_run": own_run_facet(json!({
            "runId": night.run_id,
            "delivery": night.delivery,
        })),
    })
}

/// What is about no table: statements about totals, and the delivery as a whole.
fn tests(night: &Night<'_>) -> Value {
    let without = night.rules.iter().filter(|rule| rule.table.is_none());
    let test = |rule: &RuleFeed| {
        let mut test = says(rule);
        test.insert("type".to_owned(), rule.kind.as_str().into());
        let status = match rule.outcome() {
            Outcome::Holds => "pass",
            Outcome::Fails => "fail",
            Outcome::Unknown => "skip",
        };
        test.insert("status".to_owned(), status.into());
        test
    };
    json!({ "tests": without.map(test).collect::<Vec<_>>() })
}

/// What assertions and tests have in common.
fn says(rule: &RuleFeed) -> Map<String, Value> {
    let mut says = Map::new();
    let mut say = |key: &str, value: Value| says.insert(key.to_owned(), value);
    say("name", rule.id.as_str().into());
    say("severity", rule.severity.word().into());
    if !rule.why.is_empty() {
        say("description", lines(&rule.why).into());
    }
    if !rule.expected.is_empty() {
        say("expected", lines(&rule.expected).into());
    }
    say("actual", rule.counted().into());
    say(
        "params",
        json!({ "status": rule.status, "dimension": rule.dimension.word() }),
    );
    says
}

/// The files of a table. What is known of the table as a whole stands at its file, and of one with several files at a dataset of
/// all of them.
fn inputs(night: &Night<'_>, at: usize, feed: &TableFeed<'_>) -> Vec<Value> {
    let whole = || {
        json!({
            "dataQualityMetrics": metrics(night, at, feed),
            "dataQualityAssertions": assertions(night, at),
        })
    };
    if let [file] = feed.files.as_slice() {
        return vec![input(
            night,
            feed,
            &name_of(file),
            whole(),
            Some(file.sha256),
        )];
    }
    let each = feed.files.iter().map(|file| {
        let measured = facet(
            "DataQualityMetricsInputDatasetFacet",
            "1-0-3",
            json!({ "rowCount": file.rows.read, "bytes": file.bytes, "fileCount": 1, "columnMetrics": {} }),
        );
        let facets = json!({ "dataQualityMetrics": measured });
        input(night, feed, &name_of(file), facets, Some(file.sha256))
    });
    let all = (!feed.files.is_empty())
        .then(|| input(night, feed, &feed.table.files.to_string(), whole(), None));
    each.chain(all).collect()
}

fn name_of(file: &FileFeed<'_>) -> String {
    match file.sheet {
        Some(sheet) => format!("{} [{sheet}]", file.path),
        None => file.path.to_owned(),
    }
}

fn input(
    night: &Night<'_>,
    feed: &TableFeed<'_>,
    name: &str,
    facets: Value,
    sha256: Option<&str>,
) -> Value {
    let fields = feed.table.delivered().enumerate().map(|(at, column)| {
        let mut field = json!({
            "name": column.name.as_str(),
            "type": column.ty,
            "ordinal_position": at + 1,
        });
        if !column.description.is_empty() {
            field["description"] = lines(&column.description).into();
        }
        field
    });
    let fields: Vec<Value> = fields.collect();
    let mut known = json!({
        "schema": facet("SchemaDatasetFacet", "1-2-0", json!({ "fields": fields })),
    });
    if let Some(sha256) = sha256 {
        let version = json!({ "datasetVersion": sha256 });
        known["version"] = facet("DatasetVersionDatasetFacet", "1-0-1", version);
    }
    json!({
        "namespace": NAMESPACE,
        "name": format!("{}/delivery/{name}", night.project),
        "facets": known,
        "inputFacets": facets,
    })
}

/// How much there is, and in which columns cells are missing, where a rule without a condition counted them.
fn metrics(night: &Night<'_>, at: usize, feed: &TableFeed<'_>) -> Value {
    let mut columns = Map::new();
    for rule in night.rules.iter().filter(|rule| rule.table == Some(at)) {
        let counted = rule.counts.filter(|counts| counts.not_applicable == 0);
        if let (Some(column), Some(missing)) = (&rule.column, counted.and_then(|c| c.missing)) {
            let nulls: u64 = missing.iter().sum();
            columns.insert(column.clone(), json!({ "nullCount": nulls }));
        }
    }
    let says = json!({
        "rowCount": feed.rows.read,
        "bytes": feed.files.iter().map(|file| file.bytes).sum::<u64>(),
        "fileCount": feed.files.len(),
        "columnMetrics": columns,
    });
    facet("DataQualityMetricsInputDatasetFacet", "1-0-3", says)
}

/// The rules of a table as assertions.
fn assertions(night: &Night<'_>, at: usize) -> Value {
    let of_table = |rule: &&RuleFeed| rule.table == Some(at);
    let judged = |rule: &&RuleFeed| rule.outcome() != Outcome::Unknown || rule.status == "error";
    let assertion = |rule: &RuleFeed| {
        let mut assertion = says(rule);
        assertion.insert("assertion".to_owned(), rule.kind.as_str().into());
        // What could not be evaluated is no success.
        let success = rule.outcome() == Outcome::Holds;
        assertion.insert("success".to_owned(), success.into());
        if let Some(column) = &rule.column {
            assertion.insert("column".to_owned(), column.as_str().into());
        }
        assertion
    };
    let rules = night.rules.iter().filter(of_table).filter(judged);
    let assertions: Vec<_> = rules.map(assertion).collect();
    let says = json!({ "assertions": assertions });
    facet("DataQualityAssertionsDatasetFacet", "1-1-0", says)
}

fn output(night: &Night<'_>, output: &Output) -> Value {
    let fields = output.schema.fields().iter().enumerate();
    let fields: Vec<Value> = fields
        .map(|(at, field)| {
            json!({
                "name": field.name(),
                "type": type_word(field.data_type()),
                "ordinal_position": at + 1,
            })
        })
        .collect();
    let statistics = json!({ "rowCount": output.rows, "size": output.bytes, "fileCount": 1 });
    json!({
        "namespace": NAMESPACE,
        "name": format!("{}/{}", night.project, output.name),
        "facets": { "schema": facet("SchemaDatasetFacet", "1-2-0", json!({ "fields": fields })) },
        "outputFacets": {
            "outputStatistics": facet("OutputStatisticsOutputDatasetFacet", "1-0-2", statistics),
        },
    })
}
