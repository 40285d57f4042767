//! What all pages have in common: the document around them, its policy, and templates in which every value is text.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};
use sha2::{Digest, Sha256};

use super::PageError;
use crate::harmless;

/// The style that all pages share: colours for light, dark and print, text, tables, charts.
const BASE_STYLE: &str = include_str!("assets/base.css");

/// A page without its content.
pub struct Shell<'p> {
    /// The title of the window and of the page.
    pub title: &'p str,
    /// Styles of this page alone.
    pub style: &'p str,
    /// Its script; blank for a page that needs none.
    pub script: &'p str,
}

impl Shell<'_> {
    /// The document around `body`, which is HTML.
    ///
    /// Only this page's own style and script take effect, and nothing is fetched from anywhere.
    pub fn document(&self, body: &str) -> String {
        let style = format!("{BASE_STYLE}{}", self.style);
        let script_source = match self.script {
            "" => "'none'".to_owned(),
            script => format!("'sha256-{}'", hash(script)),
        };
        let script = match self.script {
            "" => String::new(),
            script => format!("<script>{script}</script>\n"),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; script-src {script_source}; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n{script}</body>\n</html>\n",
            hash(&style),
            escape(self.title),
        )
    }
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// A text inside HTML: nothing of it is markup, and what acts on a reader is shown as an escape; line breaks stay.
pub fn escape(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A text whose line breaks stay and whose other characters that act, or that nobody sees, are shown.
pub fn visible(text: &str) -> Cow<'_, str> {
    let shown = match text.contains('\n') {
        false => harmless::words(text),
        true => {
            let lines: Vec<Cow<'_, str>> = text.split('\n').map(harmless::words).collect();
            Cow::Owned(lines.join("\n"))
        }
    };
    // A name of these alone would be a blank place of the page. Joiners stay: words and pictures are made of them.
    const UNSEEN: [char; 4] = ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}'];
    if !shown.contains(UNSEEN) {
        return shown;
    }
    let mut out = String::with_capacity(shown.len() + 8);
    for c in shown.chars() {
        match UNSEEN.contains(&c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// An environment for templates of pages: a name that is not there is an error, and every value is escaped as [`escape`]
/// does unless a filter or function of this crate says that it is HTML.
pub fn environment() -> Environment<'static> {
    let mut env = strict(Environment::new());
    env.add_filter("html", |text: String| Value::from_safe_string(text));
    env.add_filter("number", |number: i64| super::words::number(number));
    env
}

/// The same for templates of a project's author, who gets no filter and no function but those that are added: nothing
/// that an author writes is HTML.
pub fn bare_environment() -> Environment<'static> {
    strict(Environment::empty())
}

fn strict(mut env: Environment<'static>) -> Environment<'static> {
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, _state, value| {
        let text = match value.as_str() {
            Some(text) if value.is_safe() => Cow::Borrowed(text),
            Some(text) => Cow::Owned(escape(text)),
            None if value.is_none() => Cow::Borrowed(""),
            None => Cow::Owned(escape(&value.to_string())),
        };
        out.write_str(&text).map_err(Error::from)
    });
    env
}

/// Renders a template of this crate.
///
/// # Errors
/// It does not fit the values, which is a mistake of this crate.
pub fn render(page: &str, template: &str, values: Value) -> Result<String, PageError> {
    environment()
        .render_named_str(page, template, values)
        .map_err(|source| PageError::Template {
            page: page.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn values_are_text_whatever_they_hold() {
        let hostile = "<script>alert(1)</script>\u{202e}\u{1b}[31m' onload=\"x\n&";
        let html = render(
            "t",
            "<p title=\"{{ v }}\">{{ v }}</p>",
            context! { v => hostile },
        );
        let html = html.expect("a page");
        assert!(!html.contains("<script"), "{html}");
        assert!(
            !html.contains('\u{202e}') && !html.contains('\u{1b}'),
            "{html}"
        );
        assert!(!html.contains("onload=\""), "{html}");
        assert_eq!(html.matches('"').count(), 2, "{html}");
    }

    #[test]
    fn what_nobody_sees_is_shown() {
        assert_eq!(visible("\u{feff}"), "\\u{feff}");
        assert_eq!(visible("a\u{200b}b\nc"), "a\\u{200b}b\nc");
        assert_eq!(visible("👩\u{200d}👧"), "👩\u{200d}👧");
    }

    #[test]
    fn only_its_own_script_and_style_take_effect() {
        let shell = Shell {
            title: "A & B",
            style: "p{margin:0}",
            script: "let a=1;",
        };
        let page = shell.document("<p>x</p>");
        let script = hash("let a=1;");
        assert!(
            page.contains(&format!("script-src 'sha256-{script}'")),
            "{page}"
        );
        assert!(page.contains("<title>A &amp; B</title>"), "{page}");
        assert!(page.contains("default-src 'none'"), "{page}");
        let plain = Shell {
            script: "",
            ..shell
        };
        assert!(plain.document("").contains("script-src 'none'"));
    }
}
