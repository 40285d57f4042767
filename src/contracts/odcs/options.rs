//! `logicalTypeOptions` of the standard: bounds, lengths, patterns and formats.

use super::{
    super::{
        draft::{Draft, ident, literal},
        foreign::{Foreign, Reasons, scalar, text},
        limits::bound,
    },
    asked, custom, overlay, put, whole,
};
use crate::diagnostics::yaml::{Node, write::Yaml};

/// Texts like those that a `format` of the standard names.
fn like(format: &str) -> Option<&'static str> {
    Some(match format {
        "uuid" => "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "email" => r"[^@\s]+@[^@\s]+\.[^@\s]+",
        "ipv4" => r"((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])",
        _ => return None,
    })
}

/// Adds the rules that the options of a column ask for.
pub fn options(
    node: &Node,
    options: &Node,
    column: usize,
    draft: &mut Draft,
    foreign: &mut Foreign<'_>,
) {
    let (name, ty) = (draft.columns[column].name.clone(), draft.columns[column].ty);
    let of = format!("{}.{name}", draft.name);
    let mut taken = Vec::new();
    let ours = |kind: &str| custom(node).and_then(|ours| ours.get(kind));
    let bounds = |least: &'static str, most: &'static str| {
        let found = |key| options.get(key).and_then(scalar).map(str::to_owned);
        [("min", least, found(least)), ("max", most, found(most))]
    };
    let kinds = [
        ("length", bounds("minLength", "maxLength"), ty == "string"),
        (
            "range",
            bounds("minimum", "maximum"),
            !matches!(ty, "string" | "boolean"),
        ),
    ];
    for (kind, bounds, _) in kinds.into_iter().filter(|(_, _, fits)| *fits) {
        let mut said = Vec::new();
        for (key, word, text) in bounds {
            let Some(text) = text else { continue };
            taken.push(word);
            match bound(kind, ty, &text) {
                Ok(value) => said.push((key, word, value)),
                Err(why) => {
                    foreign.note(
                        foreign.key_span(options, word),
                        format!("{of}: {word}"),
                        why,
                    );
                }
            }
        }
        let Some((_, word, _)) = said.first() else {
            continue;
        };
        let mut rule = asked(foreign, options, word, draft, Some(&name)).of_kind(kind);
        for (key, _, value) in said {
            rule = rule.check(key, value);
        }
        if let Some(ours) = ours(kind) {
            overlay(&mut rule, ours);
        }
        put(column, rule, draft, foreign);
    }
    for (word, sign) in [("exclusiveMinimum", " > "), ("exclusiveMaximum", " < ")] {
        let bound = text(options, word).and_then(|bound| literal(ty, bound));
        if let Some(bound) = bound.filter(|_| ty != "string" && ty != "boolean") {
            taken.push(word);
            let sql = [&ident(&name), sign, &bound].concat();
            let mut rule =
                asked(foreign, options, word, draft, Some(&name)).condition(&sql, Some(&name));
            rule.id = format!("{of}.{}", if sign == " > " { "above" } else { "below" });
            draft.add(rule);
        }
    }
    if let Some(by) = text(options, "multipleOf")
        .and_then(|by| literal(ty, by))
        .filter(|by| ty == "integer" && by.parse() != Ok(0.0_f64))
    {
        taken.push("multipleOf");
        let sql = [&ident(&name), " % ", &by, " = 0"].concat();
        let mut rule =
            asked(foreign, options, "multipleOf", draft, Some(&name)).condition(&sql, Some(&name));
        rule.id = format!("{of}.multiple_of");
        draft.add(rule);
    }
    let pattern = text(options, "pattern").map(|regex| ("pattern", whole(regex)));
    let format = text(options, "format")
        .filter(|_| ty == "string")
        .and_then(like);
    let pattern = pattern.or(format.map(|regex| ("format", regex.to_owned())));
    if let Some((word, regex)) = pattern.filter(|_| ty == "string") {
        taken.push(word);
        let rule = asked(foreign, options, word, draft, Some(&name)).of_kind("pattern");
        put(
            column,
            rule.check("regex", Yaml::text(regex)),
            draft,
            foreign,
        );
    }
    if matches!(ty, "date" | "timestamp") {
        // Read with the column, or noted there.
        taken.push("format");
    }
    if ty == "integer" && text(options, "format") == Some("i64") {
        taken.push("format");
    }
    let why: &Reasons = &[
        (
            &["format"],
            "no type here is narrower for it: a `pattern` or a `range` can say what is meant",
        ),
        (
            &["timezone", "defaultTimezone"],
            "a timestamp without an offset is UTC here",
        ),
        (
            &[
                "multipleOf",
                "minItems",
                "maxItems",
                "uniqueItems",
                "minProperties",
                "maxProperties",
                "required",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "minimum",
                "maximum",
                "minLength",
                "maxLength",
                "pattern",
            ],
            "no rule for a column of this type can say it",
        ),
    ];
    foreign.leftover(options, &of, &taken, why);
}
