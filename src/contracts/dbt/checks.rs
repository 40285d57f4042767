//! Tests of dbt, and of the packages dbt_utils and dbt_expectations, as rules.

use super::{
    super::{
        draft::{Draft, RuleDraft, ident, literal, plain, set},
        foreign::{Foreign, scalar, slug, texts},
        limits::{Compared, row_count, shifted},
        odcs::{one_of, whole},
    },
    Refused,
    config::{SILENT, configured},
    is_jinja, referred, what,
};
use crate::diagnostics::{
    Span,
    yaml::{
        Node, Value,
        write::{Entry, Yaml},
    },
};

/// A test while it is read.
pub struct Test {
    /// Its name with its package, such as `dbt_utils.accepted_range`.
    pub full: String,
    /// Its name alone.
    pub name: String,
    pub span: Span,
    /// What is tested.
    arguments: Node,
    /// What it says of itself.
    pub config: Vec<(String, Node)>,
    /// Whether it stands among the constraints.
    is_constraint: bool,
}

/// Keys that configure a test, whether they stand under `config` or not.
const CONFIG: [&str; 8] = [
    "severity",
    "where",
    "error_if",
    "warn_if",
    "enabled",
    "row_condition",
    "description",
    "limit",
];

impl Test {
    /// A test as the file lists it: a name, a name with arguments, or a map that says its name.
    fn read(node: &Node, foreign: &Foreign<'_>) -> Option<Self> {
        let span = foreign.span(node);
        let empty = Node {
            bytes: node.bytes.clone(),
            value: Value::Map(Vec::new()),
        };
        let (full, body) = match &node.value {
            Value::Scalar { text, .. } => (text.clone(), empty),
            Value::Map(_) if node.get("test_name").is_some() => (
                node.get("test_name").and_then(scalar)?.to_owned(),
                node.clone(),
            ),
            Value::Map(entries) => match &entries[..] {
                [(key, body)] => (key.text.clone(), body.clone()),
                // `- unique:` with its settings beside it, indented one step too little.
                [(key, body), ..] if body.is_null() => (key.text.clone(), node.clone()),
                _ => return None,
            },
            Value::Sequence(_) => return None,
        };
        let mut arguments = Vec::new();
        let mut config = Vec::new();
        for (key, value) in body.entries() {
            match key.text.as_str() {
                "config" => config.extend(
                    value
                        .entries()
                        .iter()
                        .map(|(k, v)| (k.text.clone(), v.clone())),
                ),
                "arguments" => arguments.extend(value.entries().to_vec()),
                name if CONFIG.contains(&name) || SILENT.contains(&name) => {
                    config.push((key.text.clone(), value.clone()))
                }
                "test_name" | "column_name" => {}
                name if name == full => {}
                _ => arguments.push((key.clone(), value.clone())),
            }
        }
        // Those of dbt_expectations stand among the arguments in newer files.
        let (moved, arguments): (Vec<_>, Vec<_>) = arguments
            .into_iter()
            .partition(|(key, _)| key.text == "row_condition");
        config.extend(moved.into_iter().map(|(key, value)| (key.text, value)));
        Some(Self::new(
            full,
            span,
            Node {
                bytes: body.bytes.clone(),
                value: Value::Map(arguments),
            },
            config,
        ))
    }

    fn new(full: String, span: Span, arguments: Node, config: Vec<(String, Node)>) -> Self {
        let name = full.rsplit('.').next().unwrap_or_default().to_owned();
        Self {
            full,
            name,
            span,
            arguments,
            config,
            is_constraint: false,
        }
    }

    /// A constraint as the test that says the same.
    pub fn of_constraint(
        node: &Node,
        name: &str,
        arguments: Vec<(&str, Node)>,
        foreign: &Foreign<'_>,
    ) -> Self {
        let key = |text: &str| crate::diagnostics::yaml::Key {
            text: text.to_owned(),
            bytes: node.bytes.clone(),
        };
        let arguments = arguments
            .into_iter()
            .map(|(name, node)| (key(name), node))
            .collect();
        let arguments = Node {
            bytes: node.bytes.clone(),
            value: Value::Map(arguments),
        };
        let mut test = Self::new(name.to_owned(), foreign.span(node), arguments, Vec::new());
        test.is_constraint = true;
        test
    }

    fn argument(&self, key: &str) -> Option<String> {
        self.arguments.get(key).and_then(scalar).map(str::to_owned)
    }

