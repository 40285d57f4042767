//! Diagnostics for people and for jobs.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, DiagnosticLine, Span};

/// Diagnostics as text: message, place, line, caret and help of each, sorted by place, and a closing line with their number.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let sorted = sorted(diagnostics);
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for diagnostic in &sorted {
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
                message: &diagnostic.message,
                help: diagnostic.help.as_deref(),
            }
        })
        .collect()
}

/// By file and place, those without a place first, each once.
fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
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
    let title = Level::ERROR.primary_title(diagnostic.message.as_str());
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
            let caret =
                AnnotationKind::Primary.span(inside(start)..inside(span.bytes.end.max(start)));
            let caret = match diagnostic.label.as_str() {
                "" => caret,
                label => caret.label(label),
            };
            let snippet = Snippet::source(line)
                .path(span.source.path.as_str())
                .line_start(number);
            title.element(snippet.annotation(caret))
        }
        None => Group::with_title(title),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

fn closing(sorted: &[&Diagnostic]) -> String {
    let mut files: Vec<&str> = sorted
        .iter()
        .filter_map(|d| d.span.as_ref())
        .map(|s| s.source.path.as_str())
        .collect();
    files.dedup();
    let mistakes = match sorted.len() {
        1 => "1 mistake".to_owned(),
        n => format!("{n} mistakes"),
    };
    match files.len() {
        0 => mistakes,
        1 => format!("{mistakes} in 1 file"),
        n => format!("{mistakes} in {n} files"),
    }
}
