//! The records behind control totals that differ: the project's queries of records, run over what is clean and over what was left out.

mod over;

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{Array, AsArray, Int64Array, RecordBatch, StringArray},
    datatypes::{Field, Int64Type, Schema, UInt32Type},
};
use futures::TryStreamExt;

use self::over::{clean, places, quarantined, with_left_out};
use super::{
    Context,
    error::RunError,
    tables::{Scanned, finish_table, table_file},
};
use crate::{
    aggregate::{Builder, Records},
    check::{EngineError, decides::Deciding, keys::register_parquets},
    discrepancy::{Action, Category},
    log::{LogError, RuleFacts, key_part},
    project::Project,
    publish::StagedRun,
    reconcile::{
        Figure, Reconciliation,
        records::{
            Aggregate, Behind, Claim, Contribution, Counted, DecidingColumn, Doubt, Doubts,
            Gathering, Record, claims, explain, leaves_out,
        },
    },
    rules::kinds::RuleKind,
    tables::{ColumnType, Table},
};

/// Says what the records say about the control totals among `rows` that differ, by the rows' indices.
pub(super) async fn behind(
    run: &Context<'_>,
    scanned: &Scanned,
    rows: &[Reconciliation],
    figures: &[Figure],
) -> Result<Behind, RunError> {
    let queries = &run.plan.queries.records;
    let counted: Vec<Counted> = queries
        .iter()
        .map(|q| counted(q, &run.plan.tables))
        .collect();
    let claims = claims(rows, figures, &counted);
    if claims.is_empty() {
        return Ok(Behind::default());
    }
    let doubts = doubts(run, scanned, &counted).await?;
    let mut gathering = Gathering::new(&claims, &counted, &doubts);
    let clean = &clean(run, &scanned.withheld).await?;
    let everything = &with_left_out(run).await?;
    for (of, query) in queries
        .iter()
        .enumerate()
        .filter(|(of, query)| wanted(&claims, *of) && scanned.withheld.of(&query.file).is_none())
    {
        each(clean, query, of, |record| gathering.look_at(record)).await?;
        if gathering.wants_again(of) {
            each(clean, query, of, |record| gathering.look_again(record)).await?;
        }
        if gathering.wants_left_out(of) {
            let keys = quarantined(everything, &query.table).await?;
            let mut look = |record: &Record<'_>| {
                if keys.contains(record.key) {
                    gathering.look_at_left_out(record);
                }
            };
            if !keys.is_empty() {
                each(everything, query, of, &mut look).await?;
            }
        }
    }
    let night = &run.delivery.name;
    let places = places(everything, &run.plan.tables, night, gathering.kept()).await?;
    Ok(explain(rows, figures, &gathering, &places))
}

fn wanted(claims: &[Claim], of: usize) -> bool {
    claims.iter().any(|claim| claim.of == of)
}

fn counted(query: &Records, tables: &[Arc<Table>]) -> Counted {
    let deciding = |columns: &[&Deciding]| -> Vec<DecidingColumn> {
        let columns: BTreeSet<_> = columns.iter().copied().flatten().collect();
        let column = |(table, column): &(String, String)| {
            let found = tables.iter().find(|t| t.name.as_str() == table);
            let ty = found.and_then(|t| Some(t.columns[t.column_index(column)?].ty));
            DecidingColumn {
                table: table.clone(),
                column: column.clone(),
                is_date: matches!(ty, Some(ColumnType::Date | ColumnType::Timestamp)),
            }
        };
        columns.into_iter().map(column).collect()
    };
    // What puts a record into a population is part of each category that only some populations have.
    let of_population = &query.deciding[query.population];
    let of_category = |column: usize| -> Deciding {
        let all = &query.deciding[column];
        let own: Deciding = all.difference(of_population).cloned().collect();
        match own.is_empty() {
            true => all.clone(),
            false => own,
        }
    };
    let aggregates = query.aggregates.iter();
    Counted {
        table: query.table.name.to_string(),
        deciding: deciding(&[
            &query.deciding[query.period],
            &query.deciding[query.population],
            &query.deciding_rows,
        ]),
        aggregates: aggregates
            .map(|(name, column)| Aggregate {
                name: name.clone(),
                deciding: deciding(&[&of_category(*column)]),
            })
            .collect(),
    }
}

