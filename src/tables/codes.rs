//! Code lists: codes with their periods and places in a hierarchy, the other texts that stand for them, and what became of
//! the codes of another version.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Missing;
use crate::names::Name;

/// How a column uses a code list.
#[derive(Clone, Debug)]
pub struct Codes {
    /// Index into the lists that columns draw on: the project's, then those that rules hold themselves.
    pub list: usize,
    /// The date column that decides whether a code is in force.
    pub as_of: Option<usize>,
    /// Whether aliases are understood.
    pub map_aliases: bool,
    /// How sure an alias has to be to be understood.
    pub min_confidence: Confidence,
    /// The level that codes have to be of.
    pub level: Option<String>,
    /// Causes that are no failure where an alias names them.
    pub accept: Vec<Cause>,
    /// What becomes of a value that is not in force, misspelt or unknown.
    pub repair: Repair,
    /// With [`Repair::Correct`]: the causes of aliases that are corrected.
    pub correct: Vec<Cause>,
    /// With [`Repair::Correct`]: the causes that are corrected where no alias says what was meant.
    pub guess: Vec<Cause>,
}

impl Codes {
    /// The column's code has to be one of `list`, and nothing else is understood or done.
    pub fn of(list: usize) -> Self {
        Self {
            list,
            as_of: None,
            map_aliases: false,
            min_confidence: Confidence::Inferred,
            level: None,
            accept: Vec::new(),
            repair: Repair::Keep,
            correct: Vec::new(),
            guess: Vec::new(),
        }
    }
}

/// What becomes of a value that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It stays as it is.
    Keep,
    /// It becomes its code where the cause is to be corrected, anything else becomes null.
    Correct,
    /// It becomes null.
    Null,
}

/// Why a text is no code in force, where its code can be told. In the order of how sure they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename = "cause", rename_all = "snake_case")]
#[schemars(rename = "Cause")]
pub enum Cause {
    /// An alias that the list calls misspelt.
    Misspelling,
    /// Named in the wrong group: an alias of that cause, or a code's name with another group in brackets.
    WrongGroup,
    /// An alias that is an earlier name.
    OldName,
    /// An alias that names a part of what the code means.
    PartOf,
    /// An alias that names something of another level.
    OtherLevel,
    /// Only upper and lower case differ.
    Case,
    /// Only white space differs.
    Spacing,
    /// Only punctuation differs; `&` is `and`.
    Punctuation,
    /// Characters that look alike, accents, or the same characters put together otherwise.
    LookAlike,
    /// Noughts in front are missing, or too many.
    LeadingZero,
    /// A code of the past, or of another version of the list, whose one successor is known.
    Retired,
    /// Two neighbouring characters are swapped.
    Transposition,
    /// One character is missing, too many, or another.
    OneEdit,
    /// A few characters differ.
    NearMiss,
}

impl Cause {
    /// The word in rules and in the log's `likely_cause`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Misspelling => "misspelling",
            Self::WrongGroup => "wrong_group",
            Self::OldName => "old_name",
            Self::PartOf => "part_of",
            Self::OtherLevel => "other_level",
            Self::Case => "case",
            Self::Spacing => "spacing",
            Self::Punctuation => "punctuation",
            Self::LookAlike => "look_alike",
            Self::LeadingZero => "leading_zero",
            Self::Retired => "retired",
            Self::Transposition => "transposition",
            Self::OneEdit => "one_edit",
            Self::NearMiss => "near_miss",
        }
    }

    /// What a list says of its aliases itself; the others are worked out.
    pub const OF_ALIASES: [Self; 5] = [
        Self::Misspelling,
        Self::WrongGroup,
        Self::OldName,
        Self::PartOf,
        Self::OtherLevel,
    ];
}

/// What a list says of its aliases itself, so that a column may accept them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "cause of aliases", rename_all = "snake_case")]
#[schemars(rename = "AliasCause")]
pub enum AliasCause {
    /// Misspelt.
    Misspelling,
    /// Named in the wrong group.
    WrongGroup,
    /// An earlier name.
    OldName,
    /// A part of what the code means.
    PartOf,
    /// Something of another level.
    OtherLevel,
}

impl From<AliasCause> for Cause {
    fn from(cause: AliasCause) -> Self {
        match cause {
            AliasCause::Misspelling => Self::Misspelling,
            AliasCause::WrongGroup => Self::WrongGroup,
            AliasCause::OldName => Self::OldName,
            AliasCause::PartOf => Self::PartOf,
            AliasCause::OtherLevel => Self::OtherLevel,
        }
    }
}

/// A list of codes with their aliases.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// Its name: the file `rules/reference/<name>.csv`, or the column whose rule holds it.
    pub name: Name,
    /// The codes in file order.
    pub codes: Vec<Code>,
    /// Code or alias text to what it stands for: one code, or several of which no two are in force on one day.
    pub lookup: HashMap<String, Vec<Entry>>,
    /// What became of codes that are not of this list, or no longer in force.
    pub correspondence: Correspondence,
}

