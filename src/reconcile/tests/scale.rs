//! Many groups: a join that looked at every pair would not come back.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::reconcile::records::Behind;

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

/// A hierarchy to be judged.
struct Ground {
    statement: Statement,
    figures: Vec<Figure>,
    list: CodeList,
}

/// Groups of three members by four periods; those of `wrong` are off by one in the last period.
fn hierarchy(groups: usize, wrong: std::ops::Range<usize>) -> Ground {
    let member = |g: usize, m: usize| format!("g{g}-{m}");
    let codes: Vec<Code> = (0..groups * 3)
        .map(|n| Code {
            parent: Some(format!("g{}", n / 3)),
            ..Code::plain(&member(n / 3, n % 3), 0)
        })
        .collect();
    let list = CodeList::new(Name::new("members").expect("a name"), codes);
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
    Ground {
        statement: statement(hierarchy).expect("a statement"),
        figures: figures(&lines),
        list,
    }
}

impl Ground {
    fn judged(&self) -> Judged<'_> {
        let statements = std::slice::from_ref(&self.statement);
        Judged::new(statements, &self.figures, std::slice::from_ref(&self.list))
    }
}

#[test]
fn large_hierarchies_are_neither_compared_pair_by_pair_nor_explained_so() {
    for wrong in [7..8, 0..3_000] {
        let ground = hierarchy(3_000, wrong.clone());
        let mut judged = ground.judged();
        judged.explain(&Behind::default());
        assert_eq!(judged.rows.len(), wrong.len());
        for row in judged.rows {
            assert_eq!(row.period.as_deref(), Some("y3"), "{row:?}");
            assert_eq!(row.difference, Some(Decimal::from(-1)), "{row:?}");
        }
    }
}

#[test]
fn rows_are_handed_on_one_at_a_time_and_those_alone_are_kept_that_disagree() {
    let ground = hierarchy(3_000, 7..8);
    let mut judged = ground.judged();
    judged.explain(&Behind::default());
    assert_eq!(judged.rows.len(), 1, "{:#?}", judged.rows);
    let (mut ids, mut off, mut most) = (Vec::new(), Vec::new(), 0);
    let done = judged.each(|row| {
        // Every row there is holds what its statement has in common, and so does the statement while it is judged.
        most = most.max(Arc::strong_count(&row.rule));
        if row.verdict != Verdict::Agrees {
            off.push(row.statement.clone());
        }
        ids.push(row.statement);
        Ok::<(), String>(())
    });
    assert_eq!(done, Ok(()));
    assert_eq!(off, ["s[period=y3;category=g7]"]);
    assert!((1..=4).contains(&most), "{most} rows at a time");
    let groups: BTreeSet<(usize, String)> = (0..3_000 * 4)
        .map(|n| (n % 4, format!("g{}", n / 4)))
        .collect();
    let expected = groups
        .iter()
        .map(|(period, group)| format!("s[period=y{period};category={group}]"));
    assert!(ids.into_iter().eq(expected), "every group once, in order");
}

#[test]
fn handing_on_ends_with_the_error_of_who_takes_the_rows() {
    let mut taken = 0;
    let done = hierarchy(10, 0..1).judged().each(|_| {
        taken += 1;
        if taken == 3 { Err("full") } else { Ok(()) }
    });
    assert_eq!((done, taken), (Err("full"), 3));
}
