//! How a command speaks, which all of them are told in the same words.

use std::ffi::OsString;

use clap::{Args, ColorChoice, ValueEnum};

use super::{Command, paint::When};

/// How to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// JSON: of `run` lines on stderr, of the others one document on stdout.
    Json,
}

/// How much is said, and how it looks.
#[derive(Clone, Copy, Debug, Args)]
pub struct Manner {
    /// Say only what failed: nothing where all is well
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours [default: on a terminal, unless NO_COLOR is set]
    #[arg(
        long = "color",
        visible_alias = "colour",
        value_name = "WHEN",
        value_enum,
        global = true
    )]
    pub colour: Option<When>,
}

/// How errors and traces are told.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// Text, or JSON lines on stderr.
    pub format: Format,
    /// How much, and how it looks.
    pub manner: Manner,
}

/// What a call says of colours, before it is understood: a mistake in it is told in them, too.
pub fn asked_colour(words: &[OsString]) -> ColorChoice {
    let mut choice = ColorChoice::Auto;
    for (at, word) in words.iter().enumerate() {
        let Some(word) = word.to_str() else { continue };
        if word == "--" {
            break;
        }
        for name in ["--color", "--colour"] {
            let asked = match word.strip_prefix(name) {
                Some("") => words.get(at + 1).and_then(|next| next.to_str()),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            choice = match asked {
                Some("always") => ColorChoice::Always,
                Some("never") => ColorChoice::Never,
                Some("auto") => ColorChoice::Auto,
                _ => choice,
            };
        }
    }
    choice
}

impl Command {
    /// How its answer and its errors are told.
    pub fn format(&self) -> Format {
        match self {
            Self::Run(args) => args.format,
            Self::Lint(args) => args.voice(),
            Self::Profile(args) => args.format,
            Self::Explain(args) => args.format,
            Self::Test(args) => args.format,
            Self::Diff(args) => args.format,
            Self::Waive(args) => args.format,
            Self::Verify(args) => args.format,
            Self::Import(command) => command.voice(),
            Self::Schema(_) | Self::Export(_) | Self::Completions(_) | Self::Man(_) => Format::Text,
        }
    }

    /// Whether what it says when it ends with 0 is only that all is well, and no page that was asked for.
    pub(super) fn reports(&self) -> bool {
        if self.format() == Format::Json {
            return false;
        }
        match self {
            Self::Lint(_) | Self::Test(_) | Self::Verify(_) | Self::Diff(_) => true,
            Self::Waive(args) => !args.dry_run,
            Self::Schema(args) => args.out.is_some() || args.docs.is_some(),
            Self::Export(command) => command.writes(),
            Self::Man(args) => args.out.is_some(),
            // What an import could not carry over is told in any case.
            Self::Import(_) | Self::Run(_) => false,
            Self::Profile(_) | Self::Explain(_) | Self::Completions(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_before_the_call_is_understood() {
        for (words, want) in [
            ("run", ColorChoice::Auto),
            ("run --color always --bogus", ColorChoice::Always),
            ("--color=never rnu", ColorChoice::Never),
            ("run --colour=always", ColorChoice::Always),
            ("run --color sometimes", ColorChoice::Auto),
            ("run --color", ColorChoice::Auto),
            ("run --colorful=always", ColorChoice::Auto),
            ("run --color always --color never", ColorChoice::Never),
            ("profile -- --color=always", ColorChoice::Auto),
        ] {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert_eq!(asked_colour(&words), want, "{words:?}");
        }
    }
}
