//! The one place that makes a DataFusion session: every setting that decides a result is written out.

use std::{path::PathBuf, sync::Arc};

use arrow::{datatypes::DataType, error::ArrowError};
use datafusion::{
    error::DataFusionError,
    execution::{
        FunctionRegistry,
        context::SessionContext,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{FairSpillPool, MemoryPool},
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
        session_state::SessionStateBuilder,
    },
    logical_expr::{ColumnarValue, Volatility, create_udf},
    physical_optimizer::{PhysicalOptimizerRule, optimizer::PhysicalOptimizer},
    prelude::SessionConfig,
    scalar::ScalarValue,
};
use jiff::civil::Date;

use super::{
    lookups,
    overflow::{CheckIntegers, checked_sum},
    repeated::repeated,
};

/// Rows a batch inside the engine.
pub const BATCH_ROWS: usize = 8_192;

/// Rows a batch where rows are wide.
const WIDE_BATCH_ROWS: usize = 1_024;
/// What each worker of a sort of wide rows may hold at least.
const MEMORY_OF_SORT: usize = 128 << 20;
/// The share of the memory that each sort sets aside for merging what it spilt, one in so many, and the most.
const SHARE_OF_MERGES: usize = 32;
const MOST_OF_MERGES: usize = 10 << 20;

/// What an engine may use.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Worker threads; results do not depend on it.
    pub threads: usize,
    /// Bytes that joins, sorts and groups may hold before they spill.
    pub memory_limit: usize,
    /// Where they spill to; `None` forbids spilling (planning only).
    pub scratch: Option<PathBuf>,
    /// The run's date: what `as_of()` says in SQL.
    pub as_of: Date,
}

/// The engine could not do its job.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A query failed.
    #[error("{doing} failed: {}{}", describe(source), next(source))]
    Query {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        source: Box<DataFusionError>,
    },
    /// A worker stopped before it was done.
    #[error("a worker stopped while {doing}; this is a fault of trueup, please report it")]
    Worker {
        /// What was being done.
        doing: String,
    },
}

impl EngineError {
    /// Wraps a DataFusion error with what was being done.
    pub fn query(doing: impl Into<String>) -> impl FnOnce(DataFusionError) -> Self {
        let doing = doing.into();
        move |source| Self::Query {
            doing,
            source: Box::new(source),
        }
    }
}

/// What to do about it, where what went wrong does not say so itself.
fn next(error: &DataFusionError) -> &'static str {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) | DataFusionError::External(_) => "",
        DataFusionError::ArrowError(error, _)
            if matches!(error.as_ref(), ArrowError::ExternalError(_)) =>
        {
            ""
        }
        _ if is_io(error) => "; check the disk and the room in the out folder, then run again",
        _ => "; mend the SQL that is named, or guard the values that it reads",
    }
}

/// What went wrong, without the values that DataFusion's own texts may quote: they can be personal data.
pub fn describe(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::DivideByZero => {
                "a number was divided by zero (guard it with CASE or nullif)".to_owned()
            }
            ArrowError::ArithmeticOverflow(_) => "a number grew too large for its type".to_owned(),
            ArrowError::CastError(_) | ArrowError::ParseError(_) => {
                "a value could not be read as the type it was cast to (use TRY_CAST)".to_owned()
            }
            // The pattern may be a value.
            ArrowError::ExternalError(error) if error.is::<regex::Error>() => PATTERN.to_owned(),
            ArrowError::ComputeError(text)
                if text.starts_with("Regular expression did not compile") =>
            {
                PATTERN.to_owned()
            }
            ArrowError::ExternalError(error) => error.to_string(),
            ArrowError::IoError(text, _) => text.clone(),
            _ => "it cannot be computed for a value".to_owned(),
        },
        DataFusionError::ResourcesExhausted(_) => {
            "it needs more memory than it may have; give more with --memory-limit".to_owned()
        }
        DataFusionError::IoError(error) => error.to_string(),
        DataFusionError::ObjectStore(error) => error.to_string(),
        DataFusionError::ParquetError(error) => error.to_string(),
        DataFusionError::External(error) if error.is::<regex::Error>() => PATTERN.to_owned(),
        DataFusionError::External(error) => error.to_string(),
        error @ (DataFusionError::Plan(_)
        | DataFusionError::SchemaError(_, _)
        | DataFusionError::NotImplemented(_)) => {
            let text = error.strip_backtrace();
            text.lines().next().unwrap_or_default().to_owned()
        }
        _ => "it cannot be computed for a value".to_owned(),
    }
}

const PATTERN: &str = "a regular expression cannot be read";

/// Whether it needs more memory than it may have.
pub fn is_exhausted(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// Whether a file could not be read or written, which is no fault of what was asked.
pub fn is_io(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_) => true,
        DataFusionError::ArrowError(error, _) => {
            matches!(error.as_ref(), ArrowError::IoError(_, _))
        }
        DataFusionError::External(error) => error.is::<std::io::Error>(),
        _ => false,
    }
}

/// Sessions that all see the same settings.
#[derive(Clone)]
pub struct Engine {
    config: SessionConfig,
    runtime: Arc<RuntimeEnv>,
    memory_limit: usize,
    as_of: Date,
}

