//! Quality of the standard: metrics of its library, SQL, texts, and what is written for other engines.

use super::{
    super::{
        draft::{Draft, RuleDraft, as_text, ident, set},
        foreign::{Foreign, Reasons, one_line, slug, text, texts},
        limits::{Compared, row_count, tolerated},
    },
    asked,
    count::counted,
    heed_conditions, to_entries,
};
use crate::{
    diagnostics::yaml::{
        Node, Value,
        write::{Entry, Yaml},
    },
    names::Name,
};

/// Keys of a check that say nothing about the rows.
const REASONS: &Reasons = &[
    (
        &["schedule", "scheduler"],
        "when checks run is the job's matter: every run does all of them",
    ),
    (
        &[
            "businessImpact",
            "method",
            "authoritativeDefinitions",
            "customProperties",
        ],
        "for readers of the contract: a rule has its `why` alone",
    ),
    (
        &["name", "id"],
        "a rule has one id, and under a column that is the name of its kind",
    ),
    (&["tags"], "tags are a list of texts"),
];

/// Operators of the standard.
pub const OPERATORS: [&str; 8] = [
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
];

/// A check while it is read.
pub struct Check<'n, 'f, 's> {
    pub node: &'n Node,
    pub column: Option<usize>,
    pub draft: &'n mut Draft,
    pub foreign: &'f mut Foreign<'s>,
    /// Keys that were carried over.
    pub taken: Vec<&'static str>,
}

/// Adds the rules that a check of a column or a table asks for, or says why there are none.
pub fn quality(node: &Node, column: Option<usize>, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let mut check = Check {
        node,
        column,
        draft,
        foreign,
        taken: vec!["type", "description", "severity", "dimension", "tags"],
    };
    let before = check.foreign.notes.len();
    if let Err(why) = check.read() {
        let what = check.what();
        // What would have differed does not matter any more.
        foreign.notes.truncate(before);
        let span = foreign.span(node);
        foreign.note(span, what, why);
        return;
    }
    let (taken, of) = (std::mem::take(&mut check.taken), check.what());
    if let Some(said) = text(node, "severity").filter(|said| severity(said).is_none()) {
        let why = "no word for a severity that is understood: the rule is an error";
        let what = format!("{of}: severity `{said}`");
        foreign.note(foreign.key_span(node, "severity"), what, why);
    }
    if let Some(said) = text(node, "dimension").filter(|said| dimension(said).is_none()) {
        let why = "no dimension of the standard: the rule has the one of its kind";
        let what = format!("{of}: dimension `{said}`");
        foreign.note(foreign.key_span(node, "dimension"), what, why);
    }
    foreign.leftover(node, &of, &taken, REASONS);
}

