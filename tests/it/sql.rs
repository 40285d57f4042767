//! An author's SQL: what is refused before any data is read, and what a run makes of the rest.

use crate::harness::{Project, Row, Sheet, Spoken, parquet_cells};

const PROJECT: &str = "version: 1\nname: shop\ndelivery: { path: in, as_of: 2017-10-09 }\n";

const ORDERS: &str = r#"version: 1
table: orders
description: Orders.
source: { files: "orders.csv" }
key: [id]
columns:
  id: { type: integer, description: Number. }
  n: { type: integer, description: Pieces. }
  d: { type: date, formats: ["%Y-%m-%d"], description: Day. }
  v: { type: string, description: Remark. }
"#;

const ITEMS: &str = r#"version: 1
table: items
description: Items.
source: { files: "items.csv" }
key: [item]
columns:
  item: { type: integer, description: Number. }
  order_id: { type: integer, description: Order. }
"#;

const ORDERS_CSV: &str = "id,n,d,v\n1,15,2017-02-01,abc\n2,0,2017-02-02,(x)\n3,,,\n";
const ITEMS_CSV: &str = "item,order_id\n7,1\n8,2\n9,5\n10,1\n";

/// Rules of `orders`, a model table and an aggregate.
#[derive(Clone, Copy, Default)]
struct Written<'w> {
    rules: &'w str,
    model: &'w str,
    aggregate: &'w str,
}

/// A rule with a condition.
fn expression(condition: &str) -> String {
    rule(&format!("expression: {{ sql: {} }}", quoted(condition)))
}

/// A rule with a query.
fn failed_rows(query: &str) -> String {
    rule(&format!("failed_rows: {{ sql: {} }}", quoted(query)))
}

fn rule(check: &str) -> String {
    format!("rules:\n  - id: orders.rule\n    check: {{ {check} }}\n    why: Because.\n")
}

fn quoted(sql: &str) -> String {
    format!("'{}'", sql.replace('\'', "''"))
}

fn run(written: Written<'_>) -> (Project, Spoken) {
    let orders = format!("{ORDERS}{}", written.rules);
    let mut files = vec![
        ("rules/project.yaml", PROJECT),
        ("rules/tables/orders.yaml", &orders),
        ("rules/tables/items.yaml", ITEMS),
        ("in/orders.csv", ORDERS_CSV),
        ("in/items.csv", ITEMS_CSV),
    ];
    for (path, text) in [
        ("sql/model/made.sql", written.model),
        ("sql/aggregates/counted.sql", written.aggregate),
    ] {
        if !text.is_empty() {
            files.push((path, text));
        }
    }
    let project = Project::of(&files);
    let spoken = project.run("");
    (project, spoken)
}

fn run_rules(rules: &str) -> (Project, Spoken) {
    run(Written {
        rules,
        ..Written::default()
    })
}

/// The rules are a mistake of the project: it is told with its place and `words`, and nothing was made.
fn refused(written: Written<'_>, case: &str, words: &str) {
    let (project, spoken) = run(written);
    let said = &spoken.stderr;
    assert_eq!(spoken.code, Some(2), "{case}\n{said}");
    assert!(said.contains(words), "{case}\n{said}");
    assert!(said.contains("--> "), "{case}: no place\n{said}");
    assert!(!project.path("out").exists(), "{case}: something was made");
}

fn refused_rules(rules: &str, words: &str) {
    let written = Written {
        rules,
        ..Written::default()
    };
    refused(written, rules, words);
}

/// What `rule_results` says of `orders.rule`, and the message of a rule error.
fn result(project: &Project, spoken: &Spoken) -> (Row, Option<String>) {
    let run = project.path(&spoken.folder());
    let results = Sheet::read(&run.join("rule_results.csv")).rows;
    let found = results.iter().find(|row| &row["rule_id"] == "orders.rule");
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    let error = log
        .iter()
        .find(|row| &row["rule_id"] == "orders.rule_error");
    let message = error.map(|row| row["message"].to_owned());
    (found.expect("the rule's result").clone(), message)
}

