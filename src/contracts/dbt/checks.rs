//! Tests of dbt as rules: put where they belong, or refused.

use super::{
    super::{
        draft::{Draft, RuleDraft},
        foreign::{Foreign, slug},
    },
    Refused,
    asked::Asked,
    config::configured,
    test::Test,
    what,
};
use crate::diagnostics::yaml::{
    Node,
    write::{Entry, Yaml},
};

/// Adds the rule that a test of a column or a table asks for, or says why there is none.
pub fn add(node: &Node, column: Option<usize>, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    match Test::read(node, foreign) {
        Some(test) => add_test(test, column, draft, foreign),
        None => {
            let why = "it is no test: write its name, or its name with its arguments below";
            foreign.note(foreign.span(node), what(draft, column, "a test"), why);
        }
    }
}

/// The same for a test that has been read.
pub fn add_test(test: Test, column: Option<usize>, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let of = what(draft, column, &test.full);
    let before = foreign.notes.len();
    if let Err((span, why)) = rule(&test, column, draft, foreign) {
        // What would have differed does not matter any more.
        foreign.notes.truncate(before);
        foreign.note(span, of, why);
    }
}

fn rule(
    test: &Test,
    column: Option<usize>,
    draft: &mut Draft,
    foreign: &mut Foreign<'_>,
) -> Result<(), Refused> {
    let what = what(draft, column, &test.full);
    let of = what.split(": ").next().unwrap_or_default().to_owned();
    let asks = if test.is_constraint {
        "asks in its constraints for"
    } else {
        "asks for"
    };
    let why = format!(
        "The dbt file {} {asks} `{}` of {of}.",
        foreign.file, test.full
    );
    let blank = RuleDraft {
        kind: String::new(),
        id: format!(
            "{of}.{}",
            slug(&test.name).unwrap_or_else(|| "test".to_owned())
        ),
        what,
        span: test.span.clone(),
        check: Vec::new(),
        settings: vec![
            Entry::new("severity", Yaml::text("error")),
            Entry::new("why", Yaml::text(why)),
        ],
    };
    let mut asked = Asked {
        test,
        column,
        draft,
        foreign,
        used: Vec::new(),
    };
    let rule = asked.kind(blank).map_err(|why| (test.span.clone(), why))?;
    let used = std::mem::take(&mut asked.used);
    let rule = configured(test, rule, foreign)?;
    let left: Vec<&str> = test
        .arguments
        .entries()
        .iter()
        .map(|(key, _)| key.text.as_str())
        .filter(|key| !used.contains(key))
        .collect();
    if !left.is_empty() {
        let why = format!(
            "its argument `{}` is not understood, and the rule would be another without it",
            left.join("`, `")
        );
        return Err((test.span.clone(), why));
    }
    let under = matches!(
        rule.kind.as_str(),
        "not_null"
            | "unique"
            | "accepted_values"
            | "relationships"
            | "range"
            | "length"
            | "pattern"
    );
    let several = rule.check.iter().any(|entry| entry.key == "columns");
    match column.filter(|_| under && !several) {
        Some(column) => {
            let span = rule.span.clone();
            let weaker = draft.add_under(column, rule).map_err(|why| (span, why))?;
            foreign.note_weaker(weaker);
            Ok(())
        }
        None if under && !several => Err((
            test.span.clone(),
            "it stands under a table, and is about a column".to_owned(),
        )),
        None => {
            draft.add(rule);
            Ok(())
        }
    }
}