/// What the rules found about the tables that aggregates count, as far as it can decide what is counted.
async fn doubts(
    run: &Context<'_>,
    scanned: &Scanned,
    counted: &[Counted],
) -> Result<Doubts, RunError> {
    let columns: BTreeSet<(&str, &str)> = counted
        .iter()
        .flat_map(|c| {
            c.aggregates
                .iter()
                .flat_map(|a| &a.deciding)
                .chain(&c.deciding)
        })
        .map(|c| (c.table.as_str(), c.column.as_str()))
        .collect();
    let mut tables: BTreeSet<&str> = columns.iter().map(|(table, _)| *table).collect();
    tables.extend(counted.iter().map(|c| c.table.as_str()));
    let looks_into = looks_into(run.project, &scanned.facts);
    let fail = || EngineError::query("looking for findings about records");
    let session = run.engine.ordered_session();
    register_parquets(&session, "findings", &scanned.findings).await?;
    let found = session.table("findings").await.map_err(fail())?;
    let mut found = found.execute_stream().await.map_err(fail())?;
    let mut doubts = Doubts::default();
    while let Some(batch) = found.try_next().await.map_err(fail())? {
        let rules = batch.column(0).as_primitive::<UInt32Type>();
        let texts = |name: &str| batch.column_by_name(name).map(|c| c.as_string::<i32>());
        let lines = batch
            .column_by_name("source_line")
            .map(|c| c.as_primitive::<Int64Type>());
        let text = |name: &str, row: usize| {
            let texts = texts(name).filter(|texts| texts.is_valid(row));
            texts.map(|texts| texts.value(row))
        };
        for row in 0..batch.num_rows() {
            let rule = rules.value(row) as usize;
            let fact = &scanned.facts[rule];
            let column = text("column", row);
            let action = text("action", row).and_then(Action::of_word);
            let is_about = column.is_some_and(|c| columns.contains(&(fact.table.as_str(), c)));
            let absent = looks_into[rule].filter(|table| tables.contains(table));
            let left_out = action.is_some_and(leaves_out);
            let bears = is_about || left_out || fact.category == Category::Duplicate;
            if absent.is_none() && !(bears && tables.contains(fact.table.as_str())) {
                continue;
            }
            let doubt = Doubt {
                rule_id: fact.id.clone(),
                table: fact.table.clone(),
                column: column.map(str::to_owned),
                category: fact.category,
                action,
                file: text("source_file", row).map(str::to_owned),
                line: lines.filter(|l| l.is_valid(row)).map(|l| l.value(row)),
                observed: text("observed", row).map(str::to_owned),
                suggestion: text("suggestion", row).map(str::to_owned),
            };
            doubts.note(text("record_key", row).unwrap_or_default(), doubt, absent);
        }
    }
    Ok(doubts)
}

/// Of each fact's rule, the table of whose records it looks up the key.
fn looks_into<'p>(project: &'p Project, facts: &[RuleFacts]) -> Vec<Option<&'p str>> {
    let of = |fact: &RuleFacts| {
        let rule = project.rules.iter().find(|rule| rule.id == fact.id)?;
        let (name, column) = rule.kind.looks_into()?;
        let table = project.tables.iter().find(|t| t.name.as_str() == name)?;
        let is_key = table.key == [table.column_index(column)?];
        is_key.then_some(name)
    };
    facts.iter().map(of).collect()
}

