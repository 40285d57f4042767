//! The texts of a report: templates whose functions return figures as elements, and tell of names that are not there.

use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{Environment, Error, ErrorKind, Value, context, value::Kwargs};

use super::{
    Period,
    book::{Book, Row},
    element::{Key, NO_FIGURE, short},
    names::{Names, Unknown},
};
use crate::pages::{bare_environment, escape};

/// What texts may call.
pub const FUNCTIONS: &str =
    "count, share, base, total, highest and lowest; and the values period, from and to";

/// Where texts get their figures.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// What may be named.
    pub names: Names,
    /// The figures; none before any data is read.
    pub book: Book,
    /// What the report is about.
    pub period: Period,
    /// What populations are called, in order.
    pub populations: Vec<(String, String)>,
    /// The aggregates that are withheld.
    pub withheld: Vec<String>,
}

/// Renders texts.
pub struct Texts {
    environment: Environment<'static>,
    source: Arc<Source>,
    unknown: Arc<Mutex<Vec<Unknown>>>,
}

impl Texts {
    /// Texts whose figures come from `source`.
    pub fn new(source: Arc<Source>) -> Self {
        let mut environment = bare_environment();
        let unknown = Arc::new(Mutex::new(Vec::new()));
        let call = Call {
            source: Arc::clone(&source),
            unknown: Arc::clone(&unknown),
        };
        let one = |call: Call, shown: fn(&Key<'_>, &Row) -> String| {
            move |aggregate: String, category: String, options: Kwargs| {
                call.one(&aggregate, &category, &options, shown)
            }
        };
        environment.add_function("count", one(call.clone(), |key, row| key.count(row)));
        environment.add_function("share", one(call.clone(), |key, row| key.share(row)));
        environment.add_function("base", one(call.clone(), |key, row| key.base(row)));
        let total = call.clone();
        environment.add_function("total", move |aggregate: String, options: Kwargs| {
            total.total(&aggregate, &options)
        });
        let highest = call.clone();
        environment.add_function("highest", move |aggregate: String, options: Kwargs| {
            highest.most(&aggregate, &options, 1)
        });
        environment.add_function("lowest", move |aggregate: String, options: Kwargs| {
            call.most(&aggregate, &options, -1)
        });
        Self {
            environment,
            source,
            unknown,
        }
    }

    /// The paragraphs of a text, with the names in it that are not there.
    ///
    /// # Errors
    /// It is no template, or asks for what texts do not have.
    pub fn paragraphs(&self, text: &str) -> Result<(String, Vec<Unknown>), Error> {
        let template = literal(text)?;
        let period = &self.source.period;
        let values = context! {
            period => Value::from_safe_string(period.html()),
            from => Value::from_safe_string(period.start_html()),
            to => Value::from_safe_string(period.end_html()),
        };
        let html = self
            .environment
            .render_named_str("text", &template, values)?;
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = html.split("\n\n").map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let paragraphs: String = parts.map(|part| format!("<p>{part}</p>\n")).collect();
        Ok((paragraphs, std::mem::take(&mut *unknown)))
    }
}

/// The template of a text: what its author writes outside `{{ … }}` is text, whatever it looks like.
fn literal(text: &str) -> Result<String, Error> {
    let refuse = |what: &str| Err(Error::new(ErrorKind::SyntaxError, what.to_owned()));
    let mut out = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = match rest.split_once("{{") {
            Some((before, behind)) => (before, Some(behind)),
            None => (rest, None),
        };
        if before.contains("{%") || before.contains("{#") {
            return refuse("texts hold figures in {{ … }}, and neither {% nor {#");
        }
        out.push_str(&escape(before));
        let Some(behind) = behind else {
            return Ok(out);
        };
        let Some(end) = end_of(behind) else {
            return refuse("{{ has no }} behind it");
        };
        let (inside, after) = behind.split_at(end);
        out.push_str("{{");
        out.push_str(inside);
        out.push_str("}}");
        rest = after.get(2..).unwrap_or_default();
    }
}

/// Where `}}` stands outside quotes.
fn end_of(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if text.get(at..).is_some_and(|rest| rest.starts_with("}}")) => return Some(at),
            None => {}
        }
    }
    None
}

/// What the functions look figures up with.
#[derive(Clone)]
struct Call {
    source: Arc<Source>,
    unknown: Arc<Mutex<Vec<Unknown>>>,
}

/// The rows that a call is about.
struct Found<'c> {
    rows: &'c [Row],
    population: String,
}

impl Call {
    fn note(&self, checked: Result<(), Unknown>) {
        if let Err(unknown) = checked {
            let mut all = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(unknown);
        }
    }