    fn says(&self, key: &str, by_default: bool) -> bool {
        self.argument(key)
            .map_or(by_default, |said| said.eq_ignore_ascii_case("true"))
    }
}

/// Adds the rule that a test of a column or a table asks for, or says why there is none.
pub fn add(node: &Node, column: Option<usize>, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    match Test::read(node, foreign) {
        Some(test) => add_test(test, column, draft, foreign),
        None => {
            let why = "it is no test: write its name, or its name with its arguments below";
            foreign.note(foreign.span(node), what(draft, column, "a test"), why);
        }
    }
}

/// The same for a test that has been read.
pub fn add_test(test: Test, column: Option<usize>, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let of = what(draft, column, &test.full);
    let before = foreign.notes.len();
    if let Err((span, why)) = rule(&test, column, draft, foreign) {
        // What would have differed does not matter any more.
        foreign.notes.truncate(before);
        foreign.note(span, of, why);
    }
}

fn rule(
    test: &Test,
    column: Option<usize>,
    draft: &mut Draft,
    foreign: &mut Foreign<'_>,
) -> Result<(), Refused> {
    let what = what(draft, column, &test.full);
    let of = what.split(": ").next().unwrap_or_default().to_owned();
    let asks = if test.is_constraint {
        "asks in its constraints for"
    } else {
        "asks for"
    };
    let why = format!(
        "The dbt file {} {asks} `{}` of {of}.",
        foreign.file, test.full
    );
    let blank = RuleDraft {
        kind: String::new(),
        id: format!(
            "{of}.{}",
            slug(&test.name).unwrap_or_else(|| "test".to_owned())
        ),
        what,
        span: test.span.clone(),
        check: Vec::new(),
        settings: vec![
            Entry::new("severity", Yaml::text("error")),
            Entry::new("why", Yaml::text(why)),
        ],
    };
    let mut asked = Asked {
        test,
        column,
        draft,
        foreign,
        used: Vec::new(),
    };
    let rule = asked.kind(blank).map_err(|why| (test.span.clone(), why))?;
    let used = std::mem::take(&mut asked.used);
    let rule = configured(test, rule, foreign)?;
    let left: Vec<&str> = test
        .arguments
        .entries()
        .iter()
        .map(|(key, _)| key.text.as_str())
        .filter(|key| !used.contains(key))
        .collect();
    if !left.is_empty() {
        let why = format!(
            "its argument `{}` is not understood, and the rule would be another without it",
            left.join("`, `")
        );
        return Err((test.span.clone(), why));
    }
    let under = matches!(
        rule.kind.as_str(),
        "not_null"
            | "unique"
            | "accepted_values"
            | "relationships"
            | "range"
            | "length"
            | "pattern"
    );
    let several = rule.check.iter().any(|entry| entry.key == "columns");
    match column.filter(|_| under && !several) {
        Some(column) => {
            let kind = rule.kind.clone();
            let span = rule.span.clone();
            let again = format!(
                "the column has a rule `{kind}` already, and a column has one of each kind: put both into an `expression`"
            );
            draft.add_under(column, rule).map_err(|_| (span, again))
        }
        None if under && !several => Err((
            test.span.clone(),
            "it stands under a table, and is about a column".to_owned(),
        )),
        None => {
            draft.add(rule);
            Ok(())
        }
    }
}

/// A test with what it is asked of.
struct Asked<'t, 'd, 'f, 's> {
    test: &'t Test,
    column: Option<usize>,
    draft: &'d Draft,
    foreign: &'f Foreign<'s>,
    /// Arguments that were understood.
    used: Vec<&'static str>,
}

impl Asked<'_, '_, '_, '_> {
    fn name(&self) -> Result<(&str, &'static str), String> {
        let column = self
            .column
            .ok_or("it stands under a table, and is about a column")?;
        let column = &self.draft.columns[column];
        Ok((&column.name, column.ty))
    }

    fn text(&mut self, key: &'static str) -> Result<String, String> {
        let said = self.optional(key)?;
        said.ok_or_else(|| format!("it does not say `{key}`"))
    }

    fn optional(&mut self, key: &'static str) -> Result<Option<String>, String> {
        self.used.push(key);
        match self.test.argument(key) {
            Some(said) if is_jinja(&said) => Err(format!("its `{key}` is computed by dbt (Jinja)")),
            said => Ok(said),
        }
    }

