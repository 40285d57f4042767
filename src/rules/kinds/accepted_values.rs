//! `accepted_values`: the cell holds a code of a list.

use std::collections::BTreeSet;

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    names::Name,
    rules::{Plan, Rule, Sql, template::render},
    tables::{AliasCause, Cause, Code, CodeList, Codes, ColumnType, Confidence, Entry, Table},
};

/// Most values that a rule may list itself.
const MAX_VALUES: usize = 1_000;
/// Values that `expected` shows.
const SHOWN: usize = 10;

/// The cell holds a code of a list, or one of `values`.
///
/// `list` names a code list, `rules/reference/<list>.csv`; with `map_aliases` its aliases are understood too, and with
/// `as_of` a code counts only where it is in force on the row's date. `values` are for a few words that need no file: the
/// cleaned cell is exactly one of them.
///
/// ## Missing values
///
/// A missing cell is not evaluated. A code that means a kind of missing, such as `Prefer not to say`, passes.
///
/// ## In the log
///
/// Category `Unknown code`, dimension `validity`. `suggestion` names what was probably meant, `likely_cause` says why the
/// text is no code; [the causes](../rules.md#did-you-mean). With `on_fail: correct` an alias becomes its code, as does any
/// other text whose cause `correct` lists, and the rest becomes null; an alias that is a `variant` is no failure:
///
/// > room is `Gren` (misspelling; did you mean `Green` (Green room)?); expected a code of `rooms`. A room outside the list is on no floor plan.
///
/// ## A failing row
///
/// Correct the value at the source. Where the spelling is another name for a code, add it to `<list>.aliases.csv` with its
/// cause; where it is a code that is new, add it to the list with the day from which it is in force. Nothing is guessed
/// unless the rule asks for it: without `correct` only a listed alias becomes a code. Texts with a shape but no list are [`pattern`](pattern.md); what another
/// table of the delivery holds is [`relationships`](relationships.md).
///
/// ## Example
///
/// `rules/tables/visits.yaml`:
///
/// ```yaml
/// version: 1
/// table: visits
/// source: { files: "visits.csv" }
/// key: [visit_ref]
/// columns:
///   visit_ref: { type: string }
///   room:
///     type: string
///     accepted_values:
///       list: rooms
///       map_aliases: true
///       severity: error
///       on_fail: correct
///       why: A room outside the list is on no floor plan.
///       examples:
///         pass: ["Green", "green"]
///         fail: ["Gren", "Cellar"]
///         not_evaluated: [""]
///   paid:
///     type: string
///     accepted_values: { values: ["Yes", "No"], severity: warn, why: Anything else is counted as not paid. }
/// ```
///
/// `rules/reference/rooms.csv`:
///
/// ```csv
/// code,label,parent,sort,missing,valid_from,valid_to
/// Green,Green room,,1,,,
/// Blue,Blue room,,2,,,
/// ```
///
/// `rules/reference/rooms.aliases.csv`:
///
/// ```csv
/// alias,code,cause,confidence
/// green,Green,variant,verified
/// Gren,Green,misspelling,verified
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,room,paid
/// V1,Green,Yes
/// V2,Gren,No
/// V3,green,
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("oneOf" = super::needs(["list", "values"])))]
pub struct AcceptedValues {
    /// The code list: `rules/reference/<list>.csv` without the ending.
    pub list: Option<At<String>>,
    /// What is accepted, where no file lists it; the cleaned cell is exactly one of them.
    #[schemars(extend("minItems" = 1, "maxItems" = MAX_VALUES))]
    pub values: Option<At<Vec<At<String>>>>,
    /// With `list`: the date column that decides which codes are in force; unless said all are.
    pub as_of: Option<At<String>>,
    /// With `list`: whether its aliases are understood; unless said they are not.
    pub map_aliases: Option<At<bool>>,
    /// With `map_aliases`: how sure an alias has to be to be understood; unless said `inferred`.
    pub min_confidence: Option<At<Confidence>>,
    /// With `map_aliases`: causes of aliases that are no failure, as a variant is none; the clean table holds their code. What a
    /// text is to a code without an alias, such as `case`, is for `correct`.
    pub accept: Vec<At<AliasCause>>,
    /// With `list`: the level that the code has to be of.
    pub level: Option<At<String>>,
    /// With `on_fail: correct`: the causes that are corrected, of aliases and of other texts; unless said those of aliases. Anything
    /// else becomes null.
    pub correct: Option<At<Vec<At<Cause>>>>,
}

impl AcceptedValues {
    /// Whether the list's aliases are understood.
    pub fn maps_aliases(&self) -> bool {
        self.map_aliases.as_ref().is_some_and(|at| at.value)
    }

