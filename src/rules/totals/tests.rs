//! What a declaration may say, and what is said about it when it may not.

use serde_json::{Value, json};

use super::{declared::statement, *};
use crate::{
    diagnostics::Diagnostic,
    names::Name,
    tables::{Cause, Code, CodeList},
};

/// Two sites with a parent; `Nroth` is an alias.
fn lists() -> Vec<CodeList> {
    let code = |code: &str| Code {
        parent: Some("INNER".to_owned()),
        ..Code::plain(code, 1)
    };
    let sites = CodeList::new(
        Name::new("sites").expect("a name"),
        vec![code("North"), code("South")],
    );
    vec![
        sites.with_alias("Nroth", 0, Some(Cause::Misspelling)),
        CodeList::new(
            Name::new("flat").expect("a name"),
            vec![Code::plain("x", 1)],
        ),
    ]
}

/// A declaration that is right, with `change` applied to it.
fn declaration(change: impl Fn(&mut Value)) -> Value {
    let mut json = json!({
        "id": "a.b",
        "check": { "sums_to": {
            "parts": { "source": "published", "table": ["t", "u"], "codes": "sites", "category": "North" },
            "total": { "table": "v", "as": { "population": "all" } },
            "by": ["table", "period"],
            "match": ["period"],
        }},
        "tolerance": 0.5,
        "severity": "warn",
        "dimension": "accuracy",
        "why": "They count the same things.",
        "owner": "someone",
        "tags": ["x"],
    });
    change(&mut json);
    json
}

/// All mistakes in `json`, the decoder's included, as `message @ text pointed at ! help`.
fn mistakes(json: Value) -> Vec<String> {
    let mut diagnostics = Vec::new();
    if let Some(statement) = declared::decode(json, &mut diagnostics) {
        validate(&[statement], &lists(), &mut diagnostics);
    }
    let shown = |d: &Diagnostic| {
        let span = d.span.as_ref().expect("a place");
        let text = &span.source.text[span.bytes.clone()];
        let help = d.help.clone().unwrap_or_default();
        format!("{} @ {text} ! {help}", d.message)
    };
    diagnostics.iter().map(shown).collect()
}

#[test]
fn a_right_declaration_has_no_mistakes() {
    assert_eq!(mistakes(declaration(|_| {})), [""; 0]);
    let read = statement(declaration(|_| {})).expect("right");
    assert_eq!(read.tolerance().to_string(), "0.5");
    assert_eq!(read.severity(), Severity::Warn);
    assert_eq!(read.dimension(), Dimension::Accuracy);
    let plain = statement(declaration(|json| {
        for key in ["tolerance", "severity", "dimension", "owner", "tags"] {
            json.as_object_mut().expect("a map").remove(key);
        }
    }))
    .expect("right");
    assert_eq!(plain.tolerance(), Tolerance::default());
    assert_eq!(plain.tolerance().absolute, Decimal::ZERO);
    assert_eq!(plain.severity(), Severity::Error);
    assert_eq!(plain.dimension(), Dimension::Consistency);
}