    fn list(&mut self, key: &'static str) -> Result<Vec<String>, String> {
        self.used.push(key);
        let found = texts(&self.test.arguments, key);
        match found.iter().any(|text| is_jinja(text)) {
            true => Err(format!("its `{key}` is computed by dbt (Jinja)")),
            false if found.is_empty() => Err(format!("it does not list `{key}`")),
            false => Ok(found),
        }
    }

    fn columns(&mut self, key: &'static str) -> Result<Vec<String>, String> {
        Ok(self
            .list(key)?
            .iter()
            .map(|name| self.foreign.named(name))
            .collect())
    }

    /// The rule that is asked for.
    fn kind(&mut self, rule: RuleDraft) -> Result<RuleDraft, String> {
        Ok(match self.test.name.as_str() {
            "not_null" | "expect_column_values_to_not_be_null" => rule.of_kind("not_null"),
            "unique" | "expect_column_values_to_be_unique" => rule.of_kind("unique"),
            "accepted_values" => {
                self.used.push("quote");
                let values = self.list("values")?;
                self.one_of(rule, &values)?
            }
            "expect_column_values_to_be_in_set" => {
                self.used.push("quote_values");
                let values = self.list("value_set")?;
                self.one_of(rule, &values)?
            }
            "not_accepted_values" | "expect_column_values_to_not_be_in_set" => {
                self.used.extend(["quote", "quote_values"]);
                let key = if self.test.name == "not_accepted_values" {
                    "values"
                } else {
                    "value_set"
                };
                let values = self.list(key)?;
                let (column, ty) = self.name()?;
                let literals: Option<Vec<String>> =
                    values.iter().map(|value| literal(ty, value)).collect();
                let literals = literals
                    .ok_or_else(|| format!("one of its values is no value of type {ty}"))?;
                rule.condition(
                    &[&ident(column), " NOT IN (", &literals.join(", "), ")"].concat(),
                    Some(column),
                )
            }
            "relationships" => {
                let to = self.table("to")?;
                let field = self.text("field")?;
                let field = self.foreign.named(&field);
                rule.of_kind("relationships")
                    .check("to", Yaml::text(to))
                    .check("column", Yaml::text(field))
            }
            "relationships_where" => {
                let to = self.table("to")?;
                let field = self.text("field")?;
                let field = self.foreign.named(&field);
                let mut rule = rule
                    .of_kind("relationships")
                    .check("to", Yaml::text(to))
                    .check("column", Yaml::text(field));
                if let Some(condition) = self.optional("to_condition")? {
                    rule = rule.check("to_where", Yaml::text(condition));
                }
                if let Some(condition) = self.optional("from_condition")? {
                    set(&mut rule.settings, "where", Yaml::text(condition));
                }
                rule
            }
            "unique_combination_of_columns" | "expect_compound_columns_to_be_unique" => {
                self.used.extend(["quote_columns", "quote"]);
                let key = if self.test.name.starts_with("unique") {
                    "combination_of_columns"
                } else {
                    "column_list"
                };
                let columns = self.columns(key)?;
                let nulls = self.optional("ignore_row_if")?;
                if nulls.is_some_and(|nulls| nulls != "any_value_is_missing") {
                    return Err(
                        "a row in which one of the columns is missing is not evaluated here"
                            .to_owned(),
                    );
                }
                let mut rule = rule
                    .of_kind("unique")
                    .check("columns", Yaml::texts(columns));
                rule.id = format!("{}.key.unique", self.draft.name);
                rule
            }
            "expression_is_true" | "check" => self.expression(rule)?,
            "accepted_range" | "expect_column_values_to_be_between" => self.between(rule)?,
            "expect_column_value_lengths_to_be_between" => self.length(rule)?,
            "expect_column_value_lengths_to_equal" => {
                let value = self.text("value")?;
                rule.of_kind("length")
                    .check("min", plain(value.clone()))
                    .check("max", plain(value))
            }
            "not_empty_string" => {
                // Cells are trimmed, and a blank one is missing.
                self.used.push("trim_whitespace");
                rule.of_kind("not_null")
            }
            "expect_column_values_to_match_regex" => {
                let regex = self.regex()?;
                rule.of_kind("pattern")
                    .check("regex", Yaml::text(whole(&regex)))
            }
            "expect_column_values_to_not_match_regex" => {
                let regex = self.regex()?;
                let (column, _) = self.name()?;
                let pattern = literal("string", &regex).unwrap_or_default();
                rule.condition(
                    &["NOT regexp_like(", &ident(column), ", ", &pattern, ")"].concat(),
                    Some(column),
                )
            }
            "expect_column_values_to_be_null" => {
                let (column, _) = self.name()?;
                rule.condition(&[&ident(column), " IS NULL"].concat(), Some(column))
            }
            "expect_column_pair_values_A_to_be_greater_than_B" => {
                let pair = [self.text("column_A")?, self.text("column_B")?]
                    .map(|c| self.foreign.named(&c));
                self.used.push("or_equal");
                let sign = if self.test.says("or_equal", false) {
                    " >= "
                } else {
                    " > "
                };
                rule.condition(
                    &[&ident(&pair[0]), sign, &ident(&pair[1])].concat(),
                    Some(&pair[0]),
                )
            }
            "expect_column_pair_values_to_be_equal" => {
                let pair = [self.text("column_A")?, self.text("column_B")?]
                    .map(|c| self.foreign.named(&c));
                rule.condition(
                    &[&ident(&pair[0]), " = ", &ident(&pair[1])].concat(),
                    Some(&pair[0]),
                )
            }
            "expect_table_row_count_to_be_between" => {
                let (min, max) = (self.optional("min_value")?, self.optional("max_value")?);
                self.counted(
                    rule,
                    match (min, max) {
                        (Some(min), Some(max)) => Compared::Within(min, max),
                        (Some(min), None) => Compared::AtLeast(min),
                        (None, Some(max)) => Compared::AtMost(max),
                        (None, None) => {
                            return Err("it says neither `min_value` nor `max_value`".to_owned());
                        }
                    },
                )?
            }
            "expect_table_row_count_to_equal" => {
                let value = self.text("value")?;
                self.counted(rule, Compared::Equal(value))?
            }
            "not_null_proportion" => {
                let least = self.text("at_least")?;
                let most = self.optional("at_most")?;
                if most.is_some_and(|most| most.parse::<f64>() != Ok(1.0)) {
                    return Err("no rule fails because too few cells are missing".to_owned());
                }
                let missing = complement(&least)
                    .ok_or_else(|| format!("`{least}` is no share from 0 to 1"))?;
                let mut rule = rule.of_kind("not_null");
                if missing != "0" {
                    let share = Yaml::Map(vec![Entry::new("max_share", plain(missing))]);
                    set(&mut rule.settings, "threshold", share);
                }
                rule
            }
            other => return Err(why_not(other)),
        })
    }