    /// How the column uses the list of that index, as far as these settings say it.
    pub fn codes(&self, list: usize) -> Codes {
        let unless_said = Codes::of(list);
        let values = |causes: &[At<Cause>]| causes.iter().map(|cause| cause.value).collect();
        let accept = self.accept.iter().map(|cause| cause.value.into()).collect();
        Codes {
            map_aliases: self.maps_aliases(),
            min_confidence: self
                .min_confidence
                .as_ref()
                .map_or(unless_said.min_confidence, |at| at.value),
            level: self.level.as_ref().map(|at| at.value.clone()),
            accept,
            correct: match &self.correct {
                Some(causes) => values(&causes.value),
                None => Cause::OF_ALIASES.to_vec(),
            },
            guess: self.correct.as_ref().map_or_else(Vec::new, |causes| values(&causes.value)),
            ..unless_said
        }
    }

    /// `values` as a list, under the name of its column.
    pub fn own_list(&self, column: &Name) -> Option<CodeList> {
        let values = &self.values.as_ref()?.value;
        let code = |(value, sort): (&At<String>, i64)| Code::plain(&value.value, sort);
        let codes = values.iter().zip(1..).map(code).collect();
        Some(CodeList::new(column.clone(), codes))
    }

    fn validate_level(&self, list: &CodeList, diagnostics: &mut Vec<Diagnostic>) {
        let Some(level) = &self.level else { return };
        let known: BTreeSet<&str> =
            list.codes.iter().filter_map(|code| code.level.as_deref()).collect();
        if !known.contains(level.value.as_str()) {
            let message = format!("no code of `{}` is of level `{}`", list.name, level.value);
            let found = Diagnostic::at(&level.span, message);
            diagnostics.push(match known.is_empty() {
                true => found.help("give the list the column `level`"),
                false => found.suggest(&level.value, known),
            });
        }
    }

    /// `accept` is about aliases, and one of another level has a code that `level` refuses.
    fn validate_accepted_level(&self, list: &CodeList, diagnostics: &mut Vec<Diagnostic>) {
        let accepted = self.accept.iter().find(|cause| cause.value == AliasCause::OtherLevel);
        let (Some(accepted), Some(level)) = (accepted, &self.level) else { return };
        let is_accepted = |entry: &Entry| {
            entry.alias.is_some_and(|alias| alias.cause == Some(Cause::OtherLevel))
                && list.codes[entry.code].level.as_ref() == Some(&level.value)
        };
        if self.maps_aliases() && !list.lookup.values().flatten().any(is_accepted) {
            let message = format!("`other_level` accepts nothing beside `level: {}`", level.value);
            let help = format!(
                "`accept` is about aliases, and no alias of that cause stands for a {} in `{}`: remove it, or `level`",
                level.value, list.name
            );
            diagnostics.push(Diagnostic::at(&accepted.span, message).help(help));
        }
    }

    /// What is said of aliases where none is understood.
    fn validate_aliases(&self, diagnostics: &mut Vec<Diagnostic>) {
        let of_aliases = [
            ("min_confidence", self.min_confidence.as_ref().map(|at| &at.span)),
            ("accept", self.accept.first().map(|at| &at.span)),
        ];
        for (key, span) in of_aliases {
            if let Some(span) = span.filter(|_| !self.maps_aliases()) {
                let message = format!("`{key}` goes with `map_aliases: true`");
                diagnostics.push(Diagnostic::at(span, message).help("remove it, or let aliases be understood"));
            }
        }
        let mut seen = BTreeSet::new();
        let corrected = self.correct.iter().flat_map(|at| &at.value);
        for cause in corrected {
            let accepted = self.accept.iter().any(|other| Cause::from(other.value) == cause.value);
            let message = match seen.insert(cause.value) {
                false => format!("`{}` stands here twice", cause.value.word()),
                true if accepted => format!("`{}` is no failure: `accept` says so", cause.value.word()),
                true => continue,
            };
            diagnostics.push(Diagnostic::at(&cause.span, message).help("remove one of them"));
        }
    }