#[test]
fn each_mistake_is_said_at_its_place() {
    let parts = |json: &mut Value, key: &str, value: Value| {
        json["check"]["sums_to"]["parts"][key] = value;
    };
    type Change<'c> = Box<dyn Fn(&mut Value) + 'c>;
    let cases: Vec<(Change<'_>, &str)> = vec![
        (
            Box::new(|j| j["id"] = json!("A b")),
            "`A b` cannot be an id @ \"A b\"",
        ),
        (
            Box::new(|j| j["why"] = json!(" ")),
            "`why` is blank @ \" \"",
        ),
        (
            Box::new(|j| drop(j.as_object_mut().and_then(|m| m.remove("why")))),
            "`a.b` has no `why` @ \"a.b\"",
        ),
        (
            Box::new(|j| j["severity"] = json!("eror")),
            "`eror` is no severity @ \"eror\" ! did you mean `error`?",
        ),
        (
            Box::new(|j| j["dimension"] = json!("acuracy")),
            "`acuracy` is no dimension @ \"acuracy\" ! did you mean `accuracy`?",
        ),
        (
            Box::new(|j| j["tolerance"] = json!(-1)),
            "a tolerance cannot be below 0 @ -1",
        ),
        (
            Box::new(|j| j["tolerance"] = json!("much")),
            "`much` is no number",
        ),
        (
            Box::new(|j| parts(j, "source", json!("publishd"))),
            "`publishd` is no source @ \"publishd\" ! did you mean `published`?",
        ),
        (
            Box::new(|j| parts(j, "codes", json!("site"))),
            "there is no code list `site` @ \"site\" ! did you mean `sites`?",
        ),
        (
            Box::new(|j| parts(j, "category", json!(["North", "Suoth"]))),
            "`Suoth` is no code of `sites` @ \"Suoth\" ! did you mean `South`?",
        ),
        (
            Box::new(|j| parts(j, "not_category", json!("Nroth"))),
            "`Nroth` is an alias in `sites` @ \"Nroth\" ! write its code: `North`",
        ),
        (
            Box::new(|j| parts(j, "table", json!([]))),
            "`table` is an empty list, which selects nothing @ {",
        ),
        (
            Box::new(|j| parts(j, "table", json!(["t", "t"]))),
            "table `t` is there twice @ \"t\"",
        ),
        (
            Box::new(|j| parts(j, "table", json!(7))),
            "invalid type: integer `7`, expected a text or a list of texts",
        ),
        (
            Box::new(|j| parts(j, "tabel", json!("t"))),
            "unknown key `tabel`",
        ),
        (
            Box::new(|j| {
                j["check"]["sums_to"]["total"]["group_by_parent"] = json!(true);
            }),
            "`group_by_parent` needs `codes` @ true",
        ),
        (
            Box::new(|j| {
                j["check"]["sums_to"]["total"]["group_by_parent"] = json!(true);
                j["check"]["sums_to"]["total"]["codes"] = json!("flat");
            }),
            "no code of `flat` has a parent @ true",
        ),
        (
            Box::new(|j| j["check"]["sums_to"]["total"]["as"]["source"] = json!("print")),
            "`print` is no source @ \"print\"",
        ),
        (
            Box::new(|j| j["check"]["sums_to"]["by"] = json!(["period", "tables"])),
            "`tables` is no key of a figure @ \"tables\" ! did you mean `table`?",
        ),
        (
            Box::new(|j| j["check"]["sums_to"]["by"] = json!(["period", "period"])),
            "key `period` is there twice @ \"period\"",
        ),
        (
            Box::new(|j| j["check"]["sums_to"]["match"] = json!(["origin"])),
            "`match` names `origin`, which `by` does not @ \"origin\"",
        ),
        (
            Box::new(|j| j["for_each"] = json!({ "t": ["a", "b"] })),
            "the id does not hold `{t}` of `for_each` @ \"a.b\"",
        ),
        (
            Box::new(|j| {
                j["id"] = json!("a.{t}");
                j["for_each"] = json!({ "t": [] });
            }),
            "`for_each` gives `t` no values @ \"a.{t}\"",
        ),
        (
            Box::new(|j| {
                j["id"] = json!("a.{t}");
                j["for_each"] = json!({ "t": ["a", "a"] });
            }),
            "value `a` is there twice @ \"a\"",
        ),
        (
            Box::new(|j| parts(j, "table", json!("{tabel}"))),
            "`for_each` has no `tabel` @ \"{tabel}\"",
        ),
        (
            Box::new(|j| {
                let many: Vec<String> = (0..40).map(|n| n.to_string()).collect();
                j["id"] = json!("a.{t}.{u}");
                j["for_each"] = json!({ "t": many, "u": many });
            }),
            "`for_each` makes 1600 statements of one, at most 1000 are allowed",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "share_of": {
                    "share": {}, "part": {}, "whole": {}, "by": ["period"], "scale": "per_cent",
                }});
            }),
            "`per_cent` is no scale @ \"per_cent\" ! did you mean `percent`?",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "share_of": {
                    "share": {}, "part": {}, "whole": {}, "decimals": 99,
                }});
            }),
            "`decimals` is 99, at most 15 @ 99",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "share_of": {
                    "share": {}, "part": {}, "whole": {}, "by": [], "whole_match": ["period"],
                }});
            }),
            "`whole_match` names `period`, which `by` does not",
        ),
        (
            Box::new(|j| {
                let stated = json!({ "source": "computed" });
                j["check"] = json!({ "control_total": { "stated": stated, "computed": {} } });
            }),
            "`stated` of a control total is published, not computed @ \"computed\"",
        ),
        (
            Box::new(|j| j["materiality"] = json!("critcal")),
            "`critcal` is no materiality @ \"critcal\" ! did you mean `critical`?",
        ),
        (
            Box::new(|j| j["tolerance"] = json!("5 %%")),
            "`5 %%` is no number, no percentage such as `0.5%` and not `rounding` @ \"5 %%\"",
        ),
        (
            Box::new(|j| j["tolerance"] = json!("-5%")),
            "a tolerance cannot be below 0 @ \"-5%\"",
        ),
        (
            Box::new(|j| j["tolerance"] = json!({ "absolut": 1 })),
            "unknown key `absolut` @ \"absolut\" ! did you mean `absolute`?",
        ),
        (
            Box::new(|j| j["tolerance"] = json!({ "absolute": -1 })),
            "a tolerance cannot be below 0 @ -1",
        ),
        (
            Box::new(|j| j["tolerance"] = json!({ "relative": 5 })),
            "`5` is no percentage: write its sign, such as `5%` @ 5",
        ),
        (
            Box::new(|j| j["tolerance"] = json!({ "relative": "half" })),
            "`half` is no percentage: write one with its sign, such as `0.5%` @ \"half\"",
        ),
        (
            Box::new(|j| j["tolerance"] = json!({ "rounding": 0 })),
            "figures are rounded to a number above 0 @ 0",
        ),
        (
            Box::new(|j| j["tolerance"] = json!({ "rounding": "up" })),
            "`up` is neither `true` nor the number to a multiple of which",
        ),
        (
            Box::new(|j| {
                j["tolerance"] = json!("rounding");
                j["check"] = json!({ "share_of": { "share": {}, "part": {}, "whole": {} } });
            }),
            "`rounding` is a tolerance of figures that add up, and a quotient is none @ \"rounding\" ! say how it was rounded",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "share_of": {
                    "share": {}, "part": {}, "whole": {}, "rounding": "half-up",
                }});
            }),
            "`half-up` is no rounding @ \"half-up\" ! did you mean `half_up`?",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "change": {
                    "change": {}, "from": {}, "to": {}, "scale": "percents",
                }});
            }),
            "`percents` is no scale @ \"percents\" ! did you mean `percent`?",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "change": {
                    "change": {}, "from": {}, "to": {}, "decimals": 16, "rounding": "truncate",
                }});
            }),
            "`decimals` is 16, at most 15 @ 16",
        ),
        (
            Box::new(|j| j["check"] = json!({ "change": { "change": {}, "from": {}, "too": {} } })),
            "unknown key `too` @ \"too\" ! did you mean `to`?",
        ),
        (
            Box::new(|j| {
                j["check"] =
                    json!({ "flow": { "opening": {}, "in": [], "out": {}, "closing": {} } });
            }),
            "`in` is an empty list @ [] ! name the figures that are added",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "flow": { "opening": {}, "in": {}, "closing": {} } })
            }),
            "`out` is missing @ {",
        ),
        (
            Box::new(|j| {
                let out = json!([{ "tabel": "t" }]);
                j["check"] =
                    json!({ "flow": { "opening": {}, "in": {}, "out": out, "closing": {} } });
            }),
            "unknown key `tabel` @ \"tabel\" ! did you mean `table`?",
        ),
        (
            Box::new(|j| {
                let out = json!({ "source": "computd" });
                j["check"] =
                    json!({ "flow": { "opening": {}, "in": {}, "out": out, "closing": {} } });
            }),
            "`computd` is no source @ \"computd\" ! did you mean `computed`?",
        ),
        (
            Box::new(|j| {
                j["check"] =
                    json!({ "hierarchy": { "members": {}, "groups": {}, "codes": "site" } });
            }),
            "there is no code list `site` @ \"site\" ! did you mean `sites`?",
        ),
        (
            Box::new(|j| {
                j["check"] =
                    json!({ "hierarchy": { "members": {}, "groups": {}, "codes": "flat" } });
            }),
            "no code of `flat` has a parent @ \"flat\"",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "hierarchy": {
                    "members": { "category": "Suoth" }, "groups": {}, "codes": "sites",
                }});
            }),
            "`Suoth` is no code of `sites` @ \"Suoth\" ! did you mean `South`?",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "hierarchy": {
                    "members": { "codes": "sites" }, "groups": {}, "codes": "sites",
                }});
            }),
            "`codes` has no place in the `members` of a hierarchy @ \"sites\" ! leave it out",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "hierarchy": {
                    "members": { "as": { "category": "x" } }, "groups": {}, "codes": "sites",
                }});
            }),
            "`as: { category: … }` has no place in the `members` of a hierarchy @ \"x\"",
        ),
        (
            Box::new(|j| {
                j["check"] = json!({ "hierarchy": {
                    "members": {}, "groups": {}, "codes": "sites", "by": ["period"],
                    "match": ["category", "origin"],
                }});
            }),
            "`match` names `origin`, which `by` does not @ \"origin\"",
        ),
        (
            Box::new(|j| j["check"] = json!({ "hierarchi": {} })),
            "unknown check `hierarchi` @ \"hierarchi\" ! did you mean `hierarchy`?",
        ),
        (
            Box::new(|j| j["check"] = json!({ "sum_to": {} })),
            "unknown check `sum_to` @ \"sum_to\" ! did you mean `sums_to`?",
        ),
    ];
    for (change, expected) in cases {
        let said = mistakes(declaration(change));
        assert!(
            matches!(said.as_slice(), [only] if only.starts_with(expected)),
            "expected one mistake {expected:?}, said {said:#?}"
        );
    }
}

