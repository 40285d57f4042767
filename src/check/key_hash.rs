//! `_key_hash(…)`: a number for a key of any columns, so that keys are counted as numbers and only like ones compared.

use arrow::{array::Int64Array, datatypes::DataType};
use datafusion::{
    common::hash_utils::{RandomState, with_hashes},
    error::DataFusionError,
    logical_expr::{
        ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    },
};

/// The function, for a session's registry.
pub(super) fn key_hash() -> ScalarUDF {
    ScalarUDF::from(KeyHash {
        signature: Signature::variadic_any(Volatility::Immutable),
    })
}

/// Equal keys have equal numbers within one run; different keys may have equal ones.
#[derive(Debug, PartialEq, Eq, Hash)]
struct KeyHash {
    signature: Signature,
}

impl ScalarUDFImpl for KeyHash {
    fn name(&self) -> &str {
        "_key_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let columns = ColumnarValue::values_to_arrays(&call.args)?;
        let numbers = with_hashes(&columns, &RandomState::with_seed(SEED), |hashes| {
            let numbers = hashes.iter().map(|hash| hash.cast_signed());
            Ok(Int64Array::from_iter_values(numbers))
        })?;
        Ok(ColumnarValue::Array(std::sync::Arc::new(numbers)))
    }
}

/// Any number, the same in every run.
const SEED: u64 = 0x7472_7565;
