//! A table file that says of a table what was seen of it: to be read, amended and kept.
//!
//! No value of a column that seems personal stands in it. What nearly all rows keep becomes a rule; the few that do not
//! keep it are what the rule finds when the project runs over the very same files.

use super::{Column, Count, Key, Seen, Table, personal::EMAIL, shape, shape::Pattern};
use crate::{
    diagnostics::yaml::write::{Entry, Yaml},
    ingest::separated_by,
    names::{Name, sql_ident},
    pipeline::RunError,
    tables::ColumnType,
};

/// Of 200 dates one may lie in the future by mistake.
const MISTAKES: u64 = 200;
/// Values and texts that a comment lists.
const LISTED: usize = 8;

/// The suggested table file for what `tables` came to.
///
/// # Errors
/// There are several tables, or no column has a name that can be declared.
pub fn suggest(tables: &[Table]) -> Result<String, RunError> {
    let [table] = tables else {
        return Err(RunError::SeveralTables {
            tables: tables.iter().map(|t| t.files.join(", ")).collect(),
        });
    };
    let declared: Vec<&Column> = table
        .columns
        .iter()
        .filter(|c| table.declares(&c.name))
        .collect();
    if declared.is_empty() {
        return Err(RunError::NoNames {
            file: table.files[0].clone(),
            advice: match table.separator() {
                Some(separator) => separated_by(separator),
                None => "rename the columns in the export".to_owned(),
            },
        });
    }
    let name = match table.name.as_str() {
        name if name == "periods" || name.starts_with("list_") => format!("t_{name}"),
        name => name.to_owned(),
    };
    let of = Suggestion {
        table,
        name,
        declared,
    };
    Ok(of.file().to_file())
}

impl Table {
    /// Whether a header can be declared as a column.
    fn declares(&self, header: &str) -> bool {
        let bearers = self.columns.iter().filter(|c| c.name == header).count();
        Name::new(header).is_ok() && bearers == 1
    }
}

struct Suggestion<'t> {
    table: &'t Table,
    name: String,
    declared: Vec<&'t Column>,
}