#[test]
fn every_kind_can_be_declared() {
    let kinds = [
        json!({ "flow": {
            "opening": { "table": "t" }, "in": { "table": "t" }, "out": [{ "table": "t" }, { "table": "u" }],
            "closing": { "table": "t" }, "by": ["period"],
        }}),
        json!({ "hierarchy": {
            "members": { "table": "t", "not_category": "South" }, "groups": { "table": "t" },
            "codes": "sites", "by": ["period"], "match": ["category"],
        }}),
        json!({ "change": {
            "change": { "table": "t" }, "from": { "table": "t" }, "to": { "table": "t" },
            "scale": "absolute", "decimals": 1, "rounding": "half_even",
        }}),
    ];
    for kind in kinds {
        assert_eq!(
            mistakes(declaration(|j| j["check"] = kind.clone())),
            [""; 0]
        );
    }
}

#[test]
fn tolerances_are_said_in_several_ways() {
    for (said, meant) in [
        (json!(2), "2"),
        (json!("0.5%"), "0; 0.5%"),
        (json!("rounding"), "0; rounding"),
        (json!({ "rounding": 5 }), "0; rounding to 5"),
        (
            json!({ "absolute": 0.5, "relative": "1%", "rounding": true }),
            "0.5; 1%; rounding",
        ),
        (json!({ "rounding": false }), "0"),
    ] {
        let json = declaration(|j| j["tolerance"] = said.clone());
        assert_eq!(mistakes(json.clone()), [""; 0]);
        let read = statement(json).expect("right");
        assert_eq!(read.tolerance().to_string(), meant, "{said}");
    }
}

