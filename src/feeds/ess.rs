//! `validation_report.json`: the machine-readable validation report of the European Statistical System, version 1.0.1.

use serde_json::{Value, json};

use super::{Night, Origin, Outcome, RuleFeed};
use crate::{discrepancy::Severity, harmless::lines};

/// A validation for each rule and its dataset: results for each record would be millions, and the log has those that fail.
pub fn render(night: &Night<'_>) -> Value {
    let time = night.time();
    let event = json!({
        "time": time,
        "actor": "trueup",
        "agent": format!("trueup {}", env!("CARGO_PKG_VERSION")),
        "trigger": format!("delivery {}, run {}", night.delivery, night.run_id),
    });
    let rules = night.rules.iter();
    rules.map(|rule| validation(night, rule, &event)).collect()
}

fn validation(night: &Night<'_>, rule: &RuleFeed, event: &Value) -> Value {
    let (language, expression) = &rule.expression;
    let population = match (night.table_of(rule), rule.origin) {
        ("", Origin::Statement) => "totals",
        ("", _) => "delivery",
        (table, _) => table,
    };
    // Population, measurement, unit and variable; no unit is named where a rule is about all of them.
    let column = rule.column.as_deref().unwrap_or_default();
    let data = json!([[population, night.delivery, "", column]]);
    json!({
        "id": format!("{}/{}", night.run_id, rule.id),
        "type": "validation",
        "event": event,
        "rule": {
            "id": rule.id,
            "language": language,
            "expression": expression,
            "severity": match rule.severity {
                Severity::Blocking | Severity::Error => "error",
                Severity::Warn => "warning",
                Severity::Info => "information",
            },
            "description": lines(&rule.why),
            "status": rule.status,
        },
        "data": {
            "source": data,
            "target": data,
            "description": lines(&rule.counted()),
        },
        "value": match rule.outcome() {
            Outcome::Holds => "1",
            Outcome::Fails => "0",
            Outcome::Unknown => "NA",
        },
    })
}