/// The rules run, and so many rows pass, fail and are not evaluated.
fn counted(rules: &str, counts: [&str; 3]) {
    let (project, spoken) = run_rules(rules);
    let spoken = spoken.expect(0);
    let (row, error) = result(&project, &spoken);
    let told = [&row["evaluated"], &row["failed"], &row["not_evaluated"]];
    assert_eq!((told, error), (counts, None), "{rules}");
}

/// The rules run, and the rule is in error for a reason with `words`, which blocks the run.
fn in_error(rules: &str, words: &str) {
    let (project, spoken) = run_rules(rules);
    let spoken = spoken.expect(1);
    assert_eq!(spoken.stderr, "", "{rules}");
    let (row, error) = result(&project, &spoken);
    assert_eq!(&row["status"], "error", "{rules}");
    let error = error.unwrap_or_default();
    assert!(error.contains(words), "{rules}\n{error}");
}

fn chain(terms: usize, term: &str, by: &str) -> String {
    vec![term; terms].join(by)
}

#[test]
fn sql_too_deep_for_a_stack_is_refused() {
    const DEEP: &str = "SQL may chain or nest 1,000 terms";
    let or = |terms| chain(terms, "n = 0", " OR ");
    counted(&expression(&or(1_000)), ["2", "1", "1"]);
    let rows = |condition: &str| format!("SELECT \"_row\" FROM orders WHERE {condition}");
    // A query is one level, its table another.
    counted(&failed_rows(&rows(&or(998))), ["3", "1", "0"]);
    for condition in [
        or(1_001),
        or(20_000),
        chain(1_001, "n = 0", " AND "),
        format!("{} > 0", chain(1_001, "n", " + ")),
        format!("CASE {} END", chain(501, "WHEN n = 1 THEN true", " ")),
        format!("n{} > 0", chain(30_000, "::int", "")),
    ] {
        refused_rules(&expression(&condition), DEEP);
        refused_rules(&failed_rows(&rows(&condition)), DEEP);
        let only_where = format!("{}    where: {}\n", expression("n > 1"), quoted(&condition));
        refused_rules(&only_where, DEEP);
    }
    let united = chain(1_001, "SELECT \"_row\" FROM orders", " UNION ALL ");
    refused_rules(&failed_rows(&united), DEEP);
    let joined = format!(
        "SELECT a.\"_row\" FROM orders a {}",
        chain(1_001, "CROSS JOIN items", " ")
    );
    refused_rules(&failed_rows(&joined), DEEP);
    let long = format!("n IN ({})", chain(100_000, "12", ", "));
    refused_rules(&expression(&long), "SQL may have 256 KiB");
}

#[test]
fn sql_that_says_something_else_every_time_is_refused() {
    const WORDS: &str = "says something else every time";
    for (call, comparable) in [
        ("now()", "to_timestamp(v)"),
        ("current_timestamp", "to_timestamp(v)"),
        ("current_date", "d"),
        ("CURRENT_DATE()", "d"),
        ("today()", "d"),
        ("current_time", "to_timestamp(v)::time"),
        ("uuid()", "v"),
        ("random()", "n"),
    ] {
        let condition = format!("{call} > {comparable}");
        let place = format!(
            "orders.yaml:13:{}",
            "    check: { expression: { sql: '".len() + 1
        );
        refused_rules(&expression(&condition), WORDS);
        refused_rules(&expression(&condition), &place);
        let deep = format!(
            "SELECT \"_row\" FROM orders WHERE id IN (SELECT id FROM orders WHERE {condition})"
        );
        refused_rules(&failed_rows(&deep), WORDS);
        let model = format!("SELECT id FROM orders\nWHERE {condition}");
        let model = Written {
            model: &model,
            ..Written::default()
        };
        refused(model, call, WORDS);
        refused(model, call, "made.sql:2:7");
        let aggregate = format!(
            "SELECT 'p' AS period, v AS population, v AS category, 1 AS sort, count({call}) AS count, 1 AS base, 0.5::double AS share FROM orders GROUP BY v ORDER BY v"
        );
        let aggregate = Written {
            aggregate: &aggregate,
            ..Written::default()
        };
        refused(aggregate, call, WORDS);
    }
    counted(&expression("d < as_of()"), ["2", "0", "1"]);
}