impl CodeList {
    /// A list without aliases.
    pub fn new(name: Name, codes: Vec<Code>) -> Self {
        let own = |(code, of): (usize, &Code)| (of.code.clone(), vec![Entry { code, alias: None }]);
        Self {
            name,
            lookup: codes.iter().enumerate().map(own).collect(),
            codes,
            correspondence: Correspondence::default(),
        }
    }

    /// The same list in which `text` also stands for `code`.
    pub fn with_alias(mut self, text: &str, code: usize, cause: Option<Cause>) -> Self {
        let confidence = Confidence::Verified;
        let alias = Some(Alias { cause, confidence });
        let entries = self.lookup.entry(text.to_owned()).or_default();
        entries.push(Entry { code, alias });
        self
    }

    /// What `text` stands for, on one day or another.
    pub fn meanings(&self, text: &str) -> &[Entry] {
        self.lookup.get(text).map_or(&[], Vec::as_slice)
    }

    /// What `text` stands for where no day is asked for: the first of its codes in the file.
    pub fn meaning(&self, text: &str) -> Option<&Entry> {
        self.meanings(text).first()
    }
}

/// What a text in a code list stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Index into [`CodeList::codes`].
    pub code: usize,
    /// `None` for the code itself.
    pub alias: Option<Alias>,
}

/// The word for an alias that is another accepted spelling.
pub const VARIANT: &str = "variant";

/// How a text that is not the code stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Why it is not the code; `None` for a variant, another accepted spelling.
    pub cause: Option<Cause>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How sure it is that an alias means its code; the least sure first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename = "confidence", rename_all = "snake_case")]
#[schemars(rename = "Confidence")]
pub enum Confidence {
    /// It may as well mean another, or none.
    Ambiguous,
    /// Concluded, from memory or from a map.
    Inferred,
    /// Likely, with a source.
    Probable,
    /// The name is sure, and that what it named is there no more.
    VerifiedName,
    /// Sure.
    Verified,
}

impl Confidence {
    /// All, the most sure first.
    pub const ALL: [Self; 5] = [
        Self::Verified,
        Self::VerifiedName,
        Self::Probable,
        Self::Inferred,
        Self::Ambiguous,
    ];

    /// The word in alias files and rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::Inferred => "inferred",
            Self::Probable => "probable",
            Self::VerifiedName => "verified_name",
            Self::Verified => "verified",
        }
    }
}

/// One code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The value in clean tables.
    pub code: String,
    /// For readers.
    pub label: String,
    /// The code or group above it.
    pub parent: Option<String>,
    /// What kind of thing it is, in a list that is a hierarchy.
    pub level: Option<String>,
    /// Order in outputs.
    pub sort: i64,
    /// The kind of missing that it means.
    pub missing: Option<Missing>,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// First day no longer in force.
    pub valid_to: Option<Date>,
}

impl Code {
    /// A code that says no more than itself.
    pub fn plain(code: &str, sort: i64) -> Self {
        Self {
            code: code.to_owned(),
            label: code.to_owned(),
            parent: None,
            level: None,
            sort,
            missing: None,
            valid_from: None,
            valid_to: None,
        }
    }
}

/// What became of codes of other versions of a list, and of its own that are no longer in force.
#[derive(Clone, Debug, Default)]
pub struct Correspondence {
    /// Earlier code to the codes of this list that took its place, by index; none where nothing did.
    pub successors: BTreeMap<String, Vec<usize>>,
    /// Those of the earlier codes that are codes of another list.
    pub of_others: BTreeSet<String>,
    /// The lists that it names.
    pub from_lists: BTreeSet<String>,
}

impl Correspondence {
    /// The codes that took the place of a code of this list itself.
    pub fn successors_of_own(&self, code: &Code) -> Option<&Vec<usize>> {
        let successors = self.successors.get(&code.code);
        successors.filter(|_| !self.of_others.contains(&code.code))
    }

    /// The relation between an earlier code and its successors; `None` for a code that is not in the table.
    pub fn relation(&self, earlier: &str) -> Option<Relation> {
        let successors = self.successors.get(earlier)?;
        Some(match successors[..] {
            [] => Relation::None,
            [one] => {
                let of_one = |others: &&Vec<usize>| others[..] == [one];
                match self.successors.values().filter(of_one).count() {
                    1 => Relation::OneToOne,
                    _ => Relation::ManyToOne,
                }
            }
            _ => Relation::OneToMany,
        })
    }
}

/// How an earlier code and its successors belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Renamed, nothing else.
    OneToOne,
    /// Merged with others.
    ManyToOne,
    /// Split: which of them is meant, the code does not say.
    OneToMany,
    /// Given up.
    None,
}

impl Relation {
    /// As in `1:1`.
    pub fn word(self) -> &'static str {
        match self {
            Self::OneToOne => "1:1",
            Self::ManyToOne => "n:1",
            Self::OneToMany => "1:n",
            Self::None => "none",
        }
    }
}