impl Engine {
    /// An engine with `settings`.
    pub fn new(settings: &EngineSettings) -> Result<Self, EngineError> {
        let disk = match &settings.scratch {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::Disabled,
        };
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(settings.memory_limit)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(disk))
            .build_arc()
            .map_err(EngineError::query("starting the engine"))?;
        let mut config = SessionConfig::new()
            .with_target_partitions(settings.threads)
            .with_batch_size(BATCH_ROWS)
            .with_information_schema(false);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        options.sql_parser.map_string_types_to_utf8view = false;
        options.sql_parser.parse_float_as_decimal = true;
        options.sql_parser.enable_ident_normalization = true;
        options.execution.parquet.schema_force_view_types = false;
        options.execution.parquet.binary_as_string = false;
        options.execution.parquet.skip_metadata = true;
        options.execution.collect_statistics = true;
        options.execution.time_zone = Some("UTC".to_owned());
        // Unless said ten million bytes for each sort, which is all that there is where memory is short.
        options.execution.sort_spill_reservation_bytes =
            (settings.memory_limit / SHARE_OF_MERGES).min(MOST_OF_MERGES);
        Ok(Self {
            config,
            runtime,
            memory_limit: settings.memory_limit,
            as_of: settings.as_of,
        })
    }

    /// A session of its own tables on the same memory, disk and functions.
    pub fn session(&self) -> SessionContext {
        self.with(self.config.clone(), PhysicalOptimizer::new().rules)
    }

    /// A session whose queries keep to one worker each, and hold what is looked up while what it is looked up for
    /// streams: the order of results is that of the source, at any number of threads.
    pub fn ordered_session(&self) -> SessionContext {
        let mut config = self.config.clone().with_target_partitions(1);
        let options = config.options_mut();
        options.optimizer.enable_round_robin_repartition = false;
        options.optimizer.repartition_aggregations = false;
        options.optimizer.repartition_joins = false;
        self.with(config, lookups::rules())
    }

    /// A session for a query alone with so many `sorts`: its joins sort, and so can spill, where others hold one side, and a
    /// sort sets aside what merging takes, about half of what it holds.
    pub fn frugal_session(&self, sorts: usize) -> SessionContext {
        let mut config = self.config.clone().with_target_partitions(1);
        let options = config.options_mut();
        options.optimizer.prefer_hash_join = false;
        options.execution.sort_spill_reservation_bytes = self.memory_limit / (3 * sorts.max(1));
        self.with(config, PhysicalOptimizer::new().rules)
    }

    /// A session for one sort of wide rows: few at a time, and by one worker where memory is short.
    pub fn sorting_session(&self) -> SessionContext {
        let workers = (self.memory_limit / MEMORY_OF_SORT).clamp(1, self.threads());
        let config = self.config.clone().with_target_partitions(workers);
        let mut config = config.with_batch_size(WIDE_BATCH_ROWS);
        config.options_mut().execution.sort_spill_reservation_bytes =
            self.memory_limit / (4 * workers);
        self.with(config, PhysicalOptimizer::new().rules)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that makes a session"
    )]
    fn with(
        &self,
        config: SessionConfig,
        rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
    ) -> SessionContext {
        let mut state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_physical_optimizer_rules(rules)
            .build();
        if let Err(error) = state.register_function_rewrite(Arc::new(CheckIntegers::new())) {
            unreachable!("a session takes any rewrite: {error}");
        }
        let context = SessionContext::new_with_state(state);
        let day = crate::conform::days(self.as_of);
        context.register_udf(repeated());
        context.register_udaf(checked_sum());
        context.register_udf(create_udf(
            "as_of",
            Vec::new(),
            DataType::Date32,
            Volatility::Immutable,
            Arc::new(move |_| Ok(ColumnarValue::Scalar(ScalarValue::Date32(day)))),
        ));
        context
    }

    /// The memory that all sessions share.
    pub fn memory_pool(&self) -> Arc<dyn MemoryPool> {
        Arc::clone(&self.runtime.memory_pool)
    }

    /// Bytes of it.
    pub fn memory_limit(&self) -> usize {
        self.memory_limit
    }

    /// Worker threads.
    pub fn threads(&self) -> usize {
        self.config.target_partitions()
    }
}

/// The SQL name of a code list.
pub fn list_table(list: &str) -> String {
    format!("list_{list}")
}

/// What queries call the texts that stand for a list's codes.
pub fn names_table(list: &str) -> String {
    format!("names_{list}")
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn files_that_fail_are_no_fault_of_a_rule() {
        let full = || Error::from(ErrorKind::StorageFull);
        let io = [
            DataFusionError::IoError(full()),
            DataFusionError::from(full()),
            DataFusionError::from(parquet::errors::ParquetError::EOF("short".to_owned())),
            DataFusionError::from(ArrowError::from(full())),
            DataFusionError::External(Box::new(full())),
            DataFusionError::IoError(full()).context("a query"),
        ];
        for error in io {
            assert!(is_io(&error), "{error:?}");
        }
        for error in [
            DataFusionError::from(ArrowError::DivideByZero),
            DataFusionError::Execution("no".to_owned()),
            DataFusionError::ResourcesExhausted("much".to_owned()),
        ] {
            assert!(!is_io(&error), "{error:?}");
        }
    }
}