#[test]
fn queries_see_cells_as_delivered() {
    let rows = |condition: &str| format!("SELECT \"_row\" FROM orders WHERE {condition}");
    for (query, failed) in [
        (rows("\"_raw.n\" IS NOT NULL"), "3"),
        (rows("\"_raw.n\" = ''"), "1"),
        (rows("\"_missing.n\" IS NULL OR n = 15"), "1"),
        (rows("false"), "0"),
        (rows("id IN (SELECT order_id FROM items WHERE false)"), "0"),
    ] {
        counted(&failed_rows(&query), ["3", failed, "0"]);
    }
    let evaluated = r#"evaluated: "\"_raw.n\" <> ''" } }"#;
    let rule = failed_rows(&rows("n = 15")).replacen("} }", &format!(", {evaluated}"), 1);
    counted(&rule, ["2", "1", "1"]);
}

#[test]
fn a_failing_row_is_one_of_the_rules_table() {
    const ELSEWHERE: &str = "`_row` names a bad row of `orders` and this comes from elsewhere";
    for query in [
        "SELECT 999999 AS \"_row\"",
        "SELECT -1 AS \"_row\" FROM orders",
        "SELECT CAST(NULL AS BIGINT) AS \"_row\" FROM orders",
        "SELECT \"_row\" FROM items",
        "SELECT id AS \"_row\" FROM orders",
        "SELECT \"_line\" AS \"_row\" FROM orders",
        "SELECT i.\"_row\" FROM orders o JOIN items i ON i.order_id = o.id",
        "SELECT \"_row\" FROM orders UNION ALL SELECT \"_row\" FROM items",
        "SELECT count(*) AS \"_row\" FROM orders",
        "SELECT count(\"_row\") OVER () AS \"_row\" FROM orders",
        "SELECT CAST(row_number() OVER (ORDER BY \"_row\") AS BIGINT) AS \"_row\" FROM orders",
        "WITH r AS (SELECT * FROM items) SELECT r.\"_row\" FROM r, orders",
        "SELECT * FROM (VALUES (1), (2)) v (\"_row\")",
    ] {
        refused_rules(&failed_rows(query), ELSEWHERE);
    }
    for (query, failed) in [
        (
            "SELECT o.\"_row\" FROM orders o JOIN items i ON i.order_id = o.id",
            "2",
        ),
        (
            "SELECT min(\"_row\") AS \"_row\" FROM orders GROUP BY n IS NULL",
            "2",
        ),
        ("SELECT \"_row\" FROM orders GROUP BY \"_row\"", "3"),
        (
            "SELECT DISTINCT \"_row\" FROM orders ORDER BY 1 LIMIT 2",
            "2",
        ),
        (
            "SELECT \"_row\" FROM (SELECT lag(\"_row\") OVER (ORDER BY id DESC) AS \"_row\" FROM orders) q WHERE \"_row\" IS NOT NULL",
            "2",
        ),
        (
            "SELECT CASE WHEN n > 1 THEN \"_row\" ELSE 3 END AS \"_row\" FROM orders",
            "2",
        ),
        (
            "SELECT (SELECT max(\"_row\") FROM orders) AS \"_row\" FROM items",
            "1",
        ),
        (
            "WITH r AS (SELECT * FROM orders) SELECT a.\"_row\" FROM r a JOIN r b ON a.n = b.n",
            "2",
        ),
        (
            "SELECT \"_row\" FROM orders WHERE n = 0 UNION SELECT \"_row\" FROM orders",
            "3",
        ),
    ] {
        counted(&failed_rows(query), ["3", failed, "0"]);
    }
    for (query, words) in [
        (
            "SELECT \"_row\" + 1 AS \"_row\" FROM orders",
            "a `_row` that is no row of the table",
        ),
        (
            "SELECT \"_row\" - 1 AS \"_row\" FROM orders",
            "a `_row` that is no row of the table",
        ),
        (
            "SELECT nullif(\"_row\", 2) AS \"_row\" FROM orders",
            "a `_row` that is null",
        ),
        (
            "SELECT o.\"_row\" FROM items i LEFT JOIN orders o ON i.order_id = o.id",
            "a `_row` that is null",
        ),
    ] {
        in_error(&failed_rows(query), words);
    }
}

