//! The project's own SQL: what is refused before any data is read, and what only its rows can show.

use std::fs;

use crate::harness::Project;

#[test]
fn model_queries_that_cannot_be_made_say_why() {
    let project = Project::small();
    type Files<'f> = &'f [(&'f str, &'f str)];
    let cases: [(Files<'_>, &str, &str); 5] = [
        (
            &[
                ("aa", "SELECT case_ref FROM bb"),
                ("bb", "SELECT case_ref FROM aa"),
            ],
            "models form a cycle: aa → bb → aa",
            "sql/model/aa.sql:1:",
        ),
        (
            &[
                ("aa", "SELECT case_ref FROM cc"),
                ("bb", "SELECT case_ref FROM aa"),
                ("cc", "SELECT case_ref FROM bb"),
            ],
            "models form a cycle: aa → cc → bb → aa",
            "sql/model/aa.sql:1:",
        ),
        (
            &[("aa", "SELECT case_ref FROM aa")],
            "models form a cycle: aa → aa",
            "sql/model/aa.sql:1:",
        ),
        (
            &[("aa", "SELECT case_ref FROM need_levels")],
            "model `aa` reads `need_levels`, which is made after it",
            "sql/model/aa.sql:1:",
        ),
        (
            &[(
                "aa",
                "SELECT status, array_agg(case_ref) AS refs FROM cases GROUP BY status ORDER BY status",
            )],
            "column `refs` of model `aa` is List(",
            "sql/model/aa.sql:1:",
        ),
    ];
    for (files, message, place) in cases {
        for (name, text) in files {
            fs::write(project.path(&format!("sql/model/{name}.sql")), text).expect("written");
        }
        let spoken = project.run("--delivery nowhere --out never").expect(2);
        let said = &spoken.stderr;
        assert!(said.contains(&format!("error: {message}")), "{said}");
        assert!(said.contains(place), "{said}");
        assert!(said.ends_with("\n1 mistake in 1 file\n"), "{said}");
        for (name, _) in files {
            fs::remove_file(project.path(&format!("sql/model/{name}.sql"))).expect("removed");
        }
    }
}

#[test]
fn a_byte_order_mark_before_sql_is_no_part_of_it() {
    let project = Project::small();
    for folder in ["sql/model/need_levels.sql", "sql/aggregates/gender.sql"] {
        project.edit(folder, |text| format!("\u{feff}{text}"));
    }
    project.run("").expect(0);
    let wrong = "\u{feff}SELECT cas_ref FROM cases";
    fs::write(project.path("sql/model/aa.sql"), wrong).expect("written");
    let spoken = project.run("").expect(2);
    assert!(
        spoken.stderr.contains("sql/model/aa.sql:1:8"),
        "{}",
        spoken.stderr
    );
}

#[test]
fn an_aggregate_of_rows_that_are_no_figures_is_not_published() {
    let project = Project::small();
    let row = |category: &str, count: &str, share: &str| {
        format!(
            "SELECT '2016-17' AS period, 'closed' AS population, {category} AS category, CAST(1 AS BIGINT) AS sort, \
             CAST({count} AS BIGINT) AS count, CAST(1 AS BIGINT) AS base, CAST({share} AS DOUBLE) AS share"
        )
    };
    let twice = format!(
        "{} UNION ALL {} UNION ALL {} ORDER BY category",
        row("'a'", "1", "1"),
        row("'b'", "1", "1"),
        row("'b'", "2", "1")
    );
    for (query, why) in [
        (row("'a'", "NULL", "1"), "row 1 has no count"),
        (
            row("CAST(NULL AS VARCHAR)", "1", "1"),
            "row 1 has no category",
        ),
        (row("'a'", "1", "'NaN'"), "the share of row 1 is no number"),
        (
            twice,
            "rows 2 and 3 have the same period, population and category",
        ),
    ] {
        fs::write(project.path("sql/aggregates/wrong.sql"), &query).expect("written");
        let spoken = project.run("").expect(3);
        let start = format!("error: sql/aggregates/wrong.sql: {why}");
        assert!(
            spoken.stderr.starts_with(&start),
            "{query}\n{}",
            spoken.stderr
        );
        assert!(!project.path("out/current").exists(), "{query}");
    }
    let good = row("'a'", "0", "NULL");
    fs::write(project.path("sql/aggregates/wrong.sql"), good).expect("written");
    project.run("").expect(0);
}
