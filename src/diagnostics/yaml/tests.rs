//! The decoder against small types of its own.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::*;
use crate::diagnostics::{At, DECODING, Diagnostic};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    text: Option<String>,
    number: Option<u64>,
    small: Option<i8>,
    share: Option<f64>,
    yes: Option<bool>,
    list: Vec<Tried<u64>>,
    map: BTreeMap<String, String>,
    inner: Option<Box<Settings>>,
    colour: Option<Colour>,
    shape: Option<Tried<Shape>>,
    short: Option<Shorthand<At<Colour>, Box<Settings>>>,
    tree: Option<Node>,
    pair: Option<(String, u8)>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Colour {
    Red,
    Null,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Circle(Circle),
    Point,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Circle {
    radius: u32,
}

fn read(text: &str) -> (Option<Settings>, Vec<String>) {
    let source = Arc::new(crate::diagnostics::Source {
        path: "t".into(),
        text: text.into(),
    });
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let node = parse(&source, &mut diagnostics).expect("a tree");
    let value = decode(&node, &source, &mut diagnostics);
    assert!(DECODING.with(|current| current.borrow().is_none()));
    let said = diagnostics
        .iter()
        .map(|d| {
            let help = d.help.as_deref().unwrap_or("-");
            format!(
                "{:?} {} | {help}",
                d.span.as_ref().expect("a place"),
                d.message
            )
        })
        .collect();
    (value, said)
}

fn good(text: &str) -> Settings {
    let (value, said) = read(text);
    assert_eq!(said, [""; 0], "{text}");
    value.expect("a value")
}

#[test]
fn a_text_is_what_was_written() {
    for (written, text) in [
        ("2017-01-05", "2017-01-05"),
        ("12", "12"),
        ("012", "012"),
        ("1e3", "1e3"),
        ("true", "true"),
        ("'12'", "12"),
        ("\"null\"", "null"),
        ("''", ""),
    ] {
        assert_eq!(
            good(&format!("text: {written}")).text.as_deref(),
            Some(text),
            "{written}"
        );
    }
}

#[test]
fn a_key_with_nothing_behind_it_is_a_slip() {
    let advice = "has to stand here, not nothing | write it, or remove the key if it is not needed";
    for (key, wanted) in [
        ("text", "a text"),
        ("number", "a whole number of 0 or more"),
        ("inner", "a map of settings"),
        ("pair", "a list"),
    ] {
        for nothing in ["", "~", "null"] {
            let (_, said) = read(&format!("{key}: {nothing}"));
            assert_eq!(said.len(), 1, "{key}: {nothing}: {said:?}");
            let message = format!("{wanted} {advice}");
            assert!(said[0].ends_with(&message), "{key}: {nothing}: {said:?}");
        }
    }
    assert_eq!(good("{}").text, None);
}

#[test]
fn values_are_typed_by_what_is_asked() {
    let value = good(
        "number: 12\nsmall: -3\nshare: 0.5\nyes: true\nlist: [1, 2]\nmap: { b: 1, a: x }\npair: [a, 7]",
    );
    assert_eq!(
        (value.number, value.small, value.share, value.yes),
        (Some(12), Some(-3), Some(0.5), Some(true))
    );
    assert_eq!(
        value.list.iter().map(|n| n.0).collect::<Vec<_>>(),
        [Some(1), Some(2)]
    );
    assert_eq!(value.map["b"], "1");
    assert_eq!(value.pair, Some(("a".into(), 7)));
    assert_eq!(good("colour: red").colour, Some(Colour::Red));
    assert_eq!(
        good("shape: { circle: { radius: 2 } }")
            .shape
            .and_then(|s| s.0),
        Some(Shape::Circle(Circle { radius: 2 }))
    );
    assert_eq!(
        good("shape: point").shape.and_then(|s| s.0),
        Some(Shape::Point)
    );
    let tree = good("tree: { a: [1] }").tree.expect("a tree");
    assert_eq!((tree.bytes.clone(), tree.entries().len()), (6..16, 1));
}

#[test]
fn a_shorthand_is_a_word_or_a_map() {
    let Some(Shorthand::Short(word)) = good("short: red").short else {
        panic!("a word")
    };
    assert_eq!((word.value, word.span.bytes), (Colour::Red, 7..10));
    let Some(Shorthand::Long(inner)) = good("short: { number: 3 }").short else {
        panic!("a map")
    };
    assert_eq!(inner.number, Some(3));
    assert_eq!(
        read("short: { numbr: 3 }").1,
        ["t:1:10 unknown key `numbr` | did you mean `number`?"]
    );
}

#[test]
fn null_is_a_word_in_quotes_only() {
    #[derive(Deserialize)]
    struct Word {
        colour: Option<Colour>,
    }
    let bare = "t:1:9 `null` without quotes is nothing and no colour | write `\"null\"`, in quotes";
    for (text, expected) in [
        ("colour: null", Err(bare)),
        ("colour: \"null\"", Ok(Some(Colour::Null))),
        ("{}", Ok(None)),
    ] {
        let source = Arc::new(crate::diagnostics::Source {
            path: "t".into(),
            text: text.into(),
        });
        let mut said = Vec::new();
        let node = parse(&source, &mut said).expect("a tree");
        let word: Option<Word> = decode(&node, &source, &mut said);
        let said: Vec<String> = said
            .iter()
            .map(|d| {
                format!(
                    "{:?} {} | {}",
                    d.span.as_ref().expect("a place"),
                    d.message,
                    d.help.as_deref().unwrap_or("-")
                )
            })
            .collect();
        match expected {
            Ok(colour) => assert_eq!(word.expect("a word").colour, colour, "{text}"),
            Err(mistake) => assert_eq!(said, [mistake], "{text}"),
        }
    }
}

#[test]
fn each_mistake_has_its_place() {
    let cases = [
        (
            "number: '12'",
            "t:1:9 a whole number of 0 or more has to stand here, not a text | -",
        ),
        (
            "number: -1",
            "t:1:9 a whole number of 0 or more has to stand here, not `-1` | -",
        ),
        (
            "number: 1.5",
            "t:1:9 a whole number of 0 or more has to stand here, not `1.5` | -",
        ),
        (
            "small: 300",
            "t:1:8 a small whole number has to stand here, not `300` | -",
        ),
        (
            "share: .nan",
            "t:1:8 a number has to stand here, not `.nan` | -",
        ),
        (
            "yes: yes",
            "t:1:6 `true` or `false` has to stand here, not `yes` | -",
        ),
        (
            "yes: 'true'",
            "t:1:6 `true` or `false` has to stand here, not a text | -",
        ),
        (
            "text: [a]",
            "t:1:7 a text has to stand here, not a list | -",
        ),
        (
            "text: { a: b }",
            "t:1:7 a text has to stand here, not a map | -",
        ),
        (
            "map: { a: }",
            "t:1:9 a text has to stand here, not nothing | -",
        ),
        ("list: 3", "t:1:7 a list has to stand here, not `3` | -"),
        (
            "inner: 3",
            "t:1:8 a map of settings has to stand here, not `3` | -",
        ),
        (
            "colour: rd",
            "t:1:9 unknown colour `rd` | did you mean `red`?",
        ),
        (
            "colour: [red]",
            "t:1:9 one colour has to stand here, not a list | -",
        ),
        (
            "shape: { circle: { radius: x } }",
            "t:1:28 a whole number of 0 or more has to stand here, not `x` | -",
        ),
        ("shape: { circle: {} }", "t:1:18 `radius` is missing | -"),
        (
            "shape: { circel: {} }",
            "t:1:10 unknown shape `circel` | did you mean `circle`?",
        ),
        (
            "shape: circle",
            "t:1:8 `circle` stands here without its settings | write `circle: …`; `{}` where it needs none",
        ),
        ("shape: { point: {} }", "t:1:8 `point` has no settings | -"),
        (
            "shape: { circle: {}, point: {} }",
            "t:1:8 exactly one shape has to stand here, not 2 | known are: circle, point",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).1, [expected], "{text}");
    }
}