#[test]
fn materiality_is_said_or_follows_from_severity() {
    for (said, severity, meant) in [
        (None, "blocking", Materiality::Critical),
        (None, "error", Materiality::Major),
        (None, "warn", Materiality::Minor),
        (None, "info", Materiality::Minor),
        (Some("critical"), "warn", Materiality::Critical),
        (Some("minor"), "blocking", Materiality::Minor),
    ] {
        let read = statement(declaration(|j| {
            j["severity"] = json!(severity);
            if let Some(said) = said {
                j["materiality"] = json!(said);
            }
        }));
        assert_eq!(
            read.expect("right").materiality(),
            meant,
            "{said:?} {severity}"
        );
    }
}

#[test]
fn several_mistakes_are_said_together() {
    let said = mistakes(declaration(|json| {
        json["severity"] = json!("eror");
        json["check"]["sums_to"]["parts"]["codes"] = json!("site");
        json["check"]["sums_to"]["by"] = json!(["tables", "period"]);
    }));
    assert_eq!(said.len(), 3, "{said:#?}");
}

#[test]
fn ids_are_unique_after_expansion() {
    let one = statement(declaration(|j| j["id"] = json!("a.b"))).expect("right");
    let many = statement(declaration(|j| {
        j["id"] = json!("a.{t}");
        j["for_each"] = json!({ "t": ["a", "b"] });
    }))
    .expect("right");
    let mut diagnostics = Vec::new();
    validate(&[one, many], &lists(), &mut diagnostics);
    let messages: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, ["a second statement has the id `a.b`"]);
}