    fn find(&self, aggregate: &str, options: &Kwargs) -> Result<Found<'_>, Error> {
        let source = &self.source;
        self.note(source.names.aggregate(aggregate));
        let population: Option<String> = options.get("population")?;
        if let Some(population) = &population {
            self.note(source.names.population(population));
        }
        let period = &source.period.id;
        let population = population.or_else(|| {
            let all = source
                .book
                .populations(aggregate, period, &source.populations);
            all.into_iter().next()
        });
        let population = population.unwrap_or_default();
        Ok(Found {
            rows: source.book.rows(aggregate, period, &population),
            population,
        })
    }

    fn key<'k>(&'k self, aggregate: &'k str, found: &'k Found<'_>) -> Key<'k> {
        Key {
            aggregate,
            period: &self.source.period.id,
            population: &found.population,
        }
    }

    fn none(&self, aggregate: &str) -> Value {
        let is_withheld = self.source.withheld.iter().any(|name| name == aggregate);
        Value::from_safe_string(match is_withheld {
            true => "<span class=\"none\">a figure that is withheld</span>".to_owned(),
            false => NO_FIGURE.to_owned(),
        })
    }

    fn one(
        &self,
        aggregate: &str,
        category: &str,
        options: &Kwargs,
        shown: fn(&Key<'_>, &Row) -> String,
    ) -> Result<Value, Error> {
        let found = self.find(aggregate, options)?;
        options.assert_all_used()?;
        self.note(self.source.names.category(aggregate, category));
        let row = found.rows.iter().find(|row| row.category == category);
        Ok(match row {
            Some(row) => Value::from_safe_string(shown(&self.key(aggregate, &found), row)),
            None => self.none(aggregate),
        })
    }

    fn total(&self, aggregate: &str, options: &Kwargs) -> Result<Value, Error> {
        let found = self.find(aggregate, options)?;
        options.assert_all_used()?;
        if found.rows.is_empty() {
            return Ok(self.none(aggregate));
        }
        let total = found.rows.iter().map(|row| row.count);
        let total = total.fold(0, i64::saturating_add);
        Ok(Value::from_safe_string(
            self.key(aggregate, &found).total(total),
        ))
    }

    /// The category with the highest count, or with `sign` -1 the lowest, and its count; of several the first.
    fn most(&self, aggregate: &str, options: &Kwargs, sign: i64) -> Result<Value, Error> {
        let found = self.find(aggregate, options)?;
        let labels: Option<String> = options.get("labels")?;
        let among: Option<Vec<String>> = options.get("among")?;
        options.assert_all_used()?;
        if let Some(list) = &labels {
            self.note(self.source.names.list(list));
        }
        for category in among.iter().flatten() {
            self.note(self.source.names.category(aggregate, category));
        }
        let is_among = |row: &&Row| among.as_ref().is_none_or(|a| a.contains(&row.category));
        let mut rows = found.rows.iter().filter(is_among);
        let Some(first) = rows.next() else {
            return Ok(self.none(aggregate));
        };
        let beats = |row: &Row, best: &Row| match sign {
            1 => row.count > best.count,
            _ => row.count < best.count,
        };
        let best = rows.fold(first, |best, row| if beats(row, best) { row } else { best });
        let label = self.source.names.label(labels.as_deref(), &best.category);
        let count = self.key(aggregate, &found).count(best);
        Ok(Value::from_safe_string(format!(
            "<span class=\"label\">{}</span> ({count})",
            short(label)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_outside_braces_is_text() {
        let html = literal("<b> & {{ count('a', '}}<') }} {{ x }}").expect("a template");
        assert_eq!(html, "&lt;b&gt; &amp; {{ count('a', '}}<') }} {{ x }}");
        for wrong in ["{% if a %}", "{# b #}", "{{ open", "{{ 'open }}"] {
            assert!(literal(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_that_are_not_there_are_told_all_at_once() {
        let texts = Texts::new(Arc::new(Source::default()));
        let (html, unknown) = texts
            .paragraphs("{{ count('a', 'b', population='c') }}\n\nand {{ total('d') }}")
            .expect("paragraphs");
        let words: Vec<&str> = unknown.iter().map(|u| u.word.as_str()).collect();
        assert_eq!(words, ["a", "c", "a", "d"]);
        assert_eq!(html.matches("<p>").count(), 2, "{html}");
        for wrong in [
            "{{ coutn('a') }}",
            "{{ nobody }}",
            "{{ count('a', 'b', population='c', x=1) }}",
        ] {
            assert!(texts.paragraphs(wrong).is_err(), "{wrong}");
        }
    }
}