    fn validate_values(&self, values: &At<Vec<At<String>>>, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let count = values.value.len();
        if count == 0 {
            let help = "list what is accepted";
            diagnostics.push(Diagnostic::at(&values.span, "`values` is empty").help(help));
        }
        if count > MAX_VALUES {
            let message = format!("`values` lists {count} and may list {MAX_VALUES}");
            diagnostics.push(
                Diagnostic::at(&values.span, message)
                    .help("write a code list, and name it with `list`"),
            );
        }
        let needs_list = [
            ("as_of", self.as_of.as_ref().map(|at| &at.span)),
            ("map_aliases", self.map_aliases.as_ref().map(|at| &at.span)),
            ("level", self.level.as_ref().map(|at| &at.span)),
        ];
        for (key, span) in needs_list {
            if let Some(span) = span {
                let message =
                    format!("`{key}` goes with `list`: `values` have no periods, aliases or levels");
                diagnostics.push(Diagnostic::at(span, message).help(format!("remove `{key}`, or write a code list")));
            }
        }
        let column = scope.column.map(|c| &scope.table.columns[c]);
        let mut seen = BTreeSet::new();
        for value in &values.value {
            if value.value.trim().is_empty() {
                let message = "a blank cell is missing and no value";
                diagnostics.push(Diagnostic::at(&value.span, message).help("remove it; `not_null` says whether a cell may be blank"));
            } else if let Some(why) = column.and_then(|column| column.never_holds(&value.value)) {
                let message = format!("no cell can be `{}`: {why}", value.value);
                diagnostics.push(Diagnostic::at(&value.span, message).help("write it as a cleaned cell is"));
            } else if !seen.insert(&value.value) {
                let message = format!("value `{}` stands here twice", value.value);
                diagnostics.push(Diagnostic::at(&value.span, message));
            }
        }
    }
}

impl RuleKind for AcceptedValues {
    fn category(&self) -> Category {
        Category::UnknownCode
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("accepted_values", scope, diagnostics);
        match (&self.list, &self.values) {
            (None, None) => diagnostics.push(
                Diagnostic::at(scope.span, "`accepted_values` needs `list` or `values`")
                    .help("write `list: <name>` for rules/reference/<name>.csv, or `values: [a, b]`"),
            ),
            (Some(_), Some(values)) => diagnostics.push(
                Diagnostic::at(&values.span, "`accepted_values` has a `list` already").help("keep `list` or `values`"),
            ),
            (None, Some(values)) => self.validate_values(values, scope, diagnostics),
            (Some(list), None) => {
                let lists = scope.lists.iter().map(|l| l.name.as_str());
                let found = scope.lists.iter().find(|l| l.name.as_str() == list.value);
                if let Some(found) = found {
                    self.validate_level(found, diagnostics);
                    self.validate_accepted_level(found, diagnostics);
                    let by_day = found.lookup.iter().filter(|(_, entries)| entries.len() > 1);
                    let by_day = by_day.map(|(text, _)| text).min();
                    if let Some(text) = by_day.filter(|_| self.maps_aliases() && self.as_of.is_none()) {
                        let message = format!("in `{}` some texts, such as `{text}`, mean one code before a day and another after it", found.name);
                        let help = "name the date column that decides: `as_of: <column>`";
                        diagnostics.push(Diagnostic::at(&list.span, message).help(help));
                    }
                } else {
                    let message = format!("there is no code list `{}`", list.value);
                    let label = format!("rules/reference/{}.csv does not exist", list.value);
                    diagnostics.push(Diagnostic::at(&list.span, message).label(label).suggest(&list.value, lists));
                }
            }
        }
        self.validate_aliases(diagnostics);
        if let Some(as_of) = &self.as_of
            && self.values.is_none()
            && let Some(column) = super::expect_column(as_of, scope.table, diagnostics)
            && scope.table.columns[column].ty != ColumnType::Date
        {
            let message = format!("`as_of` needs a date and `{}` is none", as_of.value);
            diagnostics.push(Diagnostic::at(&as_of.span, message));
        }
        if let Some(column) = scope.column
            && scope.table.columns[column].ty != ColumnType::String
        {
            diagnostics.push(Diagnostic::at(
                scope.span,
                "`accepted_values` needs a column of type string",
            ));
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let values = context! { status => format!("_code.{}", column_name(rule, table)) };
        Plan::Row {
            predicate: Sql::ours(render("{{ status|ident }}", values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match (&self.list, &self.as_of, &self.values) {
            (Some(list), Some(as_of), _) => format!("a code of `{}` in force on {}", list.value, as_of.value),
            (Some(list), None, _) => format!("a code of `{}`", list.value),
            (None, _, values) => {
                let all = values.iter().flat_map(|values| &values.value);
                let shown: Vec<String> = all.clone().take(SHOWN).map(|v| format!("`{}`", v.value)).collect();
                let more = match all.count() - shown.len() {
                    0 => String::new(),
                    more => format!(" or {more} more"),
                };
                format!("one of {}{more}", shown.join(", "))
            }
        }
    }
}
