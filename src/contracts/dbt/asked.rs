//! What each test of dbt, and of the packages dbt_utils and dbt_expectations, asks for.

use super::{
    super::{
        draft::{Draft, RuleDraft, as_text, ident, literal, plain, set},
        foreign::{Foreign, texts},
        limits::{Compared, bound, row_count, shifted},
        odcs::{one_of, whole},
    },
    is_jinja, referred,
    test::Test,
};
use crate::diagnostics::yaml::write::{Entry, Yaml};

/// A test with what it is asked of.
pub struct Asked<'t, 'd, 'f, 's> {
    pub test: &'t Test,
    pub column: Option<usize>,
    pub draft: &'d Draft,
    pub foreign: &'f mut Foreign<'s>,
    /// Arguments that were understood.
    pub used: Vec<&'static str>,
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
            .map(|name| self.foreign.named(Some(&self.draft.name), name))
            .collect())
    }

    /// The rule that is asked for.
    pub fn kind(&mut self, rule: RuleDraft) -> Result<RuleDraft, String> {
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
                let field = self.foreign.named(Some(&to), &field);
                rule.of_kind("relationships")
                    .check("to", Yaml::text(to))
                    .check("column", Yaml::text(field))
            }
            "relationships_where" => {
                let to = self.table("to")?;
                let field = self.text("field")?;
                let field = self.foreign.named(Some(&to), &field);
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
                if nulls
                    .as_deref()
                    .is_some_and(|nulls| nulls != "any_value_is_missing")
                {
                    return Err(
                        "a row in which one of the columns is missing is not evaluated here"
                            .to_owned(),
                    );
                }
                if nulls.is_none() && !self.test.is_constraint {
                    self.note_missing(&columns, &rule);
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
                    .map(|c| self.foreign.named(Some(&self.draft.name), &c));
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
                    .map(|c| self.foreign.named(Some(&self.draft.name), &c));
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

    /// Says of rows in which one of several columns is missing that dbt compares them, unless none can be.
    fn note_missing(&mut self, columns: &[String], rule: &RuleDraft) {
        if columns.iter().any(|name| self.draft.column(name).is_none()) {
            return;
        }
        let may_lack: Vec<String> = columns
            .iter()
            .filter(|name| {
                let column = self.draft.column(name).map(|c| &self.draft.columns[c]);
                column.is_none_or(|column| !column.holds("not_null"))
            })
            .map(|name| format!("`{name}`"))
            .collect();
        if !may_lack.is_empty() {
            let why = format!(
                "dbt takes nulls for equal, and a row without {} is not evaluated here: write `not_null` if there is always one",
                may_lack.join(" or ")
            );
            self.foreign.note(rule.span.clone(), rule.what.clone(), why);
        }
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
            Some(table) => Ok(self.foreign.named(None, &table)),
            None if plain_name => Ok(self.foreign.named(None, &said)),
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
        self.used.extend(["inclusive", "strictly"]);
        let (column, ty) = self.name()?;
        let column = column.to_owned();
        if ty == "string" {
            return Err("the column is read as text, and a range needs a number or a date: give it a `data_type`".to_owned());
        }
        let bounds = self.bounds("range", ty, &rule)?;
        let strict = !self.test.says("inclusive", true) || self.test.says("strictly", false);
        if !strict {
            let rule = rule.of_kind("range");
            return Ok(bounds
                .into_iter()
                .fold(rule, |rule, (key, value)| rule.check(key, value)));
        }
        let mut sides = Vec::new();
        for (key, value) in bounds {
            let sign = if key == "min" { " > " } else { " < " };
            let value = as_text(&value).and_then(|value| literal(ty, &value));
            sides.extend(value.map(|value| [&ident(&column), sign, &value].concat()));
        }
        Ok(rule.condition(&sides.join(" AND "), Some(&column)))
    }

    fn length(&mut self, rule: RuleDraft) -> Result<RuleDraft, String> {
        let bounds = self.bounds("length", "string", &rule)?;
        let rule = rule.of_kind("length");
        Ok(bounds
            .into_iter()
            .fold(rule, |rule, (key, value)| rule.check(key, value)))
    }

    /// The bounds of a test, each with its key here; one that is none is noted, unless the other is none as well.
    fn bounds(
        &mut self,
        kind: &str,
        ty: &str,
        rule: &RuleDraft,
    ) -> Result<Vec<(&'static str, Yaml)>, String> {
        let mut bounds = Vec::new();
        let mut refused = Vec::new();
        for (key, word) in [("min", "min_value"), ("max", "max_value")] {
            let read = self.optional(word).and_then(|said| {
                let said = said.map(|said| match matches!(ty, "date" | "timestamp") {
                    // As SQL has it.
                    true => said.trim_matches('\'').to_owned(),
                    false => said,
                });
                said.map(|said| bound(kind, ty, &said)).transpose()
            });
            match read {
                Ok(value) => bounds.extend(value.map(|value| (key, value))),
                Err(why) => refused.push((word, why)),
            }
        }
        if bounds.is_empty() {
            let why = refused.into_iter().map(|(_, why)| why).next();
            return Err(
                why.unwrap_or_else(|| "it says neither `min_value` nor `max_value`".to_owned())
            );
        }
        for (word, why) in refused {
            let span = self.foreign.key_span(&self.test.arguments, word);
            self.foreign
                .note(span, format!("{}: {word}", rule.what), why);
        }
        Ok(bounds)
    }

    /// The pattern of a test; flags are those that mean the same here.
    fn regex(&mut self) -> Result<String, String> {
        self.used.push("is_raw");
        let regex = self.text("regex")?;
        Ok(match self.optional("flags")?.as_deref() {
            None | Some("" | "c") => regex,
            Some("i") => format!("(?i){regex}"),
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