#[test]
fn mistakes_are_collected() {
    let text = "numbr: 1\nlist: [1, a, 2, b]\ninner: { lst: [], txt: a, shape: { circle: { radios: 1 } } }\nshape: x\n";
    let (value, said) = read(text);
    assert_eq!(
        said,
        [
            "t:1:1 unknown key `numbr` | did you mean `number`?",
            "t:2:11 a whole number of 0 or more has to stand here, not `a` | -",
            "t:2:17 a whole number of 0 or more has to stand here, not `b` | -",
            "t:3:10 unknown key `lst` | did you mean `list`?",
            "t:3:19 unknown key `txt` | did you mean `text`?",
            "t:3:46 unknown key `radios` | did you mean `radius`?",
            "t:4:8 unknown shape `x` | known are: circle, point",
        ]
    );
    let value = value.expect("what could be read");
    assert_eq!(
        value.list.iter().map(|n| n.0).collect::<Vec<_>>(),
        [Some(1), None, Some(2), None]
    );
}

#[test]
fn keys_of_another_type_are_passed_over_and_suggested() {
    assert_eq!(fields_of::<Circle>(), ["radius"]);
    assert_eq!(fields_of::<String>(), [""; 0]);
    let source = Arc::new(crate::diagnostics::Source {
        path: "t".into(),
        text: "radius: 1\nwhy: x\nwhi: y\n".into(),
    });
    let mut said = Vec::new();
    let node = parse(&source, &mut said).expect("a tree");
    let circle: Option<Circle> = decode_partly(&node, &source, &["why"], &mut said);
    assert_eq!(circle, Some(Circle { radius: 1 }));
    let said: Vec<_> = said
        .iter()
        .map(|d| (d.message.as_str(), d.help.as_deref()))
        .collect();
    assert_eq!(said, [("unknown key `whi`", Some("did you mean `why`?"))]);
}

#[test]
fn a_part_that_is_absent_is_missing_and_one_that_is_wrong_is_not() {
    #[derive(Debug, Deserialize)]
    struct Parts {
        circle: Tried<Circle>,
        #[serde(default)]
        other: Tried<Circle>,
    }
    let cases = [
        ("circle: { radius: 1 }", Some((true, false)), ""),
        (
            "circle: { radius: x }",
            Some((false, false)),
            "a whole number of 0 or more has to stand here, not `x`",
        ),
        (
            "circle:",
            Some((false, false)),
            "a map of settings has to stand here, not nothing",
        ),
        ("other: { radius: 1 }", None, "`circle` is missing"),
    ];
    for (text, expected, message) in cases {
        let source = Arc::new(crate::diagnostics::Source {
            path: "t".into(),
            text: text.into(),
        });
        let mut said = Vec::new();
        let node = parse(&source, &mut said).expect("a tree");
        let parts: Option<Parts> = decode(&node, &source, &mut said);
        let found = parts.map(|p| (p.circle.0.is_some(), p.other.0.is_some()));
        assert_eq!(found, expected, "{text}");
        let said: Vec<&str> = said.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(said.join("; "), message, "{text}");
    }
}
