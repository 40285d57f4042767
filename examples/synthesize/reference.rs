//! The project's code lists: what a coded column may hold, and the other spellings that the project knows.

use std::collections::BTreeMap;
use std::path::Path;

use crate::date::Date;

pub struct Reference {
    lists: BTreeMap<String, List>,
}

#[derive(Default)]
pub struct List {
    codes: BTreeMap<String, Validity>,
    pub aliases: Vec<Alias>,
}

/// Half-open: from the first date until the day before the second.
#[derive(Clone, Copy)]
struct Validity {
    from: Option<Date>,
    until: Option<Date>,
}

pub struct Alias {
    pub alias: String,
    pub code: String,
    pub cause: String,
}

impl Reference {
    /// Reads the lists named, `<list>.csv` and `<list>.aliases.csv`, from a folder.
    pub fn read(folder: &Path, names: &[&str]) -> Result<Self, String> {
        let mut lists = BTreeMap::new();
        for name in names {
            lists.insert((*name).to_owned(), List::read(folder, name)?);
        }
        Ok(Reference { lists })
    }

    /// # Panics
    /// When the list is not among those read, which only a changed constant can bring about.
    pub fn list(&self, name: &str) -> &List {
        &self.lists[name]
    }

    /// Every code that a block will write must be in its list: a generator that disagrees with the project makes
    /// defects that nobody planted.
    pub fn require<'a>(
        &self,
        list: &str,
        codes: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), String> {
        match codes
            .into_iter()
            .find(|code| !code.is_empty() && !self.list(list).codes.contains_key(*code))
        {
            Some(code) => Err(format!("the code list {list} has no code `{code}`")),
            None => Ok(()),
        }
    }
}

impl List {
    fn read(folder: &Path, name: &str) -> Result<Self, String> {
        let mut list = List::default();
        for row in read_rows(&folder.join(format!("{name}.csv")))? {
            let date = |column: &str| row.get(column).and_then(|text| Date::parse(text));
            let validity = Validity {
                from: date("valid_from"),
                until: date("valid_to"),
            };
            list.codes.insert(row["code"].clone(), validity);
        }
        for mut row in read_rows(&folder.join(format!("{name}.aliases.csv")))? {
            let mut take = |column: &str| row.remove(column).unwrap_or_default();
            list.aliases.push(Alias {
                alias: take("alias"),
                code: take("code"),
                cause: take("cause"),
            });
        }
        Ok(list)
    }

    /// Whether a text is a code or any other spelling of one.
    pub fn knows(&self, text: &str) -> bool {
        self.codes.contains_key(text) || self.aliases.iter().any(|alias| alias.alias == text)
    }

    /// Whether a text is an alias of that cause.
    pub fn calls(&self, text: &str, cause: &str) -> bool {
        let mut aliases = self.aliases.iter();
        aliases.any(|alias| alias.alias == text && alias.cause == cause)
    }

    pub fn in_force(&self, code: &str, on: Date) -> bool {
        self.codes.get(code).is_some_and(|validity| {
            validity.from.is_none_or(|from| from <= on)
                && validity.until.is_none_or(|until| on < until)
        })
    }

    /// Harmless other spellings of a code: accepted by the project without a discrepancy.
    pub fn variants<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        self.aliases
            .iter()
            .filter(move |alias| alias.code == code && alias.cause == "variant")
            .map(|alias| alias.alias.as_str())
    }
}

/// The rows of a CSV file as maps from its header. Reference lists are small and hold no line breaks in fields.
fn read_rows(path: &Path) -> Result<Vec<BTreeMap<String, String>>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut lines = text.lines().map(split_line);
    let header = lines.next().unwrap_or_default();
    if !(header.iter().any(|name| name == "code")) {
        return Err(format!("{} has no column `code`", path.display()));
    }
    Ok(lines
        .filter(|fields| fields.len() == header.len())
        .map(|fields| header.iter().cloned().zip(fields).collect())
        .collect())
}

fn split_line(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}