impl Suggestion<'_> {
    fn file(&self) -> Yaml {
        let key = self.key();
        let names: Vec<&str> = match key {
            Some(key) => self.names(key),
            None => vec![&self.declared[0].name],
        };
        let mut about = format!(
            "Suggested by `trueup profile --suggest` from {} of {}, taking {} for today.\nRead it, say what things mean, and keep it as rules/tables/{}.yaml.",
            counted(self.table.rows, "row", "rows"),
            self.table.files.join(", "),
            self.table.as_of,
            self.name,
        );
        let skipped: Vec<String> = self
            .table
            .columns
            .iter()
            .filter(|c| !self.table.declares(&c.name))
            .map(|c| format!("`{}`", c.name))
            .collect();
        if !skipped.is_empty() {
            about.push_str(&format!(
                "\nNot declared, since a column's name is 1 to 63 of a-z, 0-9 and _ and stands once in the header: {}.",
                skipped.join(", ")
            ));
        }
        if self.table.rejects > 0 {
            about.push_str(&format!(
                "\n{} cannot be parted into columns.",
                counted(self.table.rejects, "record", "records")
            ));
        }
        let found = match key {
            Some(key) => match key.repeated {
                Count::Exact(0) => "No row repeats it.".to_owned(),
                Count::Exact(n) => format!(
                    "{} an earlier one.",
                    counted(n, "row repeats", "rows repeat")
                ),
                Count::About(n) => format!("About {n} rows repeat an earlier one."),
            },
            None => {
                "Neither a column nor three together identify a row: name what does.".to_owned()
            }
        };
        let columns = self.declared.iter().map(|column| self.column(column, key));
        let mut source = vec![
            Entry::new("files", Yaml::text(&self.table.pattern)),
            Entry::new("required", Yaml::Plain("true".into())),
        ];
        if let Some(sheet) = &self.table.sheet {
            source.push(Entry::new("sheet", Yaml::text(sheet)));
        }
        if let Some(encoding) = self.table.encoding {
            let name = encoding.name().to_lowercase();
            source
                .push(Entry::new("encoding", Yaml::text(&name)).comment("A guess from its bytes."));
        }
        let rules = self.rules(key);
        Yaml::Map(vec![
            Entry::new("version", Yaml::Plain("1".into())).comment(about),
            Entry::new("table", Yaml::text(&self.name)),
            Entry::new("source", Yaml::Map(source)),
            Entry::new("key", Yaml::texts(names)).comment(found),
            Entry::new("columns", Yaml::Map(columns.collect())),
            Entry::new("rules", Yaml::List(rules)),
        ])
    }

    /// The likeliest key of which all columns are declared.
    fn key(&self) -> Option<&Key> {
        let declared = |at: &usize| self.table.declares(&self.table.columns[*at].name);
        self.table
            .keys
            .iter()
            .find(|key| key.columns.iter().all(declared))
    }

    fn names(&self, key: &Key) -> Vec<&str> {
        let names = key
            .columns
            .iter()
            .map(|at| self.table.columns[*at].name.as_str());
        names.collect()
    }

    fn column(&self, column: &Column, key: Option<&Key>) -> Entry {
        let r#type = column.guess.r#type;
        let mut entries = vec![Entry::new("type", Yaml::text(column.type_word()))];
        if !column.guess.formats.is_empty() {
            let formats = column.guess.formats.iter().map(|(format, _)| *format);
            let mut entry = Entry::new("formats", Yaml::texts(formats));
            if column.guess.ambiguous {
                entry = entry.comment(
                    "Nothing in the texts tells day from month: make sure which is which.",
                );
            }
            entries.push(entry);
        }
        if r#type == ColumnType::String && column.squeeze {
            entries.push(Entry::new("clean", Yaml::texts(["trim", "squeeze"])));
        }
        if let Some(what) = column.personal {
            let entry = Entry::new("policy", Yaml::text("hide"));
            entries.push(entry.comment(format!("It seems to hold {what}.")));
        }
        entries.extend(self.missing(column));
        if let Some(rule) = self.not_null(column) {
            entries.push(rule);
        }
        if key.is_some_and(|k| self.names(k) == [column.name.as_str()]) {
            let why = "Two rows with one key would be counted twice wherever the table is joined.";
            let examples = self.rows_examples(&[column]);
            entries.push(Entry::new(
                "unique",
                rule("error", why, examples, Vec::new()),
            ));
        }
        if r#type != ColumnType::String {
            entries.push(self.type_check(column));
        }
        entries.extend(accepted_values(column));
        entries.extend(pattern(column));
        entries.extend(range(column));
        Entry::new(&column.name, Yaml::Map(entries)).comment(self.seen(column))
    }

    /// Counts; of a column that seems personal no value.
    fn seen(&self, column: &Column) -> String {
        let mut lines = vec![format!(
            "{} filled, {} blank; {} different.",
            column.filled,
            column.blank,
            match column.distinct {
                Count::Exact(n) => n.to_string(),
                Count::About(n) => format!("about {n}"),
            }
        )];
        if column.personal.is_none()
            && let Some((least, most)) = &column.guess.range
        {
            lines.push(format!("From {least} to {most}."));
        }
        if column.guess.formats.len() > 1 {
            let formats = column
                .guess
                .formats
                .iter()
                .map(|(f, n)| format!("{f} ({n})"));
            lines.push(format!(
                "Formats: {}.",
                formats.collect::<Vec<_>>().join(", ")
            ));
        }
        for suspect in &column.suspects {
            lines.push(format!(
                "Look at: {} ({}).",
                suspect.what, suspect.seen.count
            ));
        }
        for (declared, verb) in [(true, "names"), (false, "can name")] {
            let missing = column.missing.iter().filter(|m| m.declared == declared);
            let texts =
                missing.map(|m| format!("{} ({}, {})", m.text, m.kind.word(), m.seen.count));
            let texts: Vec<String> = texts.collect();
            if !texts.is_empty() {
                lines.push(format!(
                    "Words for a kind of missing, which `missing:` {verb}: {}.",
                    texts.join(", ")
                ));
            }
        }
        lines.join("\n")
    }

    /// Words for a kind of missing that are declared.
    fn missing(&self, column: &Column) -> Option<Entry> {
        let declared = column.missing.iter().filter(|missing| missing.declared);
        let mut kinds: Vec<Entry> = Vec::new();
        for kind in crate::tables::Missing::ALL {
            let words = declared
                .clone()
                .filter(|missing| missing.kind == kind)
                .map(|missing| missing.text.as_str());
            let words: Vec<&str> = words.collect();
            if !words.is_empty() {
                kinds.push(Entry::new(kind.word(), Yaml::texts(words)));
            }
        }
        (!kinds.is_empty()).then(|| Entry::new("missing", Yaml::Map(kinds)))
    }

    fn not_null(&self, column: &Column) -> Option<Entry> {
        if !column.is_filled(self.table.rows) {
            return None;
        }
        let why = "Nearly every row says it, so a blank is a gap and no answer.";
        let examples = vec![
            Entry::new("pass", Yaml::List(vec![good(column)])),
            Entry::new("fail", Yaml::texts([""])),
        ];
        Some(Entry::new(
            "not_null",
            rule("error", why, examples, Vec::new()),
        ))
    }

    fn type_check(&self, column: &Column) -> Entry {
        let word = column.type_word();
        let why = format!("What is no {word} is counted and compared nowhere.");
        let examples = vec![
            Entry::new("pass", Yaml::List(vec![good(column)])),
            Entry::new("fail", Yaml::texts(["none of it"])),
            Entry::new("not_evaluated", Yaml::texts([""])),
        ];
        let on_fail = vec![Entry::new("on_fail", Yaml::Text("null".into()))];
        Entry::new("type_check", rule("error", &why, examples, on_fail))
    }

    /// Rows that share `columns`, and rows that do not.
    fn rows_examples(&self, columns: &[&Column]) -> Vec<Entry> {
        let row = |first: Yaml| {
            let rest = columns.iter().skip(1).map(|c| Entry::new(&c.name, good(c)));
            let cells = std::iter::once(Entry::new(&columns[0].name, first)).chain(rest);
            Yaml::Map(cells.collect())
        };
        let rows = |rows: Vec<Yaml>| {
            Yaml::List(vec![Yaml::Map(vec![Entry::new(
                &self.name,
                Yaml::List(rows),
            )])])
        };
        let (one, other) = match columns[0].guess.r#type {
            ColumnType::String => (Yaml::text("a"), Yaml::text("b")),
            ColumnType::Integer | ColumnType::Decimal => (Yaml::text("1"), Yaml::text("2")),
            ColumnType::Boolean => (Yaml::text("true"), Yaml::text("false")),
            ColumnType::Date | ColumnType::Timestamp => {
                let format = column_format(columns[0]);
                (moment(format, 2000), moment(format, 2001))
            }
        };
        vec![
            Entry::new("pass", rows(vec![row(one.clone()), row(other)])),
            Entry::new("fail", rows(vec![row(one.clone()), row(one)])),
        ]
    }

    fn rules(&self, key: Option<&Key>) -> Vec<Yaml> {
        let mut rules = Vec::new();
        if let Some(key) = key.filter(|key| key.columns.len() > 1) {
            let columns: Vec<&Column> = key
                .columns
                .iter()
                .map(|at| &self.table.columns[*at])
                .collect();
            let names = Entry::new("columns", Yaml::texts(self.names(key)));
            let unique = Entry::new("unique", Yaml::Map(vec![names]));
            let why = "Two rows with one key would be counted twice wherever the table is joined.";
            rules.push(self.rule(
                "key.unique",
                unique,
                "error",
                why,
                self.rows_examples(&columns),
            ));
        }
        if self.table.rows > 0 {
            let least = Entry::new("min", Yaml::Plain("1".into()));
            let count = Entry::new("row_count", Yaml::Map(vec![least]));
            let why =
                "A file without a row is a failed export, and every count of it would be nought.";
            let row = Yaml::Map(vec![Entry::new(
                &self.declared[0].name,
                good(self.declared[0]),
            )]);
            let of = |rows| {
                Yaml::List(vec![Yaml::Map(vec![Entry::new(
                    &self.name,
                    Yaml::List(rows),
                )])])
            };
            let examples = vec![
                Entry::new("pass", of(vec![row])),
                Entry::new("fail", of(Vec::new())),
            ];
            rules.push(self.rule("row_count", count, "blocking", why, examples));
        }
        for column in &self.declared {
            rules.extend(self.not_in_future(column));
        }
        rules
    }

    fn not_in_future(&self, column: &Column) -> Option<Yaml> {
        let days = column.guess.days.as_ref()?;
        if column.guess.r#type != ColumnType::Date || days.future.count * MISTAKES > column.said() {
            return None;
        }
        let condition = vec![
            Entry::new(
                "sql",
                Yaml::text(format!("{} <= as_of()", sql_ident(&column.name))),
            ),
            Entry::new("column", Yaml::text(&column.name)),
            Entry::new("expected", Yaml::text("not later than the run's date")),
        ];
        let format = column_format(column);
        let row = |day| Yaml::List(vec![Yaml::Map(vec![Entry::new(&column.name, day)])]);
        let examples = vec![
            Entry::new("pass", row(moment(format, 2000))),
            Entry::new("fail", row(moment(format, 9998))),
            Entry::new("not_evaluated", row(Yaml::Plain("null".into()))),
        ];
        let why = "A day that has not come yet cannot have been recorded.";
        let check = Entry::new("expression", Yaml::Map(condition));
        Some(self.rule(
            &format!("{}.not_in_future", column.name),
            check,
            "error",
            why,
            examples,
        ))
    }

    fn rule(
        &self,
        id: &str,
        check: Entry,
        severity: &str,
        why: &str,
        examples: Vec<Entry>,
    ) -> Yaml {
        Yaml::Map(vec![
            Entry::new("id", Yaml::text(format!("{}.{id}", self.name))),
            Entry::new("check", Yaml::Map(vec![check])),
            Entry::new("severity", Yaml::text(severity)),
            Entry::new("why", Yaml::text(why)),
            Entry::new("examples", Yaml::Map(examples)),
        ])
    }
}