    fn one_of(&self, rule: RuleDraft, values: &[String]) -> Result<RuleDraft, String> {
        let (column, ty) = self.name()?;
        one_of(rule, &self.draft.name, column, ty, values)
    }

    /// The table that a test refers to.
    fn table(&mut self, key: &'static str) -> Result<String, String> {
        self.used.push(key);
        let said = self
            .test
            .argument(key)
            .ok_or_else(|| format!("it does not say `{key}`"))?;
        let plain_name = !said.contains(['(', '{']);
        match referred(&said) {
            Some(table) => Ok(self.foreign.named(&table)),
            None if plain_name => Ok(self.foreign.named(&said)),
            None => Err(format!(
                "`{said}` is no plain `ref('…')` or `source('…', '…')`, so the table is not known here"
            )),
        }
    }

    fn expression(&mut self, mut rule: RuleDraft) -> Result<RuleDraft, String> {
        let said = self.text("expression")?;
        let condition = said.trim().to_owned();
        let (sql, column) = match self.column {
            // Under a column dbt puts the column before it.
            Some(column) if !self.test.is_constraint => {
                let column = self.draft.columns[column].name.clone();
                ([&ident(&column), " ", &condition].concat(), Some(column))
            }
            Some(column) => (condition, Some(self.draft.columns[column].name.clone())),
            None => (condition, None),
        };
        self.used.push("condition");
        if let Some(condition) = self.test.argument("condition") {
            set(&mut rule.settings, "where", Yaml::text(condition));
        }
        Ok(rule.condition(&sql, column.as_deref()))
    }

