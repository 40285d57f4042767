//! The newest value of a column of dates or timestamps in a table that was written.

use std::path::Path;

use arrow::{
    array::{Array, AsArray},
    datatypes::{DataType, Date32Type, TimestampMicrosecondType},
};
use datafusion::{functions_aggregate::expr_fn::max, prelude::ident};
use jiff::civil::Date;

use super::{Engine, EngineError, keys::register_parquet};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The day of the newest value of `column` in the Parquet file at `path`, timestamps in UTC; `None` where there is no value.
///
/// The file's statistics say it, so that no row is read.
///
/// # Errors
/// The engine failed.
pub async fn newest_day(
    engine: &Engine,
    path: &Path,
    column: &str,
) -> Result<Option<Date>, EngineError> {
    const TABLE: &str = "written";
    let fail = || EngineError::query(format!("looking for the newest `{column}`"));
    let session = engine.ordered_session();
    register_parquet(&session, TABLE, path).await?;
    let rows = session.table(TABLE).await.map_err(fail())?;
    let rows = rows.aggregate(Vec::new(), vec![max(ident(column))]);
    let batches = rows.map_err(fail())?.collect().await.map_err(fail())?;
    let mut values = batches.iter().filter(|batch| batch.num_rows() > 0);
    let Some(value) = values.next().map(|batch| batch.column(0)) else {
        return Ok(None);
    };
    if value.is_null(0) {
        return Ok(None);
    }
    let days = match value.data_type() {
        DataType::Date32 => Some(i64::from(value.as_primitive::<Date32Type>().value(0))),
        DataType::Timestamp(_, _) => {
            let micros = value.as_primitive_opt::<TimestampMicrosecondType>();
            micros.map(|micros| micros.value(0).div_euclid(DAY))
        }
        _ => None,
    };
    let span = days.and_then(|days| jiff::Span::new().try_days(days).ok());
    Ok(span.and_then(|span| Date::constant(1970, 1, 1).checked_add(span).ok()))
}