/// The settings of a rule under a column.
fn rule(severity: &str, why: &str, examples: Vec<Entry>, settings: Vec<Entry>) -> Yaml {
    let mut entries = settings;
    entries.push(Entry::new("severity", Yaml::text(severity)));
    entries.push(Entry::new("why", Yaml::text(why)));
    entries.push(Entry::new("examples", Yaml::Map(examples)));
    Yaml::Map(entries)
}

/// The codes, other spellings of them among them, without what seems misspelt.
fn accepted_values(column: &Column) -> Option<Entry> {
    let values = column.values.as_ref().filter(|_| column.is_code)?;
    let slips: Vec<usize> = column
        .near
        .iter()
        .filter(|n| n.misspelt)
        .map(|n| n.code)
        .collect();
    let spellings: Vec<usize> = column
        .near
        .iter()
        .filter(|n| !n.misspelt)
        .map(|n| n.code)
        .collect();
    let kept = values
        .iter()
        .enumerate()
        .filter(|(at, _)| !slips.contains(at));
    let kept: Vec<&str> = kept.map(|(_, (text, _))| text.as_str()).collect();
    let rare = |at: &usize| {
        values[*at].1.count * 1_000 <= column.filled
            && !spellings.contains(at)
            && !slips.contains(at)
    };
    let rare: Vec<usize> = (0..values.len()).filter(rare).collect();
    let mut lines = Vec::new();
    for (what, which) in [
        ("Left out, since one edit makes a usual code of it", &slips),
        ("Other spellings, which an alias could repair", &spellings),
        ("Rare: see whether they are codes", &rare),
    ] {
        if !which.is_empty() {
            lines.push(format!("{what}: {}.", listed(which, values)));
        }
    }
    let first = kept.first().copied()?;
    let why = "A code outside these is counted nowhere.";
    let mut unknown = "no such code".to_owned();
    while kept.contains(&unknown.as_str()) {
        unknown.push('!');
    }
    let examples = vec![
        Entry::new("pass", Yaml::texts([first])),
        Entry::new("fail", Yaml::texts([unknown])),
        Entry::new("not_evaluated", Yaml::texts([""])),
    ];
    let values = vec![Entry::new("values", Yaml::texts(kept))];
    let entry = Entry::new("accepted_values", rule("error", why, examples, values));
    Some(entry.comment(lines.join("\n")))
}

