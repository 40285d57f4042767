//! The registry of rule kinds: one line here, one file beside this one, one template where it needs SQL of its own.

use std::{borrow::Cow, fmt, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};

use super::{Page, Plan, Rule};
use crate::{
    diagnostics::{At, Diagnostic, yaml::exactly_one},
    discrepancy::{Category, Dimension},
    tables::{CodeList, ColumnType, Table},
};

/// What a kind can look at while it checks its settings.
pub struct Scope<'a> {
    /// The rule's table.
    pub table: &'a Table,
    /// Index of the column the rule stands under or names, if any.
    pub column: Option<usize>,
    /// All tables.
    pub tables: &'a [Table],
    /// All code lists.
    pub lists: &'a [CodeList],
    /// Where the rule is declared.
    pub span: &'a crate::diagnostics::Span,
}

/// What every kind of rule answers.
pub trait RuleKind {
    /// The category of its discrepancies.
    fn category(&self) -> Category;
    /// The dimension, unless the rule says another.
    fn dimension(&self) -> Dimension;
    /// The column that it names in its settings.
    fn column(&self) -> Option<&At<String>> {
        None
    }
    /// The table and the one column in which it looks up the value of its own column.
    fn looks_into(&self) -> Option<(&str, &str)> {
        None
    }
    /// Mistakes in its settings.
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>);
    /// What the engine has to do.
    fn plan(&self, rule: &Rule, table: &Table) -> Plan;
    /// What a passing value or row looks like, for the log.
    fn expected(&self, rule: &Rule, table: &Table) -> String;
    /// The same check a little wrong, in each way in which its settings could be; what it says in SQL is not touched.
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        Vec::new()
    }
    /// The same check with other SQL in the place of its author's; `None` where it has none.
    fn with_sql(&self, _sql: &str) -> Option<Kind> {
        None
    }
    /// The condition beside its main check that says which rows it looks at or looks up, under its key.
    fn condition(&self) -> Option<(&'static str, &At<String>)> {
        None
    }
    /// The same check with another such condition, or with none.
    fn with_condition(&self, _sql: Option<&str>) -> Option<Kind> {
        None
    }
}

/// A check that is a little wrong.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What was changed, such as `max 10 becomes 11`.
    pub what: String,
    /// The check.
    pub kind: Kind,
    /// What notices: an example on which the two differ.
    pub example: String,
    /// Where the rule says what was changed, where that is known better than by the rule.
    pub span: Option<crate::diagnostics::Span>,
}

impl Mutant {
    fn new(what: String, kind: Kind, example: String) -> Self {
        Self {
            what,
            kind,
            example,
            span: None,
        }
    }

    fn at(mut self, span: &crate::diagnostics::Span) -> Self {
        self.span = Some(span.clone());
        self
    }
}

macro_rules! kinds {
    ($($module:ident :: $type:ident => $word:literal),+ $(,)?) => {
        $(mod $module; pub use $module::$type;)+

        static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| vec![$(Page::of::<$type>($word)),+]);

        impl JsonSchema for Kind {
            fn schema_name() -> Cow<'static, str> { "Kind".into() }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let choices = [$(($word, generator.subschema_for::<$type>())),+];
                exactly_one("What is checked: one kind and its settings.", choices)
            }
        }

        /// One kind and its settings; externally tagged in rule files: `check: { not_null: {} }`.
        #[derive(Clone, Debug, Deserialize)]
        pub enum Kind { $(#[doc = concat!("See [`", stringify!($type), "`].")] #[serde(rename = $word)] $type($type)),+ }

        impl Kind {
            /// Every kind's word, in the registry's order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The word in rule files.
            pub fn word(&self) -> &'static str { match self { $(Kind::$type(_) => $word),+ } }
            /// The pages of all kinds, in the registry's order.
            pub fn pages() -> &'static [Page] { &PAGES }
            /// The kind's documentation, in Markdown.
            pub fn docs(&self) -> &'static str {
                let page = PAGES.iter().find(|page| page.word == self.word());
                page.map_or("", |page| &page.docs)
            }
            fn inner(&self) -> &dyn RuleKind { match self { $(Kind::$type(kind) => kind),+ } }
        }
    };
}

kinds! {
    not_null::NotNull => "not_null",
    type_check::TypeCheck => "type",
    accepted_values::AcceptedValues => "accepted_values",
    range::Range => "range",
    length::Length => "length",
    pattern::Pattern => "pattern",
    expression::Expression => "expression",
    failed_rows::FailedRows => "failed_rows",
    unique::Unique => "unique",
    relationships::Relationships => "relationships",
    duplicates::Duplicates => "duplicates",
    probable_duplicates::ProbableDuplicates => "probable_duplicates",
    row_count::RowCount => "row_count",
}

