//! SARIF 2.1.0, which code review tools show beside the lines: `discrepancies.sarif`, and what every such log has.

use serde_json::{Map, Value, json};

use super::{
    Night, Origin, RuleFeed,
    entries::{Entries, Entry, MOST},
};
use crate::{discrepancy::Severity, harmless::lines};

/// The name of the folder that paths of the project begin at.
pub const PROJECT: &str = "PROJECT";
/// The name of the folder that paths of the delivery begin at.
const DELIVERY: &str = "DELIVERY";

/// A log of one run of this program: `rules` are its rules, `bases` the folders that paths begin at and what they are, `rest`
/// what else is said of the run.
pub fn log(rules: &[Value], bases: &[(&str, &str)], results: Vec<Value>, rest: Value) -> Value {
    let bases: Map<String, Value> = bases
        .iter()
        .map(|(name, what)| ((*name).to_owned(), json!({ "description": text(what) })))
        .collect();
    let mut run = json!({
        "tool": { "driver": {
            "name": "trueup",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": bases,
        "results": results,
    });
    if let (Value::Object(run), Value::Object(rest)) = (&mut run, rest) {
        run.extend(rest);
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    })
}

/// A path as a relative URI.
pub fn address(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// A message. Braces are written twice, since one would begin the place of an argument; what looks like a link is none.
fn text(words: &str) -> Value {
    let words = lines(words).replace('{', "{{").replace('}', "}}");
    json!({ "text": words.replace("](", "\\](") })
}

/// The discrepancies of a run, the most severe first, and how many more there are.
pub(super) fn render(night: &Night<'_>, entries: &Entries) -> Value {
    let rules: Vec<Value> = night.rules.iter().map(rule).collect();
    let results: Vec<Value> = entries.told.iter().map(|e| result(night, e)).collect();
    let left = entries.total - results.len() as u64;
    let mut notifications = Vec::new();
    if let Some(why) = night.why_kept() {
        notifications.push(json!({ "level": "error", "message": text(&why) }));
    }
    if left > 0 {
        let more = format!(
            "{left} more discrepancies are not in this file, which holds the {MOST} most severe: all {} stand in discrepancies.parquet and .csv",
            entries.total
        );
        notifications.push(json!({ "level": "note", "message": text(&more) }));
    }
    let bases = [
        (PROJECT, "the project's folder"),
        (DELIVERY, "the folder of the delivery"),
    ];
    let rest = json!({
        "automationDetails": { "id": format!("{}/{}", night.project, night.run_id) },
        "invocations": [{
            "executionSuccessful": true,
            "toolExecutionNotifications": notifications,
        }],
        "properties": {
            "runId": night.run_id,
            "delivery": night.delivery,
            "asOf": night.as_of.to_string(),
            "published": night.is_published(),
            "discrepancies": entries.total,
            "notInThisFile": left,
        },
    });
    log(&rules, &bases, results, rest)
}

/// A rule: what would have passed, and why it exists.
fn rule(rule: &RuleFeed) -> Value {
    let or_id = |words: &str| match words.is_empty() {
        true => text(&rule.id),
        false => text(words),
    };
    json!({
        "id": rule.id,
        "shortDescription": or_id(&rule.expected),
        "fullDescription": or_id(&rule.why),
        "help": or_id(&rule.why),
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "kind": rule.kind,
            "dimension": rule.dimension.word(),
            "severity": rule.severity.word(),
            "version": rule.version,
            "status": rule.status,
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocking | Severity::Error => "error",
        Severity::Warn => "warning",
        Severity::Info => "note",
    }
}

fn result(night: &Night<'_>, entry: &Entry) -> Value {
    let at = night
        .rules
        .binary_search_by(|rule| rule.id.as_str().cmp(&entry.rule_id));
    let rule = at.ok().and_then(|at| night.rules.get(at));
    let severity = Severity::of_word(&entry.severity).unwrap_or(Severity::Error);
    let (file, line) = rule.map_or(("rules/project.yaml", 1), |rule| {
        (rule.place.0.as_str(), rule.place.1)
    });
    let declared = json!({
        "artifactLocation": { "uri": address(file), "uriBaseId": PROJECT },
        "region": { "startLine": line.max(1) },
    });
    let mut place = json!({});
    match &entry.source_file {
        Some(file) => {
            let of_totals = rule.is_some_and(|rule| rule.origin == Origin::Statement);
            let base = if of_totals { PROJECT } else { DELIVERY };
            place["physicalLocation"] = json!({
                "artifactLocation": { "uri": address(file), "uriBaseId": base },
                "region": { "startLine": entry.source_line.unwrap_or(1) },
            });
        }
        // Programs that show results drop those without a place.
        None => place["physicalLocation"] = declared.clone(),
    }
    let within = [
        Some(entry.table.as_str()),
        entry.source_sheet.as_deref(),
        Some(entry.record_key.as_str()),
        entry.column.as_deref(),
    ];
    let within: Vec<&str> = (within.into_iter().flatten())
        .filter(|part| !part.is_empty())
        .collect();
    if !within.is_empty() {
        place["logicalLocations"] = json!([{ "fullyQualifiedName": within.join("/") }]);
    }
    let mut result = json!({
        "ruleId": entry.rule_id,
        "level": level(severity),
        "message": text(&entry.message),
        "locations": [place],
        "relatedLocations": [{
            "id": 1,
            "physicalLocation": declared,
            "message": { "text": "the rule" },
        }],
        "partialFingerprints": { "discrepancyId/v1": entry.discrepancy_id },
        "baselineState": match entry.status.as_str() {
            "ongoing" | "waived" => "unchanged",
            "resolved" => "absent",
            _ => "new",
        },
        "properties": { "severity": severity.word(), "status": entry.status },
    });
    if let Ok(at) = at {
        result["ruleIndex"] = at.into();
    }
    if entry.status == "waived" {
        let why = entry.waiver_id.as_deref().unwrap_or("waived");
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": lines(&format!("waiver {why} in rules/waivers.yaml")),
        }]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_no_arguments_and_no_links() {
        for (words, want) in [
            ("{0} of {{7*7}}", "{{0}} of {{{{7*7}}}}"),
            ("[look](http://x)", "[look\\](http://x)"),
            ("a[1] (b)", "a[1] (b)"),
            ("a\u{1b}", "a\\u{{1b}}"),
        ] {
            assert_eq!(text(words)["text"], want);
        }
    }

    #[test]
    fn a_path_is_a_relative_uri() {
        assert_eq!(
            address("a b/%2e#?ü:x.csv"),
            "a%20b/%252e%23%3F%C3%BC%3Ax.csv"
        );
    }

    #[test]
    fn every_status_has_its_state() {
        let night = Night {
            run_id: "2017-10-09-0123456789ab",
            project: "A",
            delivery: "d",
            as_of: jiff::civil::date(2017, 10, 9),
            blocked: false,
            trial: false,
            tables: Vec::new(),
            rules: Vec::new(),
            verdicts: Vec::new(),
            derived: Vec::new(),
        };
        for (status, state, suppressed) in [
            ("new", "new", false),
            ("reopened", "new", false),
            ("ongoing", "unchanged", false),
            ("resolved", "absent", false),
            ("waived", "unchanged", true),
        ] {
            let entry = Entry {
                status: status.to_owned(),
                waiver_id: suppressed.then(|| "W1".to_owned()),
                ..Entry::default()
            };
            let told = result(&night, &entry);
            assert_eq!(told["baselineState"], state, "{status}");
            let why = &told["suppressions"][0]["justification"];
            let want = suppressed.then_some("waiver W1 in rules/waivers.yaml");
            assert_eq!(why.as_str(), want, "{status}");
            assert_eq!(told.get("suppressions").is_some(), suppressed);
        }
    }
}
