//! `_repeated(…)`: whether a key of any columns may be there more than once, so that only such rows are compared.
//!
//! A query is executed twice. The first time each key is noted and none is said to be repeated; the second time the rows come
//! whose keys may have been noted more than once. A key that was noted too often, or shares its slot with another, costs time
//! and never a wrong answer, since what is found is compared.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use arrow::{array::BooleanArray, datatypes::DataType};
use datafusion::{
    common::{
        hash_utils::{RandomState, with_hashes},
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    error::DataFusionError,
    execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation},
    logical_expr::{
        ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
        Volatility, expr::ScalarFunction,
    },
};

const NAME: &str = "_repeated";
/// Slots for each row: of keys that are there once, one in as many shares its slot.
const SLOTS: u64 = 16;
/// Slots of a word, two bits each: noted, and noted again.
const OF_WORD: u64 = 32;
/// Fewest words.
const FEWEST: usize = 16;

/// How often keys were noted: never, once, or more than once.
#[derive(Debug)]
pub(super) struct Repeated {
    words: Vec<AtomicU64>,
    asked: AtomicBool,
    _reservation: MemoryReservation,
}

impl Repeated {
    /// For so many rows, in no more than `most` bytes of the pool.
    pub fn new(rows: u64, most: usize, pool: &Arc<dyn MemoryPool>) -> Self {
        let reservation = MemoryConsumer::new("repeated keys").register(pool);
        let wanted = (rows.saturating_mul(SLOTS) / OF_WORD).next_power_of_two();
        let mut words = usize::try_from(wanted).unwrap_or(usize::MAX);
        let bytes = |words: usize| words.saturating_mul(size_of::<u64>());
        while words > FEWEST && (bytes(words) > most || reservation.try_grow(bytes(words)).is_err())
        {
            words /= 2;
        }
        Self {
            words: (0..words.max(FEWEST)).map(|_| AtomicU64::new(0)).collect(),
            asked: AtomicBool::new(false),
            _reservation: reservation,
        }
    }

    /// From here on it says what was noted.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    fn slot(&self, hash: u64) -> (&AtomicU64, u64) {
        let word = hash / OF_WORD % self.words.len() as u64;
        (&self.words[word as usize], 1 << (hash % OF_WORD * 2))
    }

    fn is_repeated(&self, hash: u64) -> bool {
        let (word, once) = self.slot(hash);
        if self.asked.load(Ordering::Relaxed) {
            return word.load(Ordering::Relaxed) & once << 1 != 0;
        }
        if word.fetch_or(once, Ordering::Relaxed) & once != 0 {
            word.fetch_or(once << 1, Ordering::Relaxed);
        }
        false
    }
}

/// The function, for a session's registry: every key may be repeated.
pub(super) fn repeated() -> ScalarUDF {
    function(None)
}

/// The plan with what is noted in it.
pub(super) fn bound(
    plan: LogicalPlan,
    repeated: &Arc<Repeated>,
) -> Result<LogicalPlan, DataFusionError> {
    let function = Arc::new(function(Some(Arc::clone(repeated))));
    plan.transform_up_with_subqueries(|node| {
        node.map_expressions(|expr| {
            expr.transform_up(|expr| match expr {
                Expr::ScalarFunction(call) if call.name() == NAME => {
                    let call = ScalarFunction::new_udf(Arc::clone(&function), call.args);
                    Ok(Transformed::yes(Expr::ScalarFunction(call)))
                }
                other => Ok(Transformed::no(other)),
            })
        })
    })
    .data()
}

fn function(noted: Option<Arc<Repeated>>) -> ScalarUDF {
    ScalarUDF::from(IsRepeated {
        signature: Signature::variadic_any(Volatility::Immutable),
        noted,
    })
}

#[derive(Debug)]
struct IsRepeated {
    signature: Signature,
    noted: Option<Arc<Repeated>>,
}

impl PartialEq for IsRepeated {
    fn eq(&self, other: &Self) -> bool {
        let place = |of: &Self| of.noted.as_ref().map(Arc::as_ptr);
        place(self) == place(other)
    }
}

impl Eq for IsRepeated {}

impl Hash for IsRepeated {
    fn hash<H: Hasher>(&self, state: &mut H) {
        NAME.hash(state);
    }
}

impl ScalarUDFImpl for IsRepeated {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let columns = ColumnarValue::values_to_arrays(&call.args)?;
        let repeated = with_hashes(&columns, &RandomState::with_seed(SEED), |hashes| {
            let repeated = hashes.iter().map(|hash| match &self.noted {
                Some(noted) => noted.is_repeated(*hash),
                None => true,
            });
            Ok(BooleanArray::from(repeated.collect::<Vec<bool>>()))
        })?;
        Ok(ColumnarValue::Array(Arc::new(repeated)))
    }
}

/// Any number, the same in every run.
const SEED: u64 = 0x7472_7565;

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    use super::*;

    #[test]
    fn every_key_that_is_there_twice_is_said_to_be() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(1 << 20));
        // Numbers that no pattern of slots follows, the first thousand of them twice.
        let hash = |n: u64| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        for (most, fewest_wrong, most_wrong) in [(1 << 20, 0, 1_500), (64, 5_000, 9_000)] {
            let repeated = Repeated::new(10_000, most, &pool);
            for n in (0..10_000).chain(0..1_000) {
                assert!(
                    !repeated.is_repeated(hash(n)),
                    "nothing is said while noting"
                );
            }
            repeated.ask();
            assert!((0..1_000).all(|n| repeated.is_repeated(hash(n))));
            let wrong = (1_000..10_000).filter(|n| repeated.is_repeated(hash(*n)));
            let wrong = wrong.count();
            assert!((fewest_wrong..=most_wrong).contains(&wrong), "{wrong}");
        }
    }
}
