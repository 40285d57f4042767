//! A table file before it is written.

use crate::{
    diagnostics::{
        Span,
        yaml::write::{Entry, Yaml},
    },
    names::{Name, sql_ident, sql_text},
};

/// A table.
pub struct Draft {
    pub name: String,
    pub span: Span,
    pub description: String,
    /// Which files of a delivery it is.
    pub files: String,
    pub required: bool,
    /// Whether a delivery holds changes alone.
    pub delta: bool,
    /// What it is held to as a whole, as `source` says it.
    pub gates: Vec<Entry>,
    pub key: Vec<String>,
    pub columns: Vec<ColumnDraft>,
    /// Rules that stand under no column.
    pub rules: Vec<RuleDraft>,
}

/// A column.
pub struct ColumnDraft {
    pub name: String,
    pub span: Span,
    pub ty: &'static str,
    /// All but the type and the rules.
    pub entries: Vec<Entry>,
    pub rules: Vec<RuleDraft>,
}

/// A rule.
#[derive(Clone)]
pub struct RuleDraft {
    pub kind: String,
    /// Of a rule that stands under no column.
    pub id: String,
    /// For notes: what the contract asks.
    pub what: String,
    pub span: Span,
    /// The settings of its kind.
    pub check: Vec<Entry>,
    /// What every rule may say.
    pub settings: Vec<Entry>,
}

impl Draft {
    pub fn new(name: String, span: Span) -> Self {
        Self {
            files: format!("{name}.csv"),
            name,
            span,
            description: String::new(),
            required: true,
            delta: false,
            gates: Vec::new(),
            key: Vec::new(),
            columns: Vec::new(),
            rules: Vec::new(),
        }
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// Adds a rule under a column, and gives back the weaker one of its kind whose place it takes; or says why it cannot
    /// stand.
    pub fn add_under(
        &mut self,
        column: usize,
        mut rule: RuleDraft,
    ) -> Result<Option<RuleDraft>, String> {
        let kind = rule.kind.clone();
        let place = &mut self.columns[column];
        let Some(first) = place.rules.iter_mut().find(|r| r.kind == kind) else {
            place.rules.push(rule);
            return Ok(None);
        };
        if matches!(kind.as_str(), "not_null" | "unique") {
            let (stands, comes) = (first.strictness(), rule.strictness());
            let is_single = kind == "not_null";
            if comes > stands && (comes.0 || is_single) {
                return Ok(Some(std::mem::replace(first, rule)));
            }
            if stands > comes && (stands.0 || is_single) {
                return Err(weaker(&kind));
            }
        }
        let columns = Entry::new("columns", Yaml::texts([place.name.clone()]));
        match rule.kind.as_str() {
            "unique" => rule.check.insert(0, columns),
            "relationships" => {
                for entry in &mut rule.check {
                    if entry.key == "column" {
                        entry.key = "to_columns".to_owned();
                        entry.value = Yaml::List(vec![entry.value.clone()]);
                    }
                }
                rule.check.insert(0, columns);
            }
            _ => {
                let ColumnDraft { name, ty, .. } = &self.columns[column];
                let Some(sql) = as_condition(&rule, name, ty) else {
                    return Err(format!(
                        "the column has a rule `{kind}` already, and a column has one of each kind"
                    ));
                };
                rule.id = format!("{}.{name}.{}", self.name, rule.kind);
                rule.check.clear();
                let rule = rule.condition(&sql, Some(name));
                self.add(rule);
                return Ok(None);
            }
        }
        rule.id = format!("{}.{}.{}", self.name, self.columns[column].name, rule.kind);
        self.add(rule);
        Ok(None)
    }

    /// Adds a rule of its own; an id that is taken gets a number.
    pub fn add(&mut self, mut rule: RuleDraft) {
        let taken = |id: &str| {
            let under = self.columns.iter().flat_map(|column| {
                let id = |rule: &RuleDraft| format!("{}.{}.{}", self.name, column.name, rule.kind);
                column.rules.iter().map(id)
            });
            let own = self.rules.iter().map(|rule| rule.id.clone());
            // Every column of another type than text has this one.
            under.chain(own).any(|other| other == id) || id.ends_with(".type")
        };
        let wanted = rule.id.clone();
        let mut number = 2;
        while taken(&rule.id) {
            rule.id = format!("{wanted}_{number}");
            number += 1;
        }
        self.rules.push(rule);
    }

    /// Whether a rule says without exception that the columns are unique together.
    pub fn is_unique(&self, columns: &[String]) -> bool {
        let under = match columns {
            [one] => self
                .column(one)
                .is_some_and(|c| self.columns[c].holds("unique")),
            _ => false,
        };
        let mut wanted = columns.to_vec();
        wanted.sort_unstable();
        under
            || self.unique_columns(true).any(|mut found| {
                found.sort_unstable();
                found == wanted
            })
    }

    /// The columns of each rule that says, without exception where that is `asked`, that several are unique together.
    pub fn unique_columns(&self, asked: bool) -> impl Iterator<Item = Vec<String>> {
        let unique = self.rules.iter().filter(|rule| rule.kind == "unique");
        let unique = unique.filter(move |rule| !asked || rule.strictness().0);
        unique.filter_map(|rule| match &rule.check.first()?.value {
            Yaml::List(columns) => Some(columns.iter().filter_map(as_text).collect()),
            _ => None,
        })
    }

    /// The file's text.
    pub fn to_file(&self, comment: &str) -> String {
        let mut entries = vec![
            Entry::new("version", Yaml::Plain("1".to_owned())).comment(comment),
            Entry::new("table", Yaml::text(&self.name)),
        ];
        if !self.description.is_empty() {
            entries.push(Entry::new("description", Yaml::text(&self.description)));
        }
        let mut source = vec![Entry::new("files", Yaml::text(&self.files))];
        if !self.required {
            source.push(Entry::new("required", plain("false")));
        }
        if self.delta {
            source.push(Entry::new("delivers", plain("delta")));
        }
        source.extend(self.gates.iter().cloned());
        entries.push(Entry::new("source", Yaml::Map(source)));
        entries.push(Entry::new("key", Yaml::texts(&self.key)));
        let columns = self.columns.iter().map(ColumnDraft::to_entry).collect();
        entries.push(Entry::new("columns", Yaml::Map(columns)));
        if !self.rules.is_empty() {
            let rules = self.rules.iter().map(RuleDraft::alone).collect();
            entries.push(Entry::new("rules", Yaml::List(rules)));
        }
        Yaml::Map(entries).to_file()
    }
}

impl ColumnDraft {
    pub fn has(&self, kind: &str) -> bool {
        self.rules.iter().any(|rule| rule.kind == kind)
    }

