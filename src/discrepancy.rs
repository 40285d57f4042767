//! The product's output: one thing that is wrong with the data, and the words it is classified by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word in files and logs.
            pub fn word(self) -> &'static str { match self { $($name::$variant => $word),+ } }
            /// The value of a word.
            pub fn of_word(word: &str) -> Option<Self> { Self::ALL.iter().copied().find(|value| value.word() == word) }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.word()) }
        }
    };
}

words! {
    /// How much a failure matters, most severe first.
    Severity {
        /// Nothing is published.
        Blocking => "blocking",
        /// The data is wrong.
        Error => "error",
        /// The data is doubtful or incomplete.
        Warn => "warn",
        /// Worth knowing.
        Info => "info",
    }
}

words! {
    /// The six dimensions of the UK Government Data Quality Framework.
    Dimension {
        /// All that should be there is there.
        Completeness => "completeness",
        /// Nothing is there twice.
        Uniqueness => "uniqueness",
        /// Nothing contradicts itself.
        Consistency => "consistency",
        /// It is of the right time.
        Timeliness => "timeliness",
        /// It has the form it should have.
        Validity => "validity",
        /// It agrees with the world.
        Accuracy => "accuracy",
    }
}

words! {
    /// What kind of wrong, in the reader's words.
    Category {
        /// A value is not there.
        Missing => "Missing",
        /// A value does not have its type's form.
        WrongFormat => "Wrong format",
        /// A value is in no code list.
        UnknownCode => "Unknown code",
        /// A value lies outside its range.
        OutOfRange => "Out of range",
        /// Values come in an order that cannot be.
        OutOfOrder => "Out of order",
        /// A row repeats another.
        Duplicate => "Duplicate",
        /// A row names another that is not there.
        Orphan => "Orphan",
        /// Figures that should agree do not.
        TotalMismatch => "Total mismatch",
        /// A part is larger than its whole.
        ImpossibleSubset => "Impossible subset",
        /// A share is not the share of its figures.
        WrongShare => "Wrong share",
        /// A change is not what lies between its figures.
        WrongChange => "Wrong change",
        /// A file or column is not as declared.
        Schema => "Schema",
        /// Data is older than it should be.
        Stale => "Stale",
    }
}

words! {
    /// What was done about it.
    Action {
        /// The row and value stay.
        Kept => "kept",
        /// The value was replaced.
        Corrected => "corrected",
        /// The value was removed.
        Nulled => "nulled",
        /// The row went to the quarantine table.
        Quarantined => "quarantined",
        /// The row was left out.
        Excluded => "excluded",
        /// The record could not be read as a row.
        Rejected => "rejected",
    }
}

words! {
    /// Where a discrepancy is in its life.
    Status {
        /// Found tonight and never before.
        New => "new",
        /// Found before, and still there.
        Ongoing => "ongoing",
        /// Found again after it was gone, or after its waiver ended.
        Reopened => "reopened",
        /// Found in the run before, and not tonight.
        Resolved => "resolved",
        /// There, and accepted by a waiver that holds.
        Waived => "waived",
    }
}
