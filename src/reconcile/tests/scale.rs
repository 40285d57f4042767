//! Many groups: a join that looked at every pair would not come back.

use serde_json::json;

use super::*;

const GROUPS: usize = 20_000;

#[test]
fn groups_are_joined_by_hash() {
    let parts =
        (0..GROUPS * 3).map(|n| format!("t | body | y{} | all | c{} | count | 1", n % 3, n / 3));
    let totals = (0..GROUPS).map(|n| {
        format!(
            "u | body | y | all | c{n} | count | {}",
            3 + n / (GROUPS - 1)
        )
    });
    let lines: Vec<String> = parts.chain(totals).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let sums = json!({ "sums_to": {
        "parts": { "table": "t" }, "total": { "table": "u" }, "by": ["category"],
    }});
    let rows = judge(&[declared(sums, json!(0))], &figures(&lines), &[]);
    assert_eq!(rows.len(), GROUPS);
    let wrong: Vec<&str> = rows
        .iter()
        .filter(|row| row.verdict != Verdict::Agrees)
        .map(|row| row.statement.as_str())
        .collect();
    assert_eq!(wrong, [format!("s[category=c{}]", GROUPS - 1)]);
}
