//! Colours of a terminal, which say nothing that the words beside them do not.

use crate::discrepancy::{Severity, Status};

/// When there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` says otherwise.
    Auto,
    /// Always, also into a file or pipe.
    Always,
    /// Never.
    Never,
}

/// What the environment says of colours, each as it stands there.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `NO_COLOR`: none, when it is set and not empty.
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`: always, when it is set and neither empty nor 0.
    pub clicolor_force: Option<String>,
    /// `CLICOLOR`: none, when it is 0.
    pub clicolor: Option<String>,
    /// `TERM`: none, when it is `dumb` or not set.
    pub term: Option<String>,
}

impl Wishes {
    /// Whether to use colours: what the call says comes first, then `NO_COLOR`, then `CLICOLOR_FORCE`, then the terminal.
    pub fn colours(&self, when: Option<When>, on_terminal: bool) -> bool {
        let says = |wish: &Option<String>| wish.clone().filter(|wish| !wish.is_empty());
        match when.unwrap_or(When::Auto) {
            When::Always => true,
            When::Never => false,
            When::Auto if says(&self.no_color).is_some() => false,
            When::Auto if says(&self.clicolor_force).is_some_and(|wish| wish != "0") => true,
            When::Auto if self.clicolor.as_deref() == Some("0") => false,
            When::Auto => on_terminal && says(&self.term).is_some_and(|term| term != "dumb"),
        }
    }
}

/// How a word looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ink {
    /// As the terminal writes.
    #[default]
    Plain,
    /// What is looked for first.
    Strong,
    /// What is there for completeness.
    Faint,
    /// What is well.
    Good,
    /// What is worth a look.
    Look,
    /// What is wrong.
    Bad,
    /// What stops everything.
    Worst,
}

impl Ink {
    pub(super) fn of(severity: Severity) -> Self {
        match severity {
            Severity::Blocking => Self::Worst,
            Severity::Error => Self::Bad,
            Severity::Warn => Self::Look,
            Severity::Info => Self::Plain,
        }
    }

    pub(super) fn of_status(status: Status) -> Self {
        match status {
            Status::New | Status::Reopened => Self::Bad,
            Status::Resolved => Self::Good,
            _ => Self::Plain,
        }
    }

    /// The codes that a terminal knows it by, from the 16 colours that its user chose.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
            Self::Good => Some("32"),
            Self::Look => Some("33"),
            Self::Bad => Some("31"),
            Self::Worst => Some("1;31"),
        }
    }
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(pub bool);

impl Paint {
    /// `text`, which is already harmless, in this ink.
    pub(super) fn ink(self, ink: Ink, text: &str) -> String {
        match ink.code().filter(|_| self.0 && !text.is_empty()) {
            Some(code) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            None => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_about_colours() {
        let set = |no: &str, force: &str, cli: &str, term: &str| {
            let wish = |text: &str| (text != "-").then(|| text.to_owned());
            Wishes {
                no_color: wish(no),
                clicolor_force: wish(force),
                clicolor: wish(cli),
                term: wish(term),
            }
        };
        let plain = || set("-", "-", "-", "xterm-256color");
        for (wishes, when, on_terminal, want) in [
            (plain(), None, true, true),
            (plain(), None, false, false),
            (plain(), Some(When::Auto), true, true),
            (plain(), Some(When::Never), true, false),
            (plain(), Some(When::Always), false, true),
            // no-color.org: set and not empty, whatever it says; the call overrides it.
            (set("1", "-", "-", "xterm"), None, true, false),
            (set("0", "-", "-", "xterm"), None, true, false),
            (set("", "-", "-", "xterm"), None, true, true),
            (set("1", "-", "-", "xterm"), Some(When::Always), true, true),
            (set("1", "1", "-", "xterm"), None, true, false),
            // bixense.com/clicolors
            (set("-", "1", "-", "-"), None, false, true),
            (set("-", "0", "-", "xterm"), None, false, false),
            (set("-", "", "-", "xterm"), None, false, false),
            (set("-", "1", "-", "-"), Some(When::Never), false, false),
            (set("-", "-", "0", "xterm"), None, true, false),
            (set("-", "-", "1", "xterm"), None, true, true),
            (set("-", "-", "1", "xterm"), None, false, false),
            // A terminal that has none.
            (set("-", "-", "-", "dumb"), None, true, false),
            (set("-", "-", "-", "-"), None, true, false),
        ] {
            let got = wishes.colours(when, on_terminal);
            assert_eq!(got, want, "{wishes:?} {when:?} {on_terminal}");
        }
    }

    #[test]
    fn without_colours_there_is_no_escape() {
        assert_eq!(Paint(false).ink(Ink::Worst, "blocking"), "blocking");
        assert_eq!(Paint(true).ink(Ink::Plain, "info"), "info");
        assert_eq!(
            Paint(true).ink(Ink::Worst, "blocking"),
            "\u{1b}[1;31mblocking\u{1b}[0m"
        );
    }
}
