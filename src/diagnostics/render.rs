//! Diagnostics for people and for jobs.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, DiagnosticLine, Span};
use crate::harmless::{self, words};

/// Most diagnostics that are shown as text: who has more corrects these first.
const SHOWN: usize = 1_000;

/// Diagnostics as text: message, place, line, caret and help of each, sorted by place, and a closing line with their number.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let sorted = sorted(diagnostics);
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for diagnostic in sorted.iter().take(SHOWN) {
        text.push_str(&one(diagnostic, &renderer));
        text.push_str("\n\n");
    }
    text.push_str(&closing(&sorted));
    text.push('\n');
    text
}

/// Diagnostics as a job reads them, in the same order.
pub fn lines(diagnostics: &[Diagnostic]) -> Vec<DiagnosticLine<'_>> {
    sorted(diagnostics)
        .into_iter()
        .map(|diagnostic| {
            let place = diagnostic.span.as_ref().map(Span::line_column);
            DiagnosticLine {
                file: diagnostic
                    .span
                    .as_ref()
                    .map(|span| span.source.path.as_str()),
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
                level: diagnostic.lint.map_or("error", |_| "warning"),
                lint: diagnostic.lint,
                message: harmless::lines(&diagnostic.message),
                help: diagnostic.help.as_deref().map(harmless::lines),
            }
        })
        .collect()
}

/// By file and place, those without a place first, each once.
pub(crate) fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let key = |d: &&Diagnostic| {
        let place = d
            .span
            .as_ref()
            .map(|span| (span.source.path.clone(), span.bytes.start, span.bytes.end));
        (place, d.message.clone(), d.label.clone(), d.help.clone())
    };
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_cached_key(key);
    sorted.dedup_by_key(|d| key(d));
    sorted
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let message = harmless::lines(&diagnostic.message);
    let title = match diagnostic.lint {
        None => Level::ERROR.primary_title(message),
        Some(lint) => Level::WARNING.primary_title(message).id(lint),
    };
    let mut group = match &diagnostic.span {
        Some(span) => {
            let (number, _) = span.line_column();
            let text = &span.source.text;
            let start = span.bytes.start.min(text.len());
            // Only the line itself: a caret under the first line says enough about a value of many lines.
            let from = text
                .get(..start)
                .and_then(|head| head.rfind('\n'))
                .map_or(0, |at| at + 1);
            let line = text
                .get(from..)
                .and_then(|rest| rest.lines().next())
                .unwrap_or_default();
            let inside = |at: usize| at.saturating_sub(from).min(line.len());
            let (start, end) = (inside(start), inside(span.bytes.end.max(start)));
            let parts = [line.get(..start), line.get(start..end), line.get(end..)];
            let [before, marked, after] = parts.map(|part| code(part.unwrap_or_default()));
            let caret = before.len()..before.len() + marked.len();
            let caret = AnnotationKind::Primary.span(caret);
            let caret = match diagnostic.label.as_str() {
                "" => caret,
                label => caret.label(harmless::lines(label)),
            };
            let snippet = Snippet::source(before + &marked + &after)
                .path(words(&span.source.path))
                .line_start(number);
            title.element(snippet.annotation(caret))
        }
        None => Group::with_title(title),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(harmless::lines(help)));
    }
    renderer.render(&[group])
}

/// A part of a line of a file: the renderer itself shows tabs.
fn code(part: &str) -> String {
    part.split('\t').map(words).collect::<Vec<_>>().join("\t")
}

fn closing(sorted: &[&Diagnostic]) -> String {
    let mut files: Vec<&str> = sorted
        .iter()
        .filter_map(|d| d.span.as_ref())
        .map(|s| s.source.path.as_str())
        .collect();
    files.dedup();
    let said = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let warnings = sorted.iter().filter(|d| d.lint.is_some()).count();
    let parts = [
        said(sorted.len() - warnings, "mistake"),
        said(warnings, "warning"),
    ];
    let mistakes = match sorted.is_empty() {
        true => "0 mistakes".to_owned(),
        false => parts
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" and "),
    };
    let shown = match sorted.len() > SHOWN {
        true => format!("; the first {SHOWN} are shown"),
        false => String::new(),
    };
    match files.len() {
        0 => format!("{mistakes}{shown}"),
        1 => format!("{mistakes} in 1 file{shown}"),
        n => format!("{mistakes} in {n} files{shown}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::Source;

    fn at(text: &str, bytes: std::ops::Range<usize>) -> Span {
        let source = Arc::new(Source {
            path: "rules/x.yaml".into(),
            text: text.into(),
        });
        Span { source, bytes }
    }

    #[test]
    fn shows_each_mistake_once_in_order() {
        let text = "a: 1\r\nbé: [\n  2,\n]\n";
        let second = Diagnostic::at(&at(text, 11..20), "this is wrong")
            .label("here")
            .help("write 3");
        let diagnostics = [
            second.clone(),
            Diagnostic::at(&at(text, 0..1), "unknown key `a`"),
            Diagnostic::nowhere("a file is missing").help("write it"),
            second,
            Diagnostic::at(&at("", 0..0), "the file is empty"),
        ];
        insta::assert_snapshot!(render(&diagnostics, false), @"
        error: a file is missing
         |
         = help: write it

        error: the file is empty
         --> rules/x.yaml:1:1
          |
        1 |
          | ^

        error: unknown key `a`
         --> rules/x.yaml:1:1
          |
        1 | a: 1
          | ^

        error: this is wrong
         --> rules/x.yaml:2:5
          |
        2 | bé: [
          |     ^ here
          |
          = help: write 3

        4 mistakes in 1 file
        ");
        let lines: Vec<_> = lines(&diagnostics)
            .iter()
            .map(|l| (l.line, l.column))
            .collect();
        assert_eq!(
            lines,
            [
                (None, None),
                (Some(1), Some(1)),
                (Some(1), Some(1)),
                (Some(2), Some(5))
            ]
        );
    }

    #[test]
    fn nothing_of_a_file_acts_on_the_terminal() {
        let text = "\u{1b}[2J: \t\u{202e}é\u{9b}x\n";
        let at = at(text, 7..12);
        let diagnostic = Diagnostic::at(&at, "unknown key `\u{1b}[2J`")
            .label("\u{202e}here")
            .help("write\u{7}\nmore");
        insta::assert_snapshot!(render(std::slice::from_ref(&diagnostic), false), @r"
        error: unknown key `\u{1b}[2J`
         --> rules/x.yaml:1:13
          |
        1 | \u{1b}[2J:     \u{202e}é\u{9b}x
          |                ^^^^^^^^^ \u{202e}here
          |
          = help: write\u{7}
                  more

        1 mistake in 1 file
        ");
        let line = &lines(std::slice::from_ref(&diagnostic))[0];
        assert_eq!(line.message, "unknown key `\\u{1b}[2J`");
        assert_eq!(line.help.as_deref(), Some("write\\u{7}\nmore"));
    }

    #[test]
    fn colour_is_only_colour() {
        let diagnostics =
            [Diagnostic::at(&at("a: 1\n", 0..1), "unknown key `a`").help("remove it")];
        let coloured = render(&diagnostics, true);
        assert!(coloured.contains('\u{1b}'));
        let codes = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern");
        assert_eq!(
            codes.replace_all(&coloured, ""),
            render(&diagnostics, false)
        );
    }
}
