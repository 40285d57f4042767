//! A page for people and programs: sections of facts, prose, code and tables.

use serde_json::{Map, Value, json};

/// What is explained.
#[derive(Clone, Debug)]
pub struct Page {
    /// `rule`, `kind`, `discrepancy` or `statement`.
    pub what: &'static str,
    /// Its id.
    pub id: String,
    /// In reading order.
    pub sections: Vec<Section>,
}

/// A part of it.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it tells.
    pub title: String,
    /// How.
    pub body: Body,
}

/// How a section tells it.
#[derive(Clone, Debug)]
pub enum Body {
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Sentences.
    Prose(String),
    /// Lines that stay as they are.
    Code(String),
    /// A header and rows of as many cells.
    Table(Vec<&'static str>, Vec<Vec<String>>),
}

impl Page {
    /// A page without sections.
    pub fn new(what: &'static str, id: impl Into<String>) -> Self {
        Self {
            what,
            id: id.into(),
            sections: Vec::new(),
        }
    }

    /// Adds a section, unless it has nothing to tell.
    pub fn add(&mut self, title: impl Into<String>, body: Body) {
        let empty = match &body {
            Body::Facts(facts) => facts.is_empty(),
            Body::Prose(text) | Body::Code(text) => text.trim().is_empty(),
            Body::Table(_, rows) => rows.is_empty(),
        };
        if !empty {
            let title = title.into();
            self.sections.push(Section { title, body });
        }
    }

    /// Lines of at most `width` characters, but for code and values that cannot be broken.
    pub fn to_text(&self, width: usize) -> String {
        let mut text = format!("{} {}\n", self.what, self.id);
        for Section { title, body } in &self.sections {
            text.push_str(&format!("\n{title}\n"));
            match body {
                Body::Facts(facts) => {
                    let wide = facts.iter().map(|(name, _)| name.chars().count()).max();
                    let wide = wide.unwrap_or_default() + 4;
                    for (name, value) in facts {
                        let blanks = " ".repeat(wide.saturating_sub(name.chars().count() + 2));
                        let lines = wrapped(value, width.saturating_sub(wide).max(30));
                        let indent = format!("\n{}", " ".repeat(wide));
                        text.push_str(&format!("  {name}{blanks}{}\n", lines.join(&indent)));
                    }
                }
                Body::Prose(prose) => {
                    for line in wrapped(prose, width.saturating_sub(2).max(30)) {
                        text.push_str(&format!("  {line}\n"));
                    }
                }
                Body::Code(code) => {
                    for line in code.lines() {
                        text.push_str(format!("  {line}").trim_end());
                        text.push('\n');
                    }
                }
                Body::Table(header, rows) => table(header, rows, width, &mut text),
            }
        }
        text
    }

    /// The same as one JSON object.
    pub fn to_json(&self) -> Value {
        let mut sections = Map::new();
        for Section { title, body } in &self.sections {
            let value = match body {
                Body::Facts(facts) => Value::Object(
                    facts
                        .iter()
                        .map(|(name, value)| (name.clone(), json!(value)))
                        .collect(),
                ),
                Body::Prose(text) | Body::Code(text) => json!(text),
                Body::Table(header, rows) => {
                    let row = |cells: &Vec<String>| -> Value {
                        let cells = header.iter().zip(cells);
                        Value::Object(cells.map(|(h, c)| ((*h).to_owned(), json!(c))).collect())
                    };
                    Value::Array(rows.iter().map(row).collect())
                }
            };
            sections.insert(title.clone(), value);
        }
        json!({ "what": self.what, "id": self.id, "sections": sections })
    }
}

/// Characters that the last column of a table has at least.
const LAST: usize = 30;
/// Characters that the others keep.
const LEAST: usize = 12;

fn table(header: &[&'static str], rows: &[Vec<String>], width: usize, text: &mut String) {
    let width = width.max(40);
    let last = header.len().saturating_sub(1);
    let mut wide: Vec<usize> = (0..header.len())
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let longest = cells.map(|cell| cell.chars().count()).max();
            longest
                .unwrap_or_default()
                .max(header[at].len())
                .min(48)
                .min(width / 2 - 6)
        })
        .collect();
    let up_to_last = |wide: &[usize]| wide[..last].iter().map(|w| w + 2).sum::<usize>() + 2;
    // The last column keeps its room: the widest of the others gives way.
    while up_to_last(&wide) + LAST > width
        && let Some(widest) = wide[..last].iter_mut().max()
        && *widest > LEAST
    {
        *widest -= 1;
    }
    let before = up_to_last(&wide);
    let mut line = |cells: &[String]| {
        let mut out = String::from("  ");
        for (at, cell) in cells.iter().enumerate() {
            if at == last {
                let lines = wrapped(cell, width.saturating_sub(before).max(LAST));
                out.push_str(&lines.join(&format!("\n{}", " ".repeat(before))));
            } else {
                let shown = shortened(cell, wide[at]);
                let blanks = " ".repeat(wide[at] - shown.chars().count() + 2);
                out.push_str(&format!("{shown}{blanks}"));
            }
        }
        text.push_str(out.trim_end());
        text.push('\n');
    };
    line(&header.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Lines of whole words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let more = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && more > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_width() {
        let mut page = Page::new("rule", "a.b");
        page.add(
            "Facts",
            Body::Facts(vec![
                ("one".into(), "word ".repeat(30)),
                ("longer".into(), "x".into()),
            ]),
        );
        page.add("Prose", Body::Prose("word ".repeat(30)));
        page.add("Nothing", Body::Prose(" ".into()));
        page.add(
            "Rows",
            Body::Table(
                vec!["a", "b"],
                vec![vec!["y".repeat(60), "word ".repeat(30)]],
            ),
        );
        let text = page.to_text(80);
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(!text.contains("Nothing"));
        assert_eq!(text.matches("word").count(), 90);
        assert_eq!(page.to_json()["sections"]["Facts"]["longer"], "x");
    }
}
