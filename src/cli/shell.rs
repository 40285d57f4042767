//! `trueup completions` and `trueup man`: what a shell and `man` know of the commands, from the commands themselves.

use std::path::PathBuf;

use clap::{Args, CommandFactory, builder::PossibleValuesParser};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Answer, Cli};
use crate::{harmless::words, pipeline::RunError, publish::write_together};

/// Environment variables, and what they do.
const ENVIRONMENT: [(&str, &str); 5] = [
    (
        "TRUEUP_KEY",
        "The key with which values of hidden columns are told apart without being shown.",
    ),
    (
        "NO_COLOR",
        "No colours where it is set and not empty; --color overrides it.",
    ),
    (
        "CLICOLOR_FORCE, CLICOLOR",
        "Colours also into a pipe where the first is neither empty nor 0; none where the second is 0.",
    ),
    ("COLUMNS", "Columns of a line, unless the terminal says."),
    (
        "TMPDIR",
        "Where temporary files of commands that publish nothing stand.",
    ),
];

/// Arguments of `completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete commands, options and their values
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// The commands that have a page, each called as its page is.
const COMMANDS: [&str; 16] = [
    "run",
    "lint",
    "schema",
    "profile",
    "explain",
    "diff",
    "waive",
    "test",
    "verify",
    "import",
    "import-odcs",
    "import-dbt",
    "export",
    "export-odcs",
    "completions",
    "man",
];

/// Arguments of `man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// The command that the page is about [default: trueup itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out", value_parser = PossibleValuesParser::new(COMMANDS))]
    pub command: Option<String>,
    /// Write the pages of all commands there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl CompletionsArgs {
    pub(super) fn answer(&self) -> Answer {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "trueup", &mut script);
        let text = String::from_utf8_lossy(&script).into_owned();
        Answer { text, code: 0 }
    }
}

impl ManArgs {
    pub(super) fn answer(&self) -> Result<Answer, RunError> {
        let all = all();
        let Some(folder) = &self.out else {
            let name = match &self.command {
                Some(command) => format!("trueup-{command}.1"),
                None => "trueup.1".to_owned(),
            };
            let page = all.into_iter().find(|(file, _)| *file == name);
            let text = page.map_or_else(String::new, |(_, text)| text);
            return Ok(Answer { text, code: 0 });
        };
        let all = all.into_iter();
        let all: Vec<(PathBuf, String)> =
            all.map(|(name, text)| (folder.join(name), text)).collect();
        write_together(&all, true)?;
        let wrote = |(path, _): &(PathBuf, String)| {
            format!("wrote {}\n", words(&path.display().to_string()))
        };
        let text = all.iter().map(wrote).collect();
        Ok(Answer { text, code: 0 })
    }
}

/// All pages, by the names of their files.
fn all() -> Vec<(String, String)> {
    let mut trueup = Cli::command().disable_help_subcommand(true);
    trueup.build();
    let mut all = Vec::new();
    pages(&trueup, &mut all);
    all
}

/// The page of a command and those of its own commands.
fn pages(command: &clap::Command, all: &mut Vec<(String, String)>) {
    all.push(page(command));
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        pages(below, all);
    }
}

/// The name of a page's file, and the page.
fn page(command: &clap::Command) -> (String, String) {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let man = Man::new(command.clone().after_help(""))
        .title(name.to_uppercase())
        .source(format!("trueup {}", env!("CARGO_PKG_VERSION")))
        .manual("Trueup");
    let mut page = Vec::new();
    // Writing to memory cannot fail.
    let _ = man.render_title(&mut page);
    let _ = man.render_name_section(&mut page);
    let _ = man.render_synopsis_section(&mut page);
    let _ = man.render_description_section(&mut page);
    let _ = man.render_options_section(&mut page);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut page);
    }
    let mut page = String::from_utf8_lossy(&page).into_owned();
    let after = command.get_after_help().map(ToString::to_string);
    let after = after.unwrap_or_default();
    for part in after.split("\n\n").filter(|part| !part.trim().is_empty()) {
        let (head, lines) = part.split_once('\n').unwrap_or(("Notes", part));
        page.push_str(&format!(
            ".SH \"{}\"\n.nf\n",
            plain(head.trim_end_matches(':')).to_uppercase()
        ));
        for line in lines.lines() {
            page.push_str(&format!("{}\n", plain(line.trim_start())));
        }
        page.push_str(".fi\n");
    }
    page.push_str(".SH ENVIRONMENT\n");
    for (name, what) in ENVIRONMENT {
        page.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", plain(name), plain(what)));
    }
    if name != "trueup" {
        page.push_str(".SH \"SEE ALSO\"\n\\fBtrueup\\fR(1)\n");
    }
    (format!("{name}.1"), ascii(&page))
}

/// A page in which roff's own names stand for what is no ASCII: it need not be told how the page is encoded.
fn ascii(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for c in page.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => out.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    out
}

/// A line of text that roff takes for nothing else.
fn plain(line: &str) -> String {
    let line = line
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_examples() {
        let all = all();
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        let mut want = vec!["trueup.1".to_owned()];
        want.extend(COMMANDS.map(|command| format!("trueup-{command}.1")));
        assert_eq!(names, want);
        for (name, page) in &all {
            assert!(page.is_ascii(), "{name}");
            assert!(
                page.contains(".SH NAME") && page.contains(".SH ENVIRONMENT"),
                "{name}"
            );
            // Commands of a command share its examples.
            if name.matches('-').count() < 2 {
                assert!(page.contains(".SH \"EXAMPLES\""), "{name}: {page}");
            }
        }
    }
}
