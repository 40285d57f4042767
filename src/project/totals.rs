//! `rules/totals/*.yaml`: split into statements here, understood by the stage that reconciles.

use serde::Deserialize;

use super::{StatementNode, files::Named, project_file::version};
use crate::diagnostics::{
    At, Diagnostic,
    yaml::{self, Node, Tried},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TotalsFile {
    version: Tried<At<u64>>,
    statements: Tried<Vec<Node>>,
}

pub fn read(files: &[Named], diagnostics: &mut Vec<Diagnostic>) -> Vec<StatementNode> {
    let mut statements = Vec::new();
    for Named { source, .. } in files {
        let Some(node) = yaml::parse(source, diagnostics) else {
            continue;
        };
        let needed = ["version", "statements"];
        let Some(file) = yaml::decode_parts::<TotalsFile>(&node, source, &needed, diagnostics)
        else {
            continue;
        };
        file.version.0.iter().for_each(|v| version(v, diagnostics));
        let of_file = |node| StatementNode {
            source: source.clone(),
            node,
        };
        statements.extend(file.statements.0.into_iter().flatten().map(of_file));
    }
    statements
}
