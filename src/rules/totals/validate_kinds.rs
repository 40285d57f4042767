//! Mistakes that one kind alone can have.

use super::{
    ChangeScale, Check, Flow, Hierarchy, Key, Rounding, Scale, Selector, Source,
    validate::known_word,
};
use crate::diagnostics::{At, Diagnostic};

/// Most decimals of a quotient: more are not printed, and with them the arithmetic would no longer fit.
const MAX_DECIMALS: u32 = 15;

impl Check {
    pub(super) fn validate_kind(&self, diagnostics: &mut Vec<Diagnostic>) {
        match self {
            Check::ShareOf(k) => {
                let scales = Scale::ALL.iter().map(|s| s.word());
                known_word("scale", k.scale.as_ref(), scales, diagnostics);
                quotient(k.decimals.as_ref(), k.rounding.as_ref(), diagnostics);
            }
            Check::Change(k) => {
                let scales = ChangeScale::ALL.iter().map(|s| s.word());
                known_word("scale", k.scale.as_ref(), scales, diagnostics);
                quotient(k.decimals.as_ref(), k.rounding.as_ref(), diagnostics);
            }
            Check::ControlTotal(k) => {
                expect_source(&k.stated, "stated", Source::Published, diagnostics);
                expect_source(&k.computed, "computed", Source::Computed, diagnostics);
            }
            Check::Flow(k) => flow(k, diagnostics),
            Check::Hierarchy(k) => hierarchy(k, diagnostics),
            Check::SumsTo(_) | Check::Equals(_) | Check::SubsetOf(_) => {}
        }
    }
}

fn quotient(
    decimals: Option<&At<u32>>,
    rounding: Option<&At<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let ways = Rounding::ALL.iter().map(|r| r.word());
    known_word("rounding", rounding, ways, diagnostics);
    if let Some(decimals) = decimals.filter(|at| at.value > MAX_DECIMALS) {
        let message = format!("`decimals` is {}, at most {MAX_DECIMALS}", decimals.value);
        diagnostics.push(Diagnostic::at(&decimals.span, message));
    }
}

fn flow(flow: &Flow, diagnostics: &mut Vec<Diagnostic>) {
    for (name, sides) in [("in", &flow.entries), ("out", &flow.exits)] {
        if sides.all.is_empty() {
            let message = format!("`{name}` is an empty list");
            diagnostics.push(
                Diagnostic::at(&sides.span, message)
                    .help("name the figures that are added; a flow has some on every side"),
            );
        }
    }
}

fn hierarchy(hierarchy: &Hierarchy, diagnostics: &mut Vec<Diagnostic>) {
    let members = &hierarchy.members.value;
    let help =
        "leave it out: `codes` of the hierarchy says which code each member is, and in which group";
    let by_parent = members.group_by_parent.as_ref();
    let declared = [
        ("codes", members.codes.as_ref().map(|at| &at.span)),
        ("group_by_parent", by_parent.map(|at| &at.span)),
        (
            "as: { category: … }",
            members.overwritten(Key::Category).map(|at| &at.span),
        ),
    ];
    for (name, span) in declared {
        if let Some(span) = span {
            let message = format!("`{name}` has no place in the `members` of a hierarchy");
            diagnostics.push(Diagnostic::at(span, message).help(help));
        }
    }
}

fn expect_source(
    selector: &At<Selector>,
    side: &str,
    source: Source,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let texts = selector.value.texts(Key::Source).unwrap_or_default();
    for text in texts
        .iter()
        .filter(|text| Source::from_word(&text.value).is_some_and(|other| other != source))
    {
        let message = format!(
            "`{side}` of a control total is {source}, not {}",
            text.value
        );
        diagnostics
            .push(Diagnostic::at(&text.span, message).help("compare any two sides with `equals`"));
    }
}