    /// Whether a rule of this kind holds without exception.
    pub fn holds(&self, kind: &str) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.kind == kind && rule.strictness().0)
    }

    fn to_entry(&self) -> Entry {
        let mut entries = vec![Entry::new("type", Yaml::text(self.ty))];
        entries.extend(self.entries.iter().cloned());
        for rule in &self.rules {
            let settings = rule.check.iter().chain(&rule.settings).cloned().collect();
            entries.push(Entry::new(rule.kind.clone(), Yaml::Map(settings)));
        }
        Entry::new(self.name.clone(), Yaml::Map(entries))
    }
}

impl RuleDraft {
    fn alone(&self) -> Yaml {
        let check = Entry::new(self.kind.clone(), Yaml::Map(self.check.clone()));
        let mut entries = vec![
            Entry::new("id", Yaml::text(&self.id)),
            Entry::new("check", Yaml::Map(vec![check])),
        ];
        entries.extend(self.settings.iter().cloned());
        Yaml::Map(entries)
    }

    /// Whether every row that it fails is an error at least, and how severe that is: more is stricter.
    pub fn strictness(&self) -> (bool, usize) {
        const SEVERITIES: [&str; 4] = ["info", "warn", "error", "blocking"];
        let said = |key: &str| self.settings.iter().find(|entry| entry.key == key);
        let severity = said("severity").and_then(|entry| as_text(&entry.value));
        let rank = SEVERITIES
            .iter()
            .position(|word| Some(*word) == severity.as_deref())
            .unwrap_or(2);
        let tolerates = ["threshold", "block_if", "error_if", "warn_if"];
        let is_whole =
            said("where").is_none() && tolerates.iter().all(|key| said(key).is_none()) && rank >= 2;
        (is_whole, rank)
    }

    /// With settings of its kind.
    pub fn check(mut self, key: &str, value: Yaml) -> Self {
        set(&mut self.check, key, value);
        self
    }

    /// With a condition that a good row keeps, about `column`.
    pub fn condition(self, sql: &str, column: Option<&str>) -> Self {
        let rule = self.of_kind("expression").check("sql", Yaml::text(sql));
        match column {
            Some(column) => rule.check("column", Yaml::text(column)),
            None => rule,
        }
    }