    fn between(&mut self, rule: RuleDraft) -> Result<RuleDraft, String> {
        let (min, max) = (self.optional("min_value")?, self.optional("max_value")?);
        self.used.extend(["inclusive", "strictly"]);
        if min.is_none() && max.is_none() {
            return Err("it says neither `min_value` nor `max_value`".to_owned());
        }
        let (column, ty) = self.name()?;
        if ty == "string" {
            return Err("the column is read as text, and a range needs a number or a date: give it a `data_type`".to_owned());
        }
        let strict = !self.test.says("inclusive", true) || self.test.says("strictly", false);
        if !strict {
            let mut rule = rule.of_kind("range");
            for (key, bound) in [("min", min), ("max", max)] {
                let as_text = matches!(ty, "date" | "timestamp");
                let value = |bound: String| {
                    if as_text {
                        Yaml::text(bound)
                    } else {
                        plain(bound)
                    }
                };
                if let Some(bound) = bound {
                    rule = rule.check(key, value(bound));
                }
            }
            return Ok(rule);
        }
        let side = |bound: Option<String>, sign: &str| -> Result<Option<String>, String> {
            let Some(bound) = bound else { return Ok(None) };
            let value =
                literal(ty, &bound).ok_or_else(|| format!("`{bound}` is no value of type {ty}"))?;
            Ok(Some([&ident(column), sign, &value].concat()))
        };
        let sides: Vec<String> = [side(min, " > ")?, side(max, " < ")?]
            .into_iter()
            .flatten()
            .collect();
        Ok(rule.condition(&sides.join(" AND "), Some(column)))
    }

    fn length(&mut self, rule: RuleDraft) -> Result<RuleDraft, String> {
        let mut rule = rule.of_kind("length");
        for (key, word) in [("min", "min_value"), ("max", "max_value")] {
            if let Some(bound) = self.optional(word)? {
                rule = rule.check(key, plain(bound));
            }
        }
        Ok(rule)
    }

    /// The pattern of a test; flags are those that mean the same here.
    fn regex(&mut self) -> Result<String, String> {
        self.used.push("is_raw");
        let regex = self.text("regex")?;
        Ok(match self.optional("flags")?.as_deref() {
            None | Some("" | "c") => regex,
            Some("i") => format!("(?i:{regex})"),
            Some(other) => {
                return Err(format!(
                    "its flags `{other}` are not understood: put them into the pattern"
                ));
            }
        })
    }

    fn counted(&self, rule: RuleDraft, compared: Compared) -> Result<RuleDraft, String> {
        let mut rule = rule.of_kind("row_count");
        rule.id = format!("{}.row_count", self.draft.name);
        rule.check = row_count(&compared)?;
        Ok(rule)
    }
}

/// What is left of one: 0.95 leaves 0.05.
fn complement(share: &str) -> Option<String> {
    let (_, fraction) = share.split_once('.').unwrap_or((share, ""));
    let digits = u32::try_from(fraction.len()).ok().filter(|n| *n <= 15)?;
    let all = 10_u64.checked_pow(digits)?;
    let said: u64 = shifted(share, i32::try_from(digits).ok()?)?.parse().ok()?;
    shifted(
        &all.checked_sub(said)?.to_string(),
        -i32::try_from(digits).ok()?,
    )
}

/// Why a test is no rule.
fn why_not(name: &str) -> String {
    let compares = [
        "equal_rowcount",
        "equality",
        "cardinality_equality",
        "fewer_rows_than",
        "other_table",
        "equal_stddev",
    ];
    let moves = [
        "recency",
        "recent_data",
        "n_datepart",
        "increasing",
        "decreasing",
        "sequential_values",
        "mutually_exclusive_ranges",
        "stdevs",
    ];
    let counts = [
        "distinct_count",
        "at_least_one",
        "not_constant",
        "proportion",
        "quantile",
        "_mean_",
        "_median_",
        "_sum_",
        "_max_to_",
        "_min_to_",
        "_stdev_",
        "most_common",
    ];
    let shape = [
        "in_type_list",
        "of_type",
        "columns_to",
        "column_to_exist",
        "column_count",
    ];
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let why = if any(&compares) {
        "it compares two tables as a whole: a statement about totals can (`control_total`, docs/totals.md)"
    } else if any(&moves) {
        "it is about rows beside each other or about today: write `failed_rows`"
    } else if any(&counts) {
        "it is about a figure of the whole column, and no rule here is about one: write `failed_rows`"
    } else if any(&shape) {
        "the table's file declares columns and types itself, and every run holds the export to them"
    } else {
        "this test is not known here: write `expression` for a condition over a row, or `failed_rows` for a query"
    };
    why.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_complemented_exactly() {
        for (share, left) in [
            ("0.95", Some("0.05")),
            ("1", Some("0")),
            ("0.9", Some("0.1")),
            ("0", Some("1")),
            ("1.5", None),
            ("x", None),
        ] {
            assert_eq!(complement(share).as_deref(), left, "{share}");
        }
    }
}
