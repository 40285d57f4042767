//! `rules/totals/*.yaml`: split into statements here, understood by the stage that reconciles.

use serde::Deserialize;

use super::{StatementNode, files::Named, project_file::version};
use crate::diagnostics::{
    At, Diagnostic,
    yaml::{self, Node},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TotalsFile {
    version: At<u64>,
    statements: Vec<Node>,
}

pub fn read(files: &[Named], diagnostics: &mut Vec<Diagnostic>) -> Vec<StatementNode> {
    let mut statements = Vec::new();
    for Named { source, .. } in files {
        let Some(node) = yaml::parse(source, diagnostics) else {
            continue;
        };
        let Some(file) = yaml::decode::<TotalsFile>(&node, source, diagnostics) else {
            continue;
        };
        version(&file.version, diagnostics);
        let of_file = |node| StatementNode {
            source: source.clone(),
            node,
        };
        statements.extend(file.statements.into_iter().map(of_file));
    }
    statements
}