impl RuleKind for Kind {
    fn category(&self) -> Category {
        self.inner().category()
    }
    fn dimension(&self) -> Dimension {
        self.inner().dimension()
    }
    fn column(&self) -> Option<&At<String>> {
        self.inner().column()
    }
    fn looks_into(&self) -> Option<(&str, &str)> {
        self.inner().looks_into()
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        self.inner().validate(scope, diagnostics);
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        self.inner().plan(rule, table)
    }
    fn expected(&self, rule: &Rule, table: &Table) -> String {
        self.inner().expected(rule, table)
    }
    fn mutants(&self, rule: &Rule, table: &Table) -> Vec<Mutant> {
        self.inner().mutants(rule, table)
    }
    fn with_sql(&self, sql: &str) -> Option<Kind> {
        self.inner().with_sql(sql)
    }
    fn condition(&self) -> Option<(&'static str, &At<String>)> {
        self.inner().condition()
    }
    fn with_condition(&self, sql: Option<&str>) -> Option<Kind> {
        self.inner().with_condition(sql)
    }
}

/// A check over several columns, once without each.
fn without_each(columns: &[At<String>], check: impl Fn(Vec<At<String>>) -> Kind) -> Vec<Mutant> {
    if columns.len() < 2 {
        return Vec::new();
    }
    let without = |at: usize| {
        let mut rest = columns.to_vec();
        let column = rest.remove(at);
        let example = format!(
            "a `pass` example of rows that differ in `{}` alone",
            column.value
        );
        Mutant::new(
            format!("without column {}", column.value),
            check(rest),
            example,
        )
        .at(&column.span)
    };
    (0..columns.len()).map(without).collect()
}

/// The columns of the export beside `columns`: what is made of another's cells says nothing of its own.
fn delivered_beside(table: &Table, columns: &[String]) -> Vec<String> {
    let own = table.delivered().map(|column| column.name.to_string());
    own.filter(|name| !columns.contains(name)).collect()
}

/// All of `columns` are present.
const ALL_PRESENT: &str = "{% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} AND {% endif %}{% endfor %}";

/// The name of the rule's column.
///
/// # Panics
/// Never: loading refuses a rule of a column kind that stands under no column.
fn column_name<'t>(rule: &Rule, table: &'t Table) -> &'t str {
    let column = rule.column.expect("a column kind stands under a column");
    table.columns[column].name.as_str()
}

/// Reports a column that the table does not have, with the nearest that it has.
fn expect_column(
    name: &At<String>,
    table: &Table,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let found = table.column_index(&name.value);
    if found.is_none() {
        let known = table.columns.iter().map(|c| c.name.as_str());
        let message = format!("table `{}` has no column `{}`", table.name, name.value);
        diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
    }
    found
}

/// Reports a column that is named twice.
fn once_each(columns: &[At<String>], diagnostics: &mut Vec<Diagnostic>) {
    for (at, column) in columns.iter().enumerate() {
        if columns[..at]
            .iter()
            .any(|before| before.value == column.value)
        {
            let message = format!("column `{}` stands here twice", column.value);
            diagnostics.push(Diagnostic::at(&column.span, message).help("remove one of them"));
        }
    }
}

/// Names of columns, one at least.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<At<String>>, D::Error> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<At<String>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of columns")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = seq.next_element()? {
                names.push(name);
            }
            match names.is_empty() {
                true => Err(de::Error::custom("this list is empty: name the columns")),
                false => Ok(names),
            }
        }
    }
    deserializer.deserialize_seq(Names)
}

/// For the editor: the map has one of `keys`.
fn needs<const N: usize>(keys: [&str; N]) -> serde_json::Value {
    keys.map(|key| serde_json::json!({ "required": [key] }))
        .into_iter()
        .collect()
}

/// Reports a kind that looks at text under a column of another type.
fn need_text(word: &str, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let column = scope.column.map(|c| &scope.table.columns[c]);
    if column.is_some_and(|column| column.ty != ColumnType::String) {
        let message = format!("`{word}` needs a column of type string");
        diagnostics.push(Diagnostic::at(scope.span, message));
    }
}

/// Reports a column kind that stands under no column.
fn need_column(word: &str, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if scope.column.is_none() {
        diagnostics.push(
            Diagnostic::at(
                scope.span,
                format!("`{word}` checks a column and stands under none"),
            )
            .help(format!(
                "write it under the column: `columns: <column>: {word}: …`"
            )),
        );
    }
}