/// Passes every record that a query returns to `look`.
async fn each(
    builder: &Builder,
    query: &Records,
    of: usize,
    mut look: impl FnMut(&Record<'_>),
) -> Result<(), RunError> {
    let doing = format!(
        "records of `{}` ({})",
        query.table.name, query.file.source.path
    );
    let fail = || EngineError::query(doing.clone());
    let mut rows = builder.texts(&doing, &query.file.source.text).await?;
    while let Some(batch) = rows.try_next().await.map_err(fail())? {
        let keys = Keys::of(&batch, &query.key);
        let column = |at: usize| batch.column(at).as_string::<i32>();
        let text = |at: usize, row: usize| {
            let texts = column(at);
            texts.is_valid(row).then(|| texts.value(row))
        };
        for row in 0..batch.num_rows() {
            let (Some(period), Some(population)) =
                (text(query.period, row), text(query.population, row))
            else {
                continue;
            };
            let key_of = |at: usize| text(at, row).map(|key| key_part(key.into()));
            let related: Vec<(&str, String)> = query
                .related
                .iter()
                .filter_map(|(table, at)| Some((table.name.as_str(), key_of(*at)?)))
                .collect();
            let related: Vec<(&str, &str)> =
                related.iter().map(|(t, key)| (*t, key.as_str())).collect();
            let aggregates = query.aggregates.iter();
            let categories: Vec<Option<&str>> = aggregates.map(|(_, at)| text(*at, row)).collect();
            look(&Record {
                of,
                key: &keys.key(row),
                period,
                population,
                related: &related,
                categories: &categories,
            });
        }
    }
    Ok(())
}

/// The keys of a batch's rows, as the log writes them.
struct Keys<'b> {
    parts: Vec<&'b StringArray>,
}

impl<'b> Keys<'b> {
    fn of(batch: &'b RecordBatch, columns: &[usize]) -> Self {
        let parts = columns
            .iter()
            .map(|at| batch.column(*at).as_string::<i32>());
        Self {
            parts: parts.collect(),
        }
    }

    fn key(&self, row: usize) -> String {
        let part = |texts: &&StringArray| match texts.is_valid(row) {
            true => key_part(texts.value(row).into()),
            false => String::new(),
        };
        let parts: Vec<String> = self.parts.iter().map(part).collect();
        parts.join("|")
    }
}

/// Writes every record that may account for a total, beside the total's statement.
pub(super) fn write(
    staged: &StagedRun,
    rows: &[Reconciliation],
    behind: &Behind,
) -> Result<(), RunError> {
    let all = || {
        behind.totals.iter().flat_map(|(at, explained)| {
            let statement = rows[*at].statement.as_str();
            explained
                .records
                .iter()
                .map(move |record| (statement, record))
        })
    };
    let text = |get: &dyn Fn(&str, &Contribution) -> Option<String>| -> Arc<dyn Array> {
        Arc::new(StringArray::from_iter(
            all().map(|(statement, record)| get(statement, record)),
        ))
    };
    let doubt =
        |get: fn(&Doubt) -> Option<String>| text(&|_, record| record.doubt.as_ref().and_then(get));
    let lines = all().map(|(_, record)| record.place.as_ref().map(|(_, line)| *line));
    let columns: [(&str, Arc<dyn Array>); 9] = [
        (
            "statement",
            text(&|statement, _| Some(statement.to_owned())),
        ),
        (
            "role",
            text(&|_, record| Some(record.role.word().to_owned())),
        ),
        ("table", text(&|_, record| Some(record.table.clone()))),
        (
            "record_key",
            text(&|_, record| Some(record.record_key.clone())),
        ),
        (
            "source_file",
            text(&|_, record| record.place.as_ref().map(|(file, _)| file.clone())),
        ),
        ("source_line", Arc::new(Int64Array::from_iter(lines))),
        ("rule_id", doubt(|doubt| Some(doubt.rule_id.clone()))),
        ("column", doubt(|doubt| doubt.column.clone())),
        ("observed", doubt(|doubt| doubt.observed.clone())),
    ];
    let field =
        |(name, array): &(&str, Arc<dyn Array>)| Field::new(*name, array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(LogError::from)?;
    let mut out = table_file(staged, "contributing_records", &schema)?;
    out.write(&batch)?;
    finish_table(out)?;
    Ok(())
}
