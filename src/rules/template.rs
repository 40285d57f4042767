//! SQL from templates: every value that enters goes through a quoting filter, or the rendering fails.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::names::{sql_ident, sql_text};

/// Renders `template` with `values`. Values must pass `ident`, `text`, `number` or `author` (a predicate that is planned and checked on its own).
///
/// # Panics
/// Never for the templates in this crate: each is rendered by a test; a failing one is a mistake in this crate.
pub fn render(template: &str, values: Value) -> String {
    environment()
        .render_str(template, values)
        .unwrap_or_else(|error| unreachable!("template of this crate: {error:#}"))
        .trim()
        .to_owned()
}

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Custom("sql".into()));
    env.set_formatter(|out, _state, value| {
        if value.is_safe() {
            write!(out, "{value}")
                .map_err(|e| Error::new(ErrorKind::WriteFailure, "writing SQL").with_source(e))
        } else {
            Err(Error::new(
                ErrorKind::BadEscape,
                "a value must pass `ident`, `text`, `number` or `author`",
            ))
        }
    });
    env.add_filter("ident", |text: String| {
        Value::from_safe_string(sql_ident(&text))
    });
    env.add_filter("text", |text: String| {
        Value::from_safe_string(sql_text(&text))
    });
    env.add_filter("author", |text: String| Value::from_safe_string(text));
    env.add_filter("number", |number: i64| {
        Value::from_safe_string(number.to_string())
    });
    env
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn quotes_what_it_is_given() {
        let sql = render(
            "{{ c|ident }} = {{ v|text }} AND {{ n|number }} > 0",
            context! { c => "a\"b", v => "o'clock", n => 3 },
        );
        assert_eq!(sql, "\"a\"\"b\" = 'o''clock' AND 3 > 0");
    }

    #[test]
    fn refuses_what_is_not_quoted() {
        let error = environment()
            .render_str("{{ v }}", context! { v => "1; DROP" })
            .expect_err("an unquoted value");
        assert!(error.to_string().contains("must pass"), "{error}");
    }
}