#[test]
fn a_rejected_record_is_no_row() {
    let rules = failed_rows("SELECT \"_row\" - 1 AS \"_row\" FROM orders WHERE id = 2");
    let orders = format!("{ORDERS}{rules}");
    let project = Project::of(&[
        ("rules/project.yaml", PROJECT),
        ("rules/tables/orders.yaml", &orders),
        (
            "in/orders.csv",
            "id,n,d,v\n1,15,,\none,too,many,cells,here\n2,0,,\n",
        ),
    ]);
    let spoken = project.run("").expect(1);
    let (row, error) = result(&project, &spoken);
    assert_eq!(&row["status"], "error");
    let error = error.unwrap_or_default();
    assert!(error.contains("no row of the table"), "{error}");
}

#[test]
fn integers_that_grow_too_large_are_an_error() {
    const LARGE: &str = "a number grew too large for its type";
    const MAX: &str = "9223372036854775807";
    for condition in [
        format!("n * {MAX} > 1"),
        format!("{MAX} + n > 1"),
        format!("n - {MAX} - 2 < 1"),
        format!("-(n - {MAX} - 1) > 1"),
        format!("CASE WHEN n = 15 THEN abs(n + {MAX}) > 1 ELSE true END"),
        format!("n IN (n + {MAX}, 1)"),
    ] {
        in_error(&expression(&condition), LARGE);
        let query = format!("SELECT \"_row\" FROM orders WHERE NOT ({condition})");
        in_error(&failed_rows(&query), LARGE);
    }
    for condition in [
        "n + 1 = 16 OR n * 2 = 0",
        "-n < 1 AND - 5 < n",
        "n + 1.5 > 1 AND n - 0.5 < 15",
        "\"_missing.n\" + n = n AND n + \"_row\" > n",
        "n + NULL IS NULL AND n + CAST(1 AS DOUBLE) > 0",
        "d - INTERVAL '1 day' < d AND n > -1",
        "n % 15 + 3 * n = 45 OR n = 0",
    ] {
        counted(&expression(condition), ["2", "0", "1"]);
    }
}