impl Check<'_, '_, '_> {
    /// What it asks, for notes.
    pub fn what(&self) -> String {
        let of = match self.column {
            Some(column) => format!("{}.{}", self.draft.name, self.draft.columns[column].name),
            None => self.draft.name.clone(),
        };
        format!("{of}: {}", self.word())
    }

    fn word(&self) -> String {
        let word = self
            .metric()
            .unwrap_or_else(|| match text(self.node, "engine") {
                Some(engine) => format!("{engine} check"),
                None => format!("{} check", text(self.node, "type").unwrap_or("library")),
            });
        one_line(&word)
    }

    pub fn metric(&self) -> Option<String> {
        let said = text(self.node, "metric").or(text(self.node, "rule"))?;
        Some(
            match said {
                // Names of version 3.0.
                "duplicateCount" | "uniqueCheck" | "unique" => "duplicateValues",
                "nullCheck" | "nullCount" => "nullValues",
                "countCheck" => "rowCount",
                "validValues" => "invalidValues",
                other => other,
            }
            .to_owned(),
        )
    }

    fn read(&mut self) -> Result<(), String> {
        match text(self.node, "type").unwrap_or("library") {
            "text" => Err(
                "words that no program can check: put it to people, or write a rule for it"
                    .to_owned(),
            ),
            "custom" => self.custom(),
            "sql" => self.sql(),
            "library" => self.library(),
            other => Err(format!(
                "`{other}` is no type of quality that the standard knows"
            )),
        }
    }

    fn custom(&mut self) -> Result<(), String> {
        let engine = text(self.node, "engine").unwrap_or_default();
        if engine != super::OURS {
            return Err(format!(
                "it is written for `{engine}`, whose language is not read here: say it as a metric of the standard, or write a rule"
            ));
        }
        let Some(implementation) = self
            .node
            .get("implementation")
            .filter(|n| matches!(n.value, Value::Map(_)))
        else {
            return Err("its `implementation` is no map of `id`, `check` and settings".to_owned());
        };
        let mut rule = self.rule();
        let ours = to_entries(implementation);
        heed_conditions(&mut rule, &ours);
        for entry in ours {
            match (entry.key.as_str(), entry.value) {
                ("id", id) => rule.id = as_text(&id).unwrap_or_default(),
                ("check", Yaml::Map(kinds)) => {
                    if let [
                        Entry {
                            key,
                            value: Yaml::Map(settings),
                            ..
                        },
                    ] = &kinds[..]
                    {
                        rule.kind = key.clone();
                        rule.check = settings.clone();
                    }
                }
                (key, value) => set(&mut rule.settings, key, value),
            }
        }
        if rule.kind.is_empty() {
            return Err("its `implementation` has no `check` of one kind".to_owned());
        }
        self.taken.extend(["engine", "implementation"]);
        self.takes_id();
        self.draft.add(rule);
        Ok(())
    }

    /// A rule with what every check says.
    pub fn rule(&self) -> RuleDraft {
        let name = self.column.map(|c| self.draft.columns[c].name.clone());
        let mut rule = asked(
            self.foreign,
            self.node,
            &self.word(),
            self.draft,
            name.as_deref(),
        );
        rule.span = self.foreign.span(self.node);
        let table = &self.draft.name;
        let said = text(self.node, "id").or(text(self.node, "name"));
        let restored = text(self.node, "id").map(|id| id.replace('-', "."));
        let ours = |id: &String| {
            id.starts_with(&format!("{table}."))
                && id.split('.').all(|part| Name::new(part).is_ok())
        };
        rule.id = match (restored.filter(ours), said.and_then(slug)) {
            (Some(id), _) => id,
            (None, Some(slug)) => format!("{table}.{slug}"),
            (None, None) => rule.id,
        };
        if let Some(said) = text(self.node, "severity") {
            let word = severity(said).unwrap_or("error");
            set(&mut rule.settings, "severity", Yaml::text(word));
        }
        if let Some(dimension) = text(self.node, "dimension").and_then(dimension) {
            rule.settings
                .insert(1, Entry::new("dimension", Yaml::text(dimension)));
        }
        if let Some(description) = text(self.node, "description") {
            set(&mut rule.settings, "why", Yaml::text(one_line(description)));
        }
        let tags = texts(self.node, "tags");
        if !tags.is_empty() {
            set(&mut rule.settings, "tags", Yaml::texts(tags));
        }
        rule
    }

    /// What the rule is called after: the check's id, or else its name.
    pub fn takes_id(&mut self) {
        let word = if text(self.node, "id").is_some() {
            "id"
        } else {
            "name"
        };
        self.taken.push(word);
    }

    pub fn compared(&self) -> Result<Option<Compared>, String> {
        let said: Vec<&str> = OPERATORS
            .into_iter()
            .filter(|key| self.node.get(key).is_some())
            .collect();
        let word = match said[..] {
            [] => return Ok(None),
            [one] => one,
            _ => {
                return Err(format!(
                    "it has several operators, {}, and the standard allows one",
                    said.join(" and ")
                ));
            }
        };
        let bounds = texts(self.node, word);
        Ok(Some(match (word, &bounds[..]) {
            ("mustBe", [n]) => Compared::Equal(n.clone()),
            ("mustNotBe", [n]) => Compared::NotEqual(n.clone()),
            ("mustBeGreaterThan", [n]) => Compared::Above(n.clone()),
            ("mustBeGreaterOrEqualTo", [n]) => Compared::AtLeast(n.clone()),
            ("mustBeLessThan", [n]) => Compared::Below(n.clone()),
            ("mustBeLessOrEqualTo", [n]) => Compared::AtMost(n.clone()),
            ("mustBeBetween", [a, b]) => Compared::Between(a.clone(), b.clone()),
            ("mustNotBeBetween", [_, _]) => Compared::NotBetween,
            _ => return Err(format!("`{word}` has not as many numbers as it needs")),
        }))
    }

    /// Adds the threshold that the operator asks for to a rule that counts bad rows.
    pub fn tolerate(&mut self, rule: &mut RuleDraft) -> Result<(), String> {
        let percent = match text(self.node, "unit") {
            None | Some("rows" | "count") => false,
            Some("percent" | "%") => true,
            Some(other) => {
                return Err(format!(
                    "`{other}` is no unit that is understood: rows or percent"
                ));
            }
        };
        // Version 3.0 allowed to leave it out where none is meant.
        let compared = self
            .compared()?
            .unwrap_or_else(|| Compared::Equal("0".to_owned()));
        let tolerated = tolerated(&compared, percent)?;
        if let Some(threshold) = tolerated.threshold {
            set(&mut rule.settings, "threshold", threshold);
        }
        if let Some(differs) = tolerated.differs {
            let what = self.what();
            self.foreign
                .note(self.foreign.span(self.node), what, differs);
        }
        self.taken.extend(OPERATORS);
        self.taken.push("unit");
        Ok(())
    }

    pub fn under(&mut self, rule: RuleDraft) -> Result<(), String> {
        let Some(column) = self.column else {
            return Err("it stands under a table, and is about a column".to_owned());
        };
        // It is called like its kind, whatever the contract calls it.
        let name = &self.draft.columns[column].name;
        let id = [&self.draft.name, name, rule.kind.as_str()].join("-");
        let same = text(self.node, "id") == Some(&id);
        self.taken.extend(same.then_some("id"));
        let weaker = self.draft.add_under(column, rule)?;
        self.foreign.note_weaker(weaker);
        Ok(())
    }

    fn sql(&mut self) -> Result<(), String> {
        let query = text(self.node, "query").ok_or("it has no `query`")?;
        let names = [self.draft.name.as_str()];
        let column = self.column.map(|c| self.draft.columns[c].name.clone());
        let counted = counted(query, &names, column.as_deref())
            .ok_or("only `SELECT COUNT(*) FROM <this table>`, with a WHERE or without, can be told from its words: write `failed_rows` or `expression` for the rest")?;
        let mut rule = self.rule();
        match counted.condition {
            None => {
                let compared = self
                    .compared()?
                    .ok_or("it has no operator to compare the count with")?;
                rule = rule.of_kind("row_count");
                if text(self.node, "unit").is_some_and(|unit| unit != "rows") {
                    return Err("a table has no share of its rows".to_owned());
                }
                rule.check = row_count(&compared)?;
                self.taken.extend(OPERATORS);
            }
            Some(condition) => {
                if self.compared()?.is_none() {
                    return Err("it has no operator to compare the count with".to_owned());
                }
                self.tolerate(&mut rule)?;
                let alias = counted
                    .alias
                    .map(|a| [" ", &a].concat())
                    .unwrap_or_default();
                let sql = [
                    "SELECT \"_row\"\nFROM ",
                    &ident(&self.draft.name),
                    &alias,
                    "\nWHERE ",
                    &condition,
                ]
                .concat();
                rule = rule.of_kind("failed_rows").check("sql", Yaml::text(sql));
                if let Some(column) = &column {
                    rule = rule.check("column", Yaml::text(column));
                }
            }
        }
        self.taken.extend(["query", "unit"]);
        self.takes_id();
        let dialect = text(self.node, "dialect").is_some();
        self.taken.extend(dialect.then_some("dialect"));
        self.draft.add(rule);
        Ok(())
    }
}

/// A word for severity as one of ours.
fn severity(said: &str) -> Option<&'static str> {
    Some(match said.to_lowercase().as_str() {
        "blocking" | "blocker" | "critical" | "fatal" => "blocking",
        "error" | "high" | "major" | "severe" => "error",
        "warn" | "warning" | "medium" | "minor" => "warn",
        "info" | "information" | "informational" | "low" => "info",
        _ => return None,
    })
}

fn dimension(said: &str) -> Option<&'static str> {
    Some(match said.to_lowercase().as_str() {
        "accuracy" | "ac" => "accuracy",
        "completeness" | "cp" | "coverage" | "cv" => "completeness",
        "conformity" | "cf" | "validity" => "validity",
        "consistency" | "cs" => "consistency",
        "timeliness" | "tm" => "timeliness",
        "uniqueness" | "uq" => "uniqueness",
        _ => return None,
    })
}
