//! `junit.xml`: a suite a table, one for the delivery and one for statements; a case a rule.

use super::{
    Night, Origin, Outcome, RuleFeed,
    entries::{Entries, Entry},
};
use crate::discrepancy::Severity;

/// The report, valid under the schema of Ant's reports and under that of Jenkins.
pub fn render(night: &Night<'_>, entries: &Entries) -> String {
    let tables = night.tables.iter().enumerate().map(|(at, feed)| {
        let rules = night.rules.iter().filter(|r| r.table == Some(at));
        (feed.table.name.as_str(), rules.collect::<Vec<_>>())
    });
    let of = |statements: bool| -> Vec<&RuleFeed> {
        let without = night.rules.iter().filter(|r| r.table.is_none());
        without
            .filter(|r| (r.origin == Origin::Statement) == statements)
            .collect()
    };
    let suites = tables.chain([("delivery", of(false)), ("statements", of(true))]);
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (id, (name, rules)) in suites.enumerate() {
        suite(night, entries, (id, name), &rules, &mut xml);
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// What a case is reported as.
enum Reported {
    Passed,
    /// It holds, and something is to be said about it.
    Noted,
    Failed,
    Error,
    Skipped(String),
}

fn reported(rule: &RuleFeed) -> Reported {
    match (rule.status, rule.outcome()) {
        ("error", _) => Reported::Error,
        (_, Outcome::Fails) if rule.severity == Severity::Info => Reported::Noted,
        (_, Outcome::Fails) => Reported::Failed,
        ("tolerated", _) => Reported::Noted,
        (_, Outcome::Holds) => Reported::Passed,
        ("skipped", _) => Reported::Skipped("left out by --select or --exclude".to_owned()),
        _ => Reported::Skipped(format!("nothing to evaluate: {}", rule.counted())),
    }
}

fn suite(
    night: &Night<'_>,
    entries: &Entries,
    (id, name): (usize, &str),
    rules: &[&RuleFeed],
    xml: &mut String,
) {
    let (mut cases, mut notes) = (String::new(), String::new());
    let [mut failures, mut errors, mut skipped] = [0; 3];
    for rule in rules {
        cases.push_str(&format!(
            "    <testcase classname=\"trueup.{}\" name=\"{}\" time=\"0\"",
            escaped(name),
            escaped(&rule.id)
        ));
        let places = places(rule, entries);
        let close = match reported(rule) {
            Reported::Passed => "/>\n".to_owned(),
            Reported::Noted => {
                notes.push_str(&format!(
                    "{}: {}\n{places}\n",
                    rule.id,
                    said(night, rule, entries)
                ));
                "/>\n".to_owned()
            }
            Reported::Skipped(why) => {
                skipped += 1;
                format!(
                    ">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                    escaped(&why)
                )
            }
            Reported::Failed => {
                failures += 1;
                let said = said(night, rule, entries);
                wrong("failure", rule.severity.word(), &said, &places)
            }
            Reported::Error => {
                errors += 1;
                let why = rule.error.as_deref().unwrap_or("it could not be evaluated");
                wrong("error", "rule_error", why, &rule.why)
            }
        };
        cases.push_str(&close);
    }
    let open = format!(
        "  <testsuite id=\"{id}\" package=\"trueup\" name=\"{}\" timestamp=\"{}T00:00:00\" hostname=\"localhost\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"0\">\n    <properties>\n",
        escaped(name),
        night.as_of,
        rules.len()
    );
    xml.push_str(&open);
    let published = night.is_published().to_string();
    for (key, value) in [
        ("project", night.project),
        ("delivery", night.delivery),
        ("run_id", night.run_id),
        ("published", &published),
        ("trueup", env!("CARGO_PKG_VERSION")),
    ] {
        xml.push_str(&format!(
            "      <property name=\"{key}\" value=\"{}\"/>\n",
            escaped(value)
        ));
    }
    xml.push_str("    </properties>\n");
    xml.push_str(&cases);
    xml.push_str(&format!(
        "    <system-out>{}</system-out>\n    <system-err/>\n  </testsuite>\n",
        escaped(&notes)
    ));
}

fn wrong(element: &str, kind: &str, message: &str, text: &str) -> String {
    format!(
        ">\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>\n",
        escaped(kind),
        escaped(message),
        escaped(text)
    )
}

/// How many, and what was expected.
fn said(night: &Night<'_>, rule: &RuleFeed, entries: &Entries) -> String {
    let mut open = 0;
    let mut waived = 0;
    let of_rule = entries.counts.iter().filter(|((id, ..), _)| *id == rule.id);
    for ((_, _, status), count) in of_rule {
        match status.as_str() {
            "waived" => waived += count,
            status if Entry::is_open(status) => open += count,
            _ => {}
        }
    }
    let mut said = format!("{open} discrepancies");
    if waived > 0 {
        said.push_str(&format!(" and {waived} waived"));
    }
    if rule.counts.is_some() {
        said.push_str(&format!("; {}", rule.counted()));
    }
    if !rule.expected.is_empty() {
        said.push_str(&format!("; expected {}", rule.expected));
    }
    let table = night.table_of(rule);
    if !table.is_empty() {
        said.push_str(&format!(" in {table}"));
    }
    said
}

/// The first places of a rule, a line each, and why the rule exists.
fn places(rule: &RuleFeed, entries: &Entries) -> String {
    let first = entries.first.get(&rule.id).map_or(&[][..], Vec::as_slice);
    let line = |entry: &Entry| {
        let message = entry.message.replace('\n', " ");
        format!("{} {}: {message}\n", entry.discrepancy_id, entry.place())
    };
    let mut text: String = first.iter().map(line).collect();
    if first.len() as u64 != rule.discrepancies {
        text.push_str("all of them stand in discrepancies.csv\n");
    }
    text.push_str(&rule.why);
    text
}

/// A text inside XML: what XML cannot hold, and what would act on a terminal, is shown as an escape.
fn escaped(text: &str) -> String {
    let text = crate::harmless::lines(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_shown() {
        for (text, want) in [
            ("a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"),
            ("]]><!--", "]]&gt;&lt;!--"),
            ("a\0\u{1b}\u{8}b", "a\\u{0}\\u{1b}\\u{8}b"),
            ("\u{fffe}\u{ffff}\u{fffd}", "\\u{fffe}\\u{ffff}\u{fffd}"),
            ("a\nb\tc", "a&#10;b\\tc"),
            ("\u{202e}x 👩 é", "\\u{202e}x 👩 é"),
        ] {
            assert_eq!(escaped(text), want);
        }
    }
}