#[test]
fn sums_that_grow_too_large_end_the_run() {
    let large = "9223372036854775790";
    for (model, told) in [
        (
            format!("SELECT sum(n + {large}) AS s FROM orders ORDER BY 1"),
            true,
        ),
        (
            format!("SELECT id, sum(n + {large}) OVER (ORDER BY id) AS s FROM orders ORDER BY id"),
            true,
        ),
        (
            format!(
                "SELECT sum(n) OVER (ORDER BY id ROWS 1 PRECEDING) AS s, n * {large} AS x FROM orders ORDER BY id"
            ),
            true,
        ),
        (
            format!(
                "SELECT n IS NULL AS g, sum(DISTINCT n + {large}) AS s FROM orders GROUP BY n IS NULL ORDER BY 1"
            ),
            true,
        ),
        (
            format!("SELECT sum({large} - n) - {large} AS s FROM orders WHERE n = 15 ORDER BY 1"),
            false,
        ),
    ] {
        let (_, spoken) = run(Written {
            model: &model,
            ..Written::default()
        });
        assert_eq!(
            spoken.code,
            Some(if told { 3 } else { 0 }),
            "{model}\n{}",
            spoken.stderr
        );
        let large = spoken
            .stderr
            .contains("a number grew too large for its type");
        assert_eq!(large, told, "{model}\n{}", spoken.stderr);
    }
    let model = "
        SELECT order_id, sum(item) AS s, sum(DISTINCT item % 2) AS d, sum(item) + 1 AS m, sum(item * 1.5) AS f,
          sum(CAST(order_id AS INT)) AS i, sum(item) FILTER (WHERE item > 7) AS w, sum(n.n) AS n,
          sum(sum(item)) OVER (ORDER BY order_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS o
        FROM items, (SELECT n FROM orders WHERE n IS NULL) n GROUP BY order_id ORDER BY order_id";
    let (project, spoken) = run(Written {
        model,
        ..Written::default()
    });
    let spoken = spoken.expect(0);
    let rows = parquet_cells(&project.path(&spoken.folder()).join("model/made.parquet"));
    let cells: Vec<String> = rows
        .iter()
        .map(|row| {
            let cell = |name: &&str| row[*name].clone().unwrap_or_default();
            ["order_id", "s", "d", "m", "i", "w", "n", "o"]
                .iter()
                .map(cell)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        cells,
        ["1 17 1 18 2 10  17", "2 8 0 9 2 8  25", "5 9 1 10 5 9  17"]
    );
}

#[test]
fn what_can_never_be_computed_is_told_with_its_place() {
    for (condition, words) in [
        ("v ~ '('", "unclosed group"),
        ("v !~* '['", "unclosed character class"),
        ("regexp_like(v, '(((')", "unclosed group"),
        (
            "length(regexp_replace(v, '*', '')) > 1",
            "repetition operator missing expression",
        ),
        ("d > 'abc'", "'abc'"),
        ("d > '2017-02-30'", "'2017-02-30'"),
        ("n > CAST('x' AS INT)", "'x'"),
        ("n > 1 / 0", "ivide by zero"),
        ("n < 9223372036854775807 + 1", "verflow"),
        ("to_timestamp('soon') > d", "soon"),
    ] {
        refused_rules(&expression(condition), words);
        let only_where = format!("{}    where: {}\n", expression("n > 1"), quoted(condition));
        refused_rules(&only_where, words);
        let rows = format!("SELECT \"_row\" FROM orders WHERE {condition}");
        refused_rules(&failed_rows(&rows), words);
        let model = format!("SELECT id FROM orders\nWHERE {condition}");
        let model = Written {
            model: &model,
            ..Written::default()
        };
        refused(model, condition, words);
        refused(model, condition, "made.sql:1:1");
    }
    for condition in [
        "v ~ '^a' OR v ~ '.'",
        "v ~ 'a' OR n >= 0",
        "d > '2017-01-31'",
        "CASE WHEN n = 0 THEN true ELSE 1 / n >= 0 END",
        "coalesce(1 / nullif(n, 0), 1) >= 0",
        "n >= CAST('0' AS INT)",
    ] {
        let present = format!("CASE WHEN n IS NULL THEN NULL ELSE {condition} END");
        counted(&expression(&present), ["2", "0", "1"]);
    }
}

#[test]
fn a_query_that_fails_on_the_data_names_its_file() {
    let aggregate = "SELECT 'p' AS period, v AS population, v AS category, 1 AS sort, CAST(v AS BIGINT) AS count, 1 AS base, CAST(1 AS DOUBLE) AS share FROM orders ORDER BY v";
    let model = Written {
        model: "SELECT id, 1 / n AS x FROM orders",
        ..Written::default()
    };
    let aggregate = Written {
        aggregate,
        ..Written::default()
    };
    for (written, words) in [
        (
            model,
            "model table `made` (sql/model/made.sql) failed: a number was divided by zero",
        ),
        (
            aggregate,
            "aggregate `counted` (sql/aggregates/counted.sql) failed: a value could not be read",
        ),
    ] {
        let (_, spoken) = run(written);
        let said = spoken.expect(3).stderr;
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn what_no_condition_or_query_may_be_is_told_in_plain_words() {
    for (condition, words) in [
        (
            "n IN (SELECT item FROM items)",
            "error: a condition looks at one row, so it may hold no query\n",
        ),
        ("EXISTS (SELECT 1 FROM items)", "so it may hold no query\n"),
        (
            "n > (SELECT max(n) FROM orders)",
            "so it may hold no query\n",
        ),
        ("sum(n) > 1", "so it may hold no aggregate\n"),
        ("n = count(*)", "so it may hold no aggregate\n"),
        (
            "row_number() OVER () > 1",
            "so it may hold no window function\n",
        ),
        ("sum(n) OVER () > 1", "so it may hold no window function\n"),
        ("v = 'abc", "error: unterminated string literal\n"),
        ("n + 1", "error: a condition must be true or false"),
    ] {
        refused_rules(&expression(condition), words);
    }
    let nested = format!("{}n{} > 1", "(".repeat(60), ")".repeat(60));
    let words = "error: brackets and calls may stand 50 deep in each other";
    refused_rules(&expression(&nested), words);
    for (query, words) in [
        (
            "COPY orders TO 'x.csv'",
            "error: a query may only select and this is COPY\n",
        ),
        (
            "DELETE FROM orders",
            "error: a query may only select and this is DELETE\n",
        ),
        (
            "DROP TABLE orders",
            "error: a query may only select and this is ",
        ),
        ("SET a = 1", "error: a query may only select and this is "),
        ("SHOW TABLES", "error: a query may only select\n"),
        (
            "SELECT 1; SELECT 2",
            "error: one query may stand here and these are several statements\n",
        ),
        ("-- none", "error: the query is empty\n"),
    ] {
        refused_rules(&failed_rows(query), words);
    }
}

#[test]
fn an_error_of_a_rule_says_what_failed() {
    for (condition, words) in [
        ("to_timestamp(v) > d", "`to_timestamp` failed: "),
        ("n > 100 OR date_trunc(v, d) > d", "`date_trunc` failed: "),
        (
            "1 / n > 0",
            "could not be evaluated: a number was divided by zero",
        ),
        (
            "CAST(v AS INT) > 0",
            "could not be evaluated: a value could not be read",
        ),
        (
            "v ~ concat('(', v)",
            "could not be evaluated: a regular expression cannot be read;",
        ),
    ] {
        in_error(&expression(condition), words);
    }
}

#[test]
fn relationships_hold_between_columns_of_like_types() {
    for (column, words) in [
        (
            "v",
            "`v` is text and `item` of `items` is a number: they can never be equal",
        ),
        (
            "d",
            "`d` is a date and `item` of `items` is a number: they can never be equal",
        ),
    ] {
        let columns = format!(
            "relationships: {{ to: items, columns: [id, {column}], to_columns: [order_id, item] }}"
        );
        refused_rules(&rule(&columns), words);
        let under = ORDERS.replace(
            &format!("  {column}: {{"),
            &format!("  {column}: {{ relationships: {{ to: items, column: item, why: Because. }},"),
        );
        let project = Project::of(&[
            ("rules/project.yaml", PROJECT),
            ("rules/tables/orders.yaml", &under),
            ("rules/tables/items.yaml", ITEMS),
        ]);
        let said = project.run("").expect(2).stderr;
        assert!(
            said.contains(words) && said.contains("orders.yaml:"),
            "{said}"
        );
    }
    counted(
        &rule("relationships: { to: items, columns: [id], to_columns: [order_id] }"),
        ["3", "1", "0"],
    );
}
