//! A profile as JSON.

use serde_json::{Value, json};

use super::{Column, Count, Seen, Table, display};

/// One document for all tables. Values of columns that seem personal are left out unless `show` says otherwise.
pub fn document(tables: &[Table], show: bool) -> Value {
    json!({ "tables": tables.iter().map(|t| table(t, show)).collect::<Vec<_>>() })
}

fn table(table: &Table, show: bool) -> Value {
    let keys = table.keys.iter().map(|key| {
        let columns: Vec<&str> = key
            .columns
            .iter()
            .map(|at| table.columns[*at].name.as_str())
            .collect();
        json!({ "columns": columns, "repeated": count(key.repeated) })
    });
    let rejected = table.rejected.iter().map(
        |(place, why)| json!({ "file": table.files[place.file], "line": place.line, "why": why }),
    );
    json!({
        "table": table.name,
        "files": table.files,
        "as_of": table.as_of.to_string(),
        "rows": table.rows,
        "rejects": table.rejects,
        "separator": table.separator().map(String::from),
        "rejected": rejected.collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
        "columns": table.columns.iter().map(|c| column(table, c, show)).collect::<Vec<_>>(),
    })
}

fn column(table: &Table, column: &Column, show: bool) -> Value {
    let shown = show || column.personal.is_none();
    let formats = column.guess.formats.iter();
    let missing = column.missing.iter().map(
        |missing| json!({ "text": missing.text, "kind": missing.kind.word(), "count": missing.seen.count }),
    );
    let values = column.values.as_ref().filter(|_| shown);
    let top = values.map(|values| {
        let top = values.iter().take(20);
        top.map(|(text, seen)| json!({ "value": text, "count": seen.count }))
            .collect::<Vec<_>>()
    });
    let near = column.near.iter().filter_map(|near| {
        let values = values?;
        let (code, usual) = (&values[near.code], &values[near.usual]);
        Some(json!({
            "value": code.0,
            "count": code.1.count,
            "first": first(table, &code.1, shown),
            "like": usual.0,
            "like_count": usual.1.count,
            "differs_in": if near.misspelt { "one edit" } else { "case, blanks, punctuation or a plural" },
        }))
    });
    let suspects = column.suspects.iter().map(|suspect| {
        json!({ "what": suspect.what, "count": suspect.seen.count, "first": first(table, &suspect.seen, shown) })
    });
    let range = column.guess.range.as_ref().filter(|_| shown);
    json!({
        "column": column.name,
        "type": column.type_word(),
        "formats": formats.map(|(format, n)| json!({ "format": format, "count": n })).collect::<Vec<_>>(),
        "filled": column.filled,
        "blank": column.blank,
        "missing": missing.collect::<Vec<_>>(),
        "distinct": count(column.distinct),
        "min": range.map(|r| &r.0),
        "max": range.map(|r| &r.1),
        "shortest": column.chars.map(|c| c.0),
        "longest": column.chars.map(|c| c.1),
        "shapes": column.shapes.iter().map(|(s, n)| json!({ "shape": display(s), "count": n })).collect::<Vec<_>>(),
        "values": top,
        "personal": column.personal,
        "near_duplicates": near.collect::<Vec<_>>(),
        "suspicious": suspects.collect::<Vec<_>>(),
    })
}

fn count(count: Count) -> Value {
    let exact = matches!(count, Count::Exact(_));
    json!({ "count": count.number(), "exact": exact })
}

fn first(table: &Table, seen: &Seen, shown: bool) -> Vec<Value> {
    let places = seen.first.iter().map(|(text, place)| {
        json!({ "file": table.files[place.file], "line": place.line, "value": shown.then_some(text) })
    });
    places.collect()
}
