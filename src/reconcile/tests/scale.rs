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

/// Groups of three members by four periods; those of `wrong` are off by one in the last period.
fn hierarchy(groups: usize, wrong: std::ops::Range<usize>) -> Vec<Reconciliation> {
    let member = |g: usize, m: usize| format!("g{g}-{m}");
    let codes: Vec<Code> = (0..groups * 3)
        .map(|n| Code {
            code: member(n / 3, n % 3),
            label: String::new(),
            parent: Some(format!("g{}", n / 3)),
            sort: 0,
            missing: None,
            valid_from: None,
            valid_to: None,
        })
        .collect();
    let entry = |(code, of): (usize, &Code)| (of.code.clone(), Entry { code, alias: None });
    let list = CodeList {
        name: Name::new("members").expect("a name"),
        lookup: codes.iter().enumerate().map(entry).collect(),
        codes,
    };
    let lines: Vec<String> = (0..groups * 4)
        .flat_map(|n| {
            let (g, p) = (n / 4, n % 4);
            let off = usize::from(p == 3 && wrong.contains(&g));
            let line = |table: &str, category: String, value: usize| {
                format!("{table} | body | y{p} | all | {category} | count | {value}")
            };
            let members = (0..3)
                .map(|m| line("t", member(g, m), g + m))
                .collect::<Vec<_>>();
            let group = line("u", format!("g{g}"), 3 * g + 3 + off);
            members.into_iter().chain([group])
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let hierarchy = json!({ "id": "s", "why": "it must", "check": { "hierarchy": {
        "members": { "table": "t" }, "groups": { "table": "u" }, "codes": "members", "by": ["period"],
    }}});
    evaluate(
        &[statement(hierarchy).expect("a statement")],
        &figures(&lines),
        &[list],
    )
}

#[test]
fn large_hierarchies_are_neither_compared_pair_by_pair_nor_explained_so() {
    for wrong in [7..8, 0..3_000] {
        let rows = hierarchy(3_000, wrong.clone());
        assert_eq!(rows.len(), 3_000 * 4);
        let off: Vec<&Reconciliation> = rows
            .iter()
            .filter(|row| row.verdict != Verdict::Agrees)
            .collect();
        assert_eq!(off.len(), wrong.len());
        for row in off {
            assert_eq!(row.period.as_deref(), Some("y3"), "{row:?}");
            assert_eq!(row.difference, Some(Decimal::from(-1)), "{row:?}");
        }
    }
}