fn listed(which: &[usize], values: &[(String, Seen)]) -> String {
    let mut texts: Vec<String> = which
        .iter()
        .take(LISTED)
        .map(|at| format!("{} ({})", values[*at].0, values[*at].1.count))
        .collect();
    if which.len() > LISTED {
        texts.push(format!("{} more", which.len() - LISTED));
    }
    texts.join(", ")
}

fn pattern(column: &Column) -> Option<Entry> {
    let Pattern {
        regex,
        shown,
        matching,
    } = column.pattern.as_ref()?;
    let good = match regex.as_str() {
        EMAIL => "someone@example.org".to_owned(),
        regex => shape::example(regex),
    };
    let why = format!("Nearly all texts look like {shown}, so another one is probably a slip.");
    let examples = vec![
        Entry::new("pass", Yaml::texts([good])),
        Entry::new("fail", Yaml::texts(["?"])),
        Entry::new("not_evaluated", Yaml::texts([""])),
    ];
    let settings = vec![Entry::new("regex", Yaml::text(regex))];
    let entry = Entry::new("pattern", rule("warn", &why, examples, settings));
    Some(entry.comment(format!("{matching} of {} match.", column.filled)))
}

fn range(column: &Column) -> Option<Entry> {
    let (min, why, below, above) = match column.guess.r#type {
        ColumnType::Date => {
            let since = column.guess.days.as_ref()?.since?;
            let decade = (since - since % 10).max(1);
            let format = column_format(column);
            let why = "All other days are of this decade or later, so an earlier one is probably a slip of the year.";
            let before = (decade > 1).then(|| moment(format, decade - 1))?;
            (
                format!("{decade:04}-01-01"),
                why,
                before,
                moment(format, decade + 1),
            )
        }
        ColumnType::Integer | ColumnType::Decimal if !column.guess.negative => {
            let why = "No number was below nought, so one that is would be a slip of the sign.";
            ("0".to_owned(), why, Yaml::text("-1"), Yaml::text("1"))
        }
        _ => return None,
    };
    let examples = vec![
        Entry::new("pass", Yaml::List(vec![above])),
        Entry::new("fail", Yaml::List(vec![below])),
        Entry::new("not_evaluated", Yaml::texts([""])),
    ];
    let settings = vec![Entry::new("min", Yaml::Plain(min))];
    Some(Entry::new("range", rule("warn", why, examples, settings)))
}

fn column_format(column: &Column) -> &'static str {
    column
        .guess
        .formats
        .first()
        .map_or("%Y-%m-%d", |(format, _)| *format)
}

/// A made-up text that the column takes.
fn good(column: &Column) -> Yaml {
    match column.guess.r#type {
        ColumnType::String => Yaml::text("a"),
        ColumnType::Integer | ColumnType::Decimal => Yaml::text("1"),
        ColumnType::Boolean => Yaml::text("true"),
        ColumnType::Date | ColumnType::Timestamp => moment(column_format(column), 2000),
    }
}

/// The fifth of January of a year, at noon in UTC, in a format.
fn moment(format: &str, year: i16) -> Yaml {
    let day = jiff::civil::Date::new(year, 1, 5).unwrap_or_default();
    let noon = day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let text = noon
        .ok()
        .and_then(|noon| jiff::fmt::strtime::format(format, &noon).ok());
    Yaml::text(text.unwrap_or_default())
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
