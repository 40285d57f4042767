//! Model tables and aggregates: several queries at a time, each as soon as the model tables it reads are there.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream::FuturesUnordered};

use super::{
    Context,
    error::RunError,
    gates::withheld::AllWithheld,
    tables::{finish_table, parquet_error, table_file},
};
use crate::{
    aggregate::{Builder, aggregate_schema, fault, mentions},
    check::EngineError,
    project::SqlFile,
    publish::StagedRun,
    reconcile::{self, Figure, computed},
    row_groups::{BatchFile, Packing},
};

/// A query that was not started.
struct Query<'r> {
    file: &'r SqlFile,
    /// Its place among the aggregates; `None` for a model table.
    aggregate: Option<usize>,
    /// Model tables that have to be there first.
    needs: Vec<&'r str>,
}

/// What a query has made.
enum Made<'r> {
    Table(&'r str),
    Figures(usize, Vec<Figure>),
}

/// Makes the model tables and the aggregates that are not `withheld`; returns the `published` figures and those of the aggregates, in the order of their files.
pub(super) async fn build(
    run: &Context<'_>,
    published: Vec<Figure>,
    withheld: &AllWithheld,
) -> Result<Vec<Figure>, RunError> {
    let lists = &run.plan.lists[..run.project.lists.len()];
    let builder = &Builder::new(run.engine, lists, &run.project.periods)?;
    for table in &run.plan.tables {
        let path = run.staged.path(&format!("clean/{}.parquet", table.name));
        builder.add(table.name.as_str(), &path).await?;
    }
    let mut waiting = queries(&run.project.model, &run.project.aggregates, withheld);
    let mut running = FuturesUnordered::new();
    let mut figures: BTreeMap<usize, Vec<Figure>> = BTreeMap::new();
    loop {
        while running.len() < run.engine.threads()
            && let Some(ready) = waiting.iter().position(|query| query.needs.is_empty())
        {
            running.push(make(builder, run.staged, waiting.remove(ready)));
        }
        match running.next().await {
            None => {
                let mut all = published;
                figures.into_values().for_each(|made| all.extend(made));
                return Ok(all);
            }
            Some(made) => match made? {
                Made::Table(name) => waiting
                    .iter_mut()
                    .for_each(|query| query.needs.retain(|needed| *needed != name)),
                Made::Figures(place, made) => {
                    figures.insert(place, made);
                }
            },
        }
    }
}

/// A model table may read those before it, an aggregate all of them.
fn queries<'r>(
    model: &'r [SqlFile],
    aggregates: &'r [SqlFile],
    withheld: &AllWithheld,
) -> Vec<Query<'r>> {
    let is_made = |file: &&SqlFile| withheld.of(file).is_none();
    let needs = |file: &SqlFile, made: &'r [SqlFile]| {
        let names = made.iter().filter(is_made);
        let names = names.map(|table| table.name.as_str());
        names.filter(|name| mentions(file, name)).collect()
    };
    let tables = model.iter().enumerate().map(|(place, file)| Query {
        file,
        aggregate: None,
        needs: needs(file, &model[..place]),
    });
    let aggregates = aggregates.iter().enumerate().map(|(place, file)| Query {
        file,
        aggregate: Some(place),
        needs: needs(file, model),
    });
    let all = tables.chain(aggregates);
    all.filter(|query| is_made(&query.file)).collect()
}

async fn make<'r>(
    builder: &Builder,
    staged: &StagedRun,
    query: Query<'r>,
) -> Result<Made<'r>, RunError> {
    match query.aggregate {
        None => table(builder, staged, query.file).await.map(Made::Table),
        Some(place) => {
            let figures = aggregate(builder, staged, query.file).await?;
            Ok(Made::Figures(place, figures))
        }
    }
}

async fn table<'r>(
    builder: &Builder,
    staged: &StagedRun,
    file: &'r SqlFile,
) -> Result<&'r str, RunError> {
    let path = format!("model/{}.parquet", file.name);
    let fail = || {
        EngineError::query(format!(
            "model table `{}` ({})",
            file.name, file.source.path
        ))
    };
    let mut rows = builder.model(file).await?;
    let mut out = BatchFile::new(staged.create(&path)?, rows.schema(), Packing::Published)
        .map_err(parquet_error(&path))?;
    while let Some(batch) = rows.try_next().await.map_err(fail())? {
        out.write(&batch).map_err(parquet_error(&path))?;
    }
    let (sink, rows) = out.finish().map_err(parquet_error(&path))?;
    sink.finish(Some(rows))?;
    builder.add(file.name.as_str(), &staged.path(&path)).await?;
    tracing::debug!(table = %file.name, rows, "model table written");
    Ok(file.name.as_str())
}

async fn aggregate(
    builder: &Builder,
    staged: &StagedRun,
    file: &SqlFile,
) -> Result<Vec<Figure>, RunError> {
    let (batches, rows) = builder.aggregate(file).await?;
    if let Some(why) = fault(&batches) {
        let path = file.source.path.clone();
        return Err(RunError::Aggregate { path, why });
    }
    let path = format!("aggregates/{}", file.name);
    let mut out = table_file(staged, &path, &aggregate_schema())?;
    for batch in &batches {
        out.write(batch)?;
    }
    let count = finish_table(out)?;
    tracing::debug!(aggregate = %file.name, rows = count, "aggregate written");
    let rows = rows.into_iter().map(|row| reconcile::AggregateRow {
        period: row.period,
        population: row.population,
        category: row.category,
        sort: row.sort,
        count: row.count,
        base: row.base,
    });
    Ok(computed(file.name.as_str(), rows).into_iter().collect())
}
