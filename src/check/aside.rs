//! Columns that nobody declared, kept aside as text beside the key of their row.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, StringArray, new_null_array},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::error::DataFusionError;
use futures::{Stream, StreamExt};

use super::{
    session::{Engine, EngineError},
    source::{ByProducts, TableSource},
};
use crate::{
    conform::{Conformer, arrow_type},
    names::provenance,
    row_groups::{EncodedRowGroup, RowGroupEncoder},
    tables::{CodeList, NewColumns},
};

/// Most columns that are kept.
const MOST: usize = 1_000;
/// Most characters of a name.
const LONGEST: usize = 63;

/// The columns of a table's files that are kept aside.
#[derive(Clone, Debug)]
pub struct Aside {
    /// Their names in the output.
    names: Vec<String>,
    /// For each file, each of its fields that is kept with the column that it is kept in.
    fields: Vec<BTreeMap<usize, usize>>,
    schema: SchemaRef,
}

impl Aside {
    /// What is kept of `source`; `None` where nothing is.
    pub fn of(source: &TableSource) -> Option<Self> {
        let table = &source.table;
        if table.drift.new_columns != NewColumns::Keep {
            return None;
        }
        let key: Vec<Field> = table
            .key
            .iter()
            .map(|at| &table.columns[*at])
            .map(|column| Field::new(column.name.as_str(), arrow_type(column.ty), true))
            .collect();
        let own = [
            Field::new(provenance::FILE, DataType::Utf8, false),
            Field::new(provenance::LINE, DataType::Int64, false),
        ];
        let first: Vec<Field> = key.into_iter().chain(own).collect();
        let mut taken: BTreeSet<String> = first.iter().map(|f| f.name().to_lowercase()).collect();
        let mut names: Vec<String> = Vec::new();
        // A header that a file has twice is two columns, the first of every file in one.
        let mut known: BTreeMap<(&str, usize), usize> = BTreeMap::new();
        let mut fields = Vec::new();
        for file in &source.files {
            let mut kept = BTreeMap::new();
            let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
            for field in &file.mapping.extra {
                let header = file.export.header[*field].as_str();
                let nth = seen.entry(header).or_default();
                let place = (header, *nth);
                *nth += 1;
                let column = match known.get(&place) {
                    Some(column) => *column,
                    None if names.len() < MOST => {
                        names.push(unique(&safe(header), &mut taken));
                        known.insert(place, names.len() - 1);
                        names.len() - 1
                    }
                    None => continue,
                };
                kept.insert(*field, column);
            }
            fields.push(kept);
        }
        let new = names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true));
        let schema = Arc::new(Schema::new(
            first.into_iter().chain(new).collect::<Vec<_>>(),
        ));
        (!names.is_empty()).then_some(Self {
            names,
            fields,
            schema,
        })
    }

    /// The columns of the output: the key, where the row stands, and what is kept.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The name in the output of a field of a file, where it is kept.
    pub fn name_of(&self, file: usize, field: usize) -> Option<&str> {
        let column = self.fields.get(file)?.get(&field)?;
        self.names.get(*column).map(String::as_str)
    }

    /// The rows of every chunk, in the files' order whatever the threads.
    pub fn row_groups<'a>(
        &self,
        engine: &'a Engine,
        source: &Arc<TableSource>,
        lists: &[Arc<CodeList>],
        encoder: &RowGroupEncoder,
    ) -> impl Stream<Item = Result<EncodedRowGroup, EngineError>> + use<'a> {
        let table = &source.table;
        let key: Vec<&str> = table
            .key
            .iter()
            .map(|at| table.columns[*at].name.as_str())
            .collect();
        let reader = Arc::new(Reader {
            conformer: Conformer::new(table, lists, false, |name| key.contains(&name)),
            aside: self.clone(),
            source: Arc::clone(source),
            encoder: encoder.clone(),
        });
        let doing = format!("keeping columns of `{}` aside", table.name);
        let work = source.chunks().into_iter().map(move |chunk| {
            let (reader, doing) = (Arc::clone(&reader), doing.clone());
            async move {
                let stopped = EngineError::Worker {
                    doing: doing.clone(),
                };
                tokio::spawn(
                    async move { reader.row_group(chunk).map_err(EngineError::query(doing)) },
                )
                .await
                .map_err(|_| stopped)?
            }
        });
        futures::stream::iter(work.collect::<Vec<_>>()).buffered(engine.threads())
    }
}

/// Reads chunks once more, of them the key and what is kept.
struct Reader {
    conformer: Conformer,
    aside: Aside,
    source: Arc<TableSource>,
    encoder: RowGroupEncoder,
}

impl Reader {
    fn row_group(&self, chunk: (usize, usize)) -> Result<EncodedRowGroup, DataFusionError> {
        let kept = &self.aside.fields[chunk.0];
        let fields: Vec<usize> = kept.keys().copied().collect();
        let file = &self.source.files[chunk.0].export.file;
        let external = |error| DataFusionError::External(Box::new(error));
        let mut batches = self
            .source
            .read_beside(chunk, self.conformer.clone(), &fields)
            .map_err(external)?;
        let mut group = self.encoder.start()?;
        while let Some((batch, texts)) = batches.next_beside(&mut ByProducts::default())? {
            let mut texts: BTreeMap<usize, StringArray> =
                kept.values().copied().zip(texts).collect();
            let rows = batch.num_rows();
            let schema = self.aside.schema.fields();
            let first = schema.len() - self.aside.names.len();
            let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.len());
            for field in schema.iter().take(first) {
                columns.push(match field.name().as_str() {
                    provenance::FILE => Arc::new(StringArray::from_iter_values(
                        std::iter::repeat_n(file, rows),
                    )),
                    name => batch.column_by_name(name).cloned().ok_or_else(|| {
                        DataFusionError::Internal("a column of the key was not read".to_owned())
                    })?,
                });
            }
            for column in 0..self.aside.names.len() {
                columns.push(match texts.remove(&column) {
                    Some(text) => Arc::new(text),
                    None => new_null_array(&DataType::Utf8, rows),
                });
            }
            group.write(&columns)?;
        }
        Ok(group.finish()?)
    }
}

/// A header as the name of a column that every reader takes: letters, digits and `_`, the first a letter.
fn safe(header: &str) -> String {
    let mut name = String::new();
    for c in header.chars() {
        match c.is_alphanumeric() {
            true => name.push(c),
            false if name.ends_with('_') => {}
            false => name.push('_'),
        }
    }
    let name = name.trim_matches('_');
    let name = match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if !first.is_alphabetic() => format!("column_{name}"),
        Some(_) => name.to_owned(),
    };
    name.chars().take(LONGEST).collect()
}

/// The name with a number where it is taken; upper and lower case are one, as they are for many readers.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut found = name.to_owned();
    let mut number = 2;
    while !taken.insert(found.to_lowercase()) {
        found = format!("{name}_{number}");
        number += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_differ() {
        let mut taken = BTreeSet::from(["visit_ref".to_owned(), "_file".to_owned()]);
        for (header, want) in [
            ("Note", "Note"),
            ("note", "note_2"),
            ("", "unnamed"),
            ("?", "unnamed_2"),
            ("Post code (home)", "Post_code_home"),
            ("_file", "file"),
            ("Visit_Ref", "Visit_Ref_2"),
            ("2017", "column_2017"),
            ("Straße\n1", "Straße_1"),
            (&"x".repeat(70), &"x".repeat(63)),
        ] {
            assert_eq!(unique(&safe(header), &mut taken), want);
        }
    }
}
