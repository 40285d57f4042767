//! A profile for people.

use crate::{
    harmless::{self, words},
    ingest::separated_by,
    profile::{Column, Count, Seen, Table, display},
};

/// Characters of a value that are shown.
const WIDTH: usize = 24;
/// Values that are listed.
const LISTED: usize = 3;

/// Every table: its columns a line each, then its keys and what looks wrong.
pub(super) fn text(tables: &[Table], show: bool) -> String {
    let tables: Vec<String> = tables.iter().map(|t| table(t, show)).collect();
    tables.join("\n")
}

fn table(table: &Table, show: bool) -> String {
    let files: Vec<String> = table
        .files
        .iter()
        .map(|file| words(file).into_owned())
        .collect();
    let mut text = format!(
        "{}: {} rows, {} columns, from {}\n\n",
        table.name,
        table.rows,
        table.columns.len(),
        files.join(", ")
    );
    let header = [
        "column", "type", "blank", "distinct", "least", "most", "usual",
    ];
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(table.columns.iter().map(|c| line(c, table.rows, show)));
    let width = |at: usize| {
        lines
            .iter()
            .map(|l| l[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    for line in &lines {
        let mut written = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            written.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(&format!("{}\n", written.trim_end()));
    }
    text.push('\n');
    text.push_str(&keys(table));
    if table.rejects > 0 {
        text.push_str(&format!(
            "no rows: {} records cannot be parted into columns\n",
            table.rejects
        ));
        for (place, why) in &table.rejected {
            text.push_str(&format!(
                "  {}:{}: {why}\n",
                words(&table.files[place.file]),
                place.line
            ));
        }
    }
    if let Some(separator) = table.separator() {
        text.push_str(&format!("{}\n", separated_by(separator)));
    }
    text.push_str(&suspicious(table, show));
    let hidden = table
        .columns
        .iter()
        .filter(|c| c.personal.is_some() && !show)
        .count();
    if hidden > 0 {
        text.push_str(&format!(
            "hidden: values of {hidden} columns that seem to hold personal data; --show-values shows them\n"
        ));
    }
    text
}

fn line(column: &Column, rows: u64, show: bool) -> [String; 7] {
    let shown = show || column.personal.is_none();
    let values = column.values.as_ref().filter(|_| shown);
    let (least, most) = match (&column.guess.range, column.chars) {
        (Some((least, most)), _) if shown => (short(least), short(most)),
        (None, Some((least, most))) => (format!("{least} chars"), format!("{most} chars")),
        _ => (String::new(), String::new()),
    };
    let usual = match (values, column.shapes.first()) {
        _ if !shown => format!("({})", column.personal.unwrap_or_default()),
        (Some(values), _) if column.is_code => {
            let top = values.iter().take(LISTED);
            let top: Vec<String> = top
                .map(|(text, seen)| format!("{} {}", short(text), seen.count))
                .collect();
            top.join(", ")
        }
        (_, Some((shape, n))) => format!("{} {n}", short(&display(shape))),
        _ => String::new(),
    };
    [
        name(column),
        column.type_word().to_owned(),
        share(column.blank, rows),
        count(column.distinct),
        least,
        most,
        usual,
    ]
}

/// How many, and of how many hundred.
fn share(part: u64, all: u64) -> String {
    if part == 0 || all == 0 {
        return part.to_string();
    }
    // In tenths of a hundredth; what is not nothing is not said to be.
    let tenths = (u128::from(part) * 1_000 / u128::from(all)).max(1);
    format!("{part} ({}.{}%)", tenths / 10, tenths % 10)
}

fn count(count: Count) -> String {
    match count {
        Count::Exact(n) => n.to_string(),
        Count::About(n) => format!("about {n}"),
    }
}

fn keys(table: &Table) -> String {
    let mut text = String::new();
    for key in &table.keys {
        let columns: Vec<String> = key
            .columns
            .iter()
            .map(|at| name(&table.columns[*at]))
            .collect();
        let repeated = match key.repeated {
            Count::Exact(0) => "no row repeats it".to_owned(),
            n => format!("repeated by {} rows", count(n)),
        };
        text.push_str(&format!("key: {} ({repeated})\n", columns.join(", ")));
    }
    if text.is_empty() {
        text.push_str("key: none of up to three columns\n");
    }
    text
}

fn suspicious(table: &Table, show: bool) -> String {
    let mut text = String::new();
    for column in &table.columns {
        let shown = show || column.personal.is_none();
        for suspect in &column.suspects {
            let (column, seen) = (name(column), &suspect.seen);
            let what = words(&suspect.what);
            text.push_str(&format!(
                "  {column}: {what}: {}, {}\n",
                seen.count,
                first(table, seen, shown)
            ));
        }
        let values = column.values.as_ref().filter(|_| shown);
        for near in column.near.iter().filter(|near| near.misspelt) {
            let Some(values) = values else { continue };
            let ((code, seen), (usual, times)) = (&values[near.code], &values[near.usual]);
            text.push_str(&format!(
                "  {}: {} ({}) is like {} ({}), {}\n",
                name(column),
                short(code),
                seen.count,
                short(usual),
                times.count,
                first(table, seen, false)
            ));
        }
    }
    if text.is_empty() {
        text
    } else {
        format!("look at:\n{text}")
    }
}

fn first(table: &Table, seen: &Seen, shown: bool) -> String {
    let places = seen.first.iter().map(|(text, place)| {
        let file = words(&table.files[place.file]);
        let file = file.rsplit('/').next().unwrap_or_default().to_owned();
        match shown {
            true => format!("`{}` {file}:{}", short(text), place.line),
            false => format!("{file}:{}", place.line),
        }
    });
    let places: Vec<String> = places.collect();
    places.join(", ")
}

/// The beginning of a text from a file.
fn short(text: &str) -> String {
    let text = words(text);
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// What a column is called.
fn name(column: &Column) -> String {
    harmless::short(&column.name).into_owned()
}
