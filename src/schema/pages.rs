//! The pages of docs/kinds: what each kind's doc comment says, and what it says of its settings.

use crate::rules::{Kind, Page, totals::Check};

/// What every rule has beside its kind's settings, and where the guide says it.
const RULES: &str = "Beside them every rule may have the keys of [Tables, columns and rules](../rules.md#what-every-rule-says).";
const STATEMENTS: &str = "Beside `check` every statement may have the keys of [Statements about totals](../totals.md#other-keys).";

/// File names with texts: a page for each kind, and `README.md`, which lists them.
pub fn pages() -> Vec<(String, String)> {
    let mut files = vec![("README.md".to_owned(), index())];
    files.extend(Kind::pages().iter().map(|page| file(page, RULES)));
    files.extend(Check::pages().iter().map(|page| file(page, STATEMENTS)));
    files
}

fn index() -> String {
    let line = |page: &Page| {
        let first = page.lede().split("\n\n").next().unwrap_or_default();
        let first: Vec<&str> = first.split_whitespace().collect();
        format!("- [`{0}`]({0}.md): {1}\n", page.word, first.join(" "))
    };
    let rules: String = Kind::pages().iter().map(line).collect();
    let totals: String = Check::pages().iter().map(line).collect();
    format!(
        "# Kinds of rules and statements\n\n\
        Written by `trueup schema --docs docs/kinds` from the program's source; the examples are run by the tests.\n\n\
        ## Rules\n\nUnder `columns:` or `rules:` of [rules/tables/*.yaml](../rules.md).\n\n{rules}\n\
        ## Statements about totals\n\nUnder `statements:` of [rules/totals/*.yaml](../totals.md).\n\n{totals}"
    )
}

fn file(page: &Page, common: &str) -> (String, String) {
    let lede = page.lede();
    let rest = page.docs[lede.len()..].trim();
    let mut text = format!("# {}\n\n{lede}\n\n## Settings\n\n", page.word);
    if page.settings.is_empty() {
        text.push_str("None of its own.\n");
    } else {
        text.push_str("| setting | | meaning |\n|---|---|---|\n");
    }
    for setting in &page.settings {
        let needed = if setting.needed { "needed" } else { "" };
        let docs: Vec<&str> = setting.docs.split_whitespace().collect();
        let docs = docs.join(" ").replace('|', "\\|");
        text.push_str(&format!("| `{}` | {needed} | {docs} |\n", setting.name));
    }
    text.push_str(&format!("\n{common}\n\n{rest}\n"));
    (format!("{}.md", page.word), text)
}