    /// Of another kind.
    pub fn of_kind(mut self, kind: &str) -> Self {
        self.kind = kind.to_owned();
        self
    }
}

/// Why the weaker of two rules of a kind is left out.
pub fn weaker(kind: &str) -> String {
    format!("a stricter rule `{kind}` of the column stands, and a column has one of each kind")
}

/// The condition that says what a rule under a column says.
fn as_condition(rule: &RuleDraft, column: &str, ty: &str) -> Option<String> {
    let said = |key: &str| rule.check.iter().find(|entry| entry.key == key);
    let column = ident(column);
    match rule.kind.as_str() {
        "pattern" => {
            let regex = as_text(&said("regex")?.value)?;
            let whole = sql_text(&["^(?:", &regex, ")$"].concat());
            Some(["regexp_like(", &column, ", ", &whole, ")"].concat())
        }
        "accepted_values" => {
            let Yaml::List(values) = &said("values")?.value else {
                return None;
            };
            let texts = values.iter().filter_map(as_text);
            let texts: Vec<String> = texts.map(|value| sql_text(&value)).collect();
            Some([&column, " IN (", &texts.join(", "), ")"].concat())
        }
        "range" | "length" => {
            let (column, ty) = match rule.kind.as_str() {
                "range" => (column, ty),
                _ => (["character_length(", &column, ")"].concat(), "integer"),
            };
            let side = |key: &str, sign: &str| {
                let bound = literal(ty, &as_text(&said(key)?.value)?)?;
                Some([&column, sign, &bound].concat())
            };
            let sides = [side("min", " >= "), side("max", " <= ")];
            let sides: Vec<String> = sides.into_iter().flatten().collect();
            (!sides.is_empty()).then(|| sides.join(" AND "))
        }
        _ => None,
    }
}

/// Says `key`, in the place of what it said before.
pub fn set(entries: &mut Vec<Entry>, key: &str, value: Yaml) {
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry::new(key, value)),
    }
}

/// A number or a truth value.
pub fn plain(text: impl Into<String>) -> Yaml {
    Yaml::Plain(text.into())
}

pub fn as_text(yaml: &Yaml) -> Option<String> {
    match yaml {
        Yaml::Text(text) | Yaml::Plain(text) => Some(text.clone()),
        Yaml::List(_) | Yaml::Map(_) => None,
    }
}

/// A value of a column of this type as SQL; `None` where it is none.
pub fn literal(ty: &str, text: &str) -> Option<String> {
    let number = || text.parse::<i128>().is_ok() || text.parse::<f64>().is_ok_and(f64::is_finite);
    match ty {
        "integer" | "decimal" => number().then(|| text.to_owned()),
        "boolean" => matches!(text, "true" | "false").then(|| text.to_owned()),
        "date" => Some(["DATE ", &sql_text(text)].concat()),
        "timestamp" => Some(["TIMESTAMP ", &sql_text(text)].concat()),
        _ => Some(sql_text(text)),
    }
}

/// Words that SQL may take for its own; of one that is missing here, lint refuses the rule.
const WORDS: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "at",
    "between",
    "bigint",
    "binary",
    "boolean",
    "both",
    "by",
    "case",
    "cast",
    "char",
    "check",
    "column",
    "create",
    "cross",
    "current",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "day",
    "decimal",
    "default",
    "delete",
    "desc",
    "distinct",
    "double",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "filter",
    "first",
    "float",
    "for",
    "from",
    "full",
    "group",
    "having",
    "hour",
    "if",
    "in",
    "inner",
    "insert",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "last",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "minute",
    "month",
    "natural",
    "not",
    "null",
    "nulls",
    "numeric",
    "of",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "over",
    "overlaps",
    "partition",
    "position",
    "primary",
    "range",
    "real",
    "references",
    "right",
    "row",
    "rows",
    "second",
    "select",
    "session_user",
    "set",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "trim",
    "true",
    "union",
    "unique",
    "unknown",
    "update",
    "user",
    "using",
    "value",
    "values",
    "varchar",
    "when",
    "where",
    "window",
    "with",
    "within",
    "without",
    "year",
];

/// A column in a condition, quoted where it has to be.
pub fn ident(column: &str) -> String {
    match Name::new(column).is_ok() && !WORDS.contains(&column) {
        true => column.to_owned(),
        false => sql_ident(column),
    }
}
