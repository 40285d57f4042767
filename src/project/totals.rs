//! `rules/totals/*.yaml`: split into statements and comparisons here, understood by the stage that reconciles.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{StatementNode, files::Named, project_file::version};
use crate::{
    diagnostics::{
        At, Diagnostic,
        yaml::{self, Node, Tried},
    },
    rules::totals::{Comparison, Statement},
};

/// Figures that must agree, and figures of two periods that readers will hold against each other.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{ "required": ["statements"] }, { "required": ["comparisons"] }]))]
pub struct TotalsFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    version: Tried<At<u64>>,
    /// Figures that must agree.
    #[serde(default)]
    #[schemars(with = "Vec<Statement>")]
    statements: Tried<Vec<Node>>,
    /// Two periods side by side, with what is known about comparing them.
    #[serde(default)]
    #[schemars(with = "Vec<Comparison>")]
    comparisons: Tried<Vec<Node>>,
}

/// What the files declare, by file, then in the order of their declaration.
#[derive(Default)]
pub struct Totals {
    pub statements: Vec<StatementNode>,
    pub comparisons: Vec<StatementNode>,
}

pub fn read(files: &[Named], diagnostics: &mut Vec<Diagnostic>) -> Totals {
    let mut totals = Totals::default();
    for Named { source, .. } in files {
        let Some(node) = yaml::parse(source, diagnostics) else {
            continue;
        };
        let before = diagnostics.len();
        let needed = ["version"];
        let Some(file) = yaml::decode_parts::<TotalsFile>(&node, source, &needed, diagnostics)
        else {
            continue;
        };
        file.version.0.iter().for_each(|v| version(v, diagnostics));
        let declares = ["statements", "comparisons"];
        // A key that is misspelt has been reported, and is not missing as well.
        if diagnostics.len() == before && declares.iter().all(|key| node.get(key).is_none()) {
            let message = "`statements` is missing";
            diagnostics.push(
                Diagnostic::at(&node.span(source), message)
                    .help("a file of totals holds `statements`, `comparisons` or both"),
            );
        }
        let of_file = |node| StatementNode {
            source: source.clone(),
            node,
        };
        let nodes = |nodes: Tried<Vec<Node>>| nodes.0.into_iter().flatten().map(of_file);
        totals.statements.extend(nodes(file.statements));
        totals.comparisons.extend(nodes(file.comparisons));
    }
    totals
}