#[test]
fn for_each_replaces_every_text() {
    let many = statement(declaration(|j| {
        j["id"] = json!("a.{t}.{u}");
        j["why"] = json!("why {t}");
        j["check"]["sums_to"]["parts"] = json!({
            "table": "{t}_yoy", "category": ["{u}"], "codes": "{t}", "strip_prefix": "{u} / ",
            "strip_suffix": "{t}", "not_category": "{t}{u}", "as": { "origin": "{t}" },
        });
        j["for_each"] = json!({ "u": ["1", "2"], "t": ["x", "y"] });
    }))
    .expect("right");
    let expanded = many.expand();
    let ids: Vec<&str> = expanded.iter().map(|s| s.id.value.as_str()).collect();
    assert_eq!(ids, ["a.x.1", "a.x.2", "a.y.1", "a.y.2"]);
    assert_eq!(expanded[1].why(), "why x");
    assert_eq!(
        expanded[1].check.sides()[0].1.value.describe(),
        "table: x_yoy; category: 2; not_category: x2; strip_prefix: 2 / ; strip_suffix: x; codes: x; as origin: x"
    );
    assert!(expanded.iter().all(|s| s.for_each.is_empty()));
}

#[test]
fn the_version_changes_with_what_is_done() {
    let version = |change: &dyn Fn(&mut Value)| {
        let read = statement(declaration(change)).expect("right");
        read.version()
    };
    let own = version(&|_| {});
    assert_eq!(own.len(), 12);
    assert_eq!(own, version(&|j| j["why"] = json!("another reason")));
    assert_eq!(own, version(&|j| j["materiality"] = json!("minor")));
    let changes: [&dyn Fn(&mut Value); 6] = [
        &|j| j["tolerance"] = json!("0.5%"),
        &|j| j["tolerance"] = json!({ "absolute": 0.5, "rounding": true }),
        &|j| j["tolerance"] = json!(1),
        &|j| j["severity"] = json!("info"),
        &|j| j["check"]["sums_to"]["by"] = json!(["period"]),
        &|j| j["check"]["sums_to"]["parts"]["table"] = json!("t"),
    ];
    for change in changes {
        assert_ne!(own, version(change));
    }
}
