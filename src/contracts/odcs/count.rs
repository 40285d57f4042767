//! SQL of contracts that counts rows of its table: all that can be told from its words.

use super::super::draft::ident;

/// A query that counts rows of a table.
pub struct Counted {
    pub alias: Option<String>,
    pub condition: Option<String>,
}

/// The query as a count, if it is one of rows of one of `tables`.
pub fn counted(query: &str, tables: &[&str], column: Option<&str>) -> Option<Counted> {
    let shape = r#"(?is)^\s*select\s+count\s*\(\s*(?:\*|1)\s*\)(?:\s+as\s+\w+)?\s+from\s+([\w.$\{\}"`]+)(?:\s+(?:as\s+)?(\w+))??(?:\s+where\s+(.+?))?\s*;?\s*$"#;
    let shape = regex::Regex::new(shape).ok()?;
    let more =
        regex::Regex::new(r"(?i)\b(group\s+by|having|union|intersect|except|limit|order\s+by)\b")
            .ok()?;
    let found = shape.captures(query)?;
    let from = found.get(1)?.as_str().replace(['"', '`'], "");
    let placeholder = [
        "{object}",
        "{table}",
        "{model}",
        "${object}",
        "${table}",
        "${model}",
    ];
    let named = placeholder.contains(&from.as_str())
        || from
            .rsplit('.')
            .next()
            .is_some_and(|last| tables.iter().any(|t| t.eq_ignore_ascii_case(last)));
    let condition = found.get(3).map(|c| c.as_str().to_owned());
    if !named || condition.as_ref().is_some_and(|c| more.is_match(c)) {
        return None;
    }
    let condition = condition.map(|condition| {
        let own = column.map(ident).unwrap_or_default();
        let names = [
            "${property}",
            "${column}",
            "${field}",
            "{property}",
            "{column}",
            "{field}",
        ];
        match own.is_empty() {
            true => condition,
            false => names
                .iter()
                .fold(condition, |text, name| text.replace(name, &own)),
        }
    });
    let alias = found.get(2).map(|a| a.as_str().to_owned());
    Some(Counted { alias, condition })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_from_their_words() {
        let read = |query: &str| {
            counted(query, &["orders"], Some("total")).map(|c| (c.alias, c.condition))
        };
        let some = |alias: Option<&str>, condition: Option<&str>| {
            Some((alias.map(str::to_owned), condition.map(str::to_owned)))
        };
        for (query, expected) in [
            ("SELECT COUNT(*) FROM orders", some(None, None)),
            (
                "select count(1) from {object} where {property} < 0;",
                some(None, Some("total < 0")),
            ),
            (
                "SELECT COUNT(*) FROM db.orders AS o WHERE o.total < 0",
                some(Some("o"), Some("o.total < 0")),
            ),
            ("SELECT COUNT(*) FROM orders GROUP BY x", None),
            ("SELECT COUNT(*) FROM orders WHERE x GROUP BY y", None),
            ("SELECT COUNT(*) FROM others WHERE x", None),
            ("SELECT COUNT(*) FROM orders JOIN others ON true", None),
            ("SELECT AVG(x) FROM orders", None),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
    }
}
