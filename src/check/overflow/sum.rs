//! `sum` that reckons integers as decimals, which hold any sum of them, and fails when the result is no such integer.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray},
    datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type, UInt64Type},
    error::ArrowError,
};
use datafusion::{
    common::ScalarValue,
    error::DataFusionError,
    functions_aggregate::sum::Sum,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
        SetMonotonicity, Signature,
        function::{AccumulatorArgs, StateFieldsArgs},
        utils::AggregateOrderSensitivity,
    },
};

type Result<T> = std::result::Result<T, DataFusionError>;

/// The function, for a session's registry in the place of the engine's own.
pub(in crate::check) fn checked_sum() -> AggregateUDF {
    AggregateUDF::from(CheckedSum { inner: Sum::new() })
}

/// Integers of 64 bits have 20 digits at most, so no number of rows fills it.
const WIDE: DataType = DataType::Decimal128(38, 0);

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedSum {
    inner: Sum,
}

/// The integer that a sum is of; `None` for sums that the engine reckons rightly.
fn narrow(ty: &DataType) -> Option<Integer> {
    match ty {
        DataType::Int64 => Some(Integer::Signed),
        DataType::UInt64 => Some(Integer::Unsigned),
        _ => None,
    }
}

fn wide_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), WIDE, field.is_nullable()))
}

impl CheckedSum {
    /// Makes the engine's sum of decimals, to be fed with integers.
    fn wide<A>(
        &self,
        args: AccumulatorArgs<'_>,
        make: impl Fn(&Sum, AccumulatorArgs<'_>) -> Result<A>,
    ) -> Result<A> {
        let fields: Vec<FieldRef> = args.expr_fields.iter().map(wide_field).collect();
        let args = AccumulatorArgs {
            return_field: wide_field(&args.return_field),
            expr_fields: &fields,
            ..args
        };
        make(&self.inner, args)
    }
}

impl AggregateUDFImpl for CheckedSum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match narrow(args.return_type()) {
            None => self.inner.accumulator(args),
            Some(of) => {
                let inner = self.wide(args, Sum::accumulator)?;
                Ok(Box::new(Widened { inner, of }))
            }
        }
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        match narrow(args.return_type()) {
            // The engine has none over distinct decimals.
            Some(of) if !args.is_distinct => {
                let inner = self.wide(args, Sum::create_sliding_accumulator)?;
                Ok(Box::new(Widened { inner, of }))
            }
            _ => self.inner.create_sliding_accumulator(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        match narrow(args.return_type()) {
            None => self.inner.create_groups_accumulator(args),
            Some(of) => {
                let inner = self.wide(args, Sum::create_groups_accumulator)?;
                Ok(Box::new(Widened { inner, of }))
            }
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        match narrow(args.return_type()) {
            None => self.inner.state_fields(args),
            Some(_) => self.inner.state_fields(StateFieldsArgs {
                return_field: wide_field(&args.return_field),
                ..args
            }),
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.inner.reverse_expr()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.set_monotonicity(data_type)
    }
}

#[derive(Clone, Copy, Debug)]
enum Integer {
    Signed,
    Unsigned,
}

impl Integer {
    fn widen(self, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let wide = |array: &ArrayRef| -> Result<ArrayRef> {
            let wide: PrimitiveArray<Decimal128Type> = match self {
                Self::Signed => array.as_primitive::<Int64Type>().unary(i128::from),
                Self::Unsigned => array.as_primitive::<UInt64Type>().unary(i128::from),
            };
            Ok(Arc::new(wide.with_data_type(WIDE)))
        };
        values.iter().map(wide).collect()
    }

    fn narrow(self, sums: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Self::Signed => narrowed::<Int64Type>(sums),
            Self::Unsigned => narrowed::<UInt64Type>(sums),
        }
    }
}

fn narrowed<T: ArrowPrimitiveType>(sums: &ArrayRef) -> Result<ArrayRef>
where
    T::Native: TryFrom<i128>,
{
    let fit = |sum: i128| {
        T::Native::try_from(sum).map_err(|_| ArrowError::ArithmeticOverflow("sum".to_owned()))
    };
    let sums = sums.as_primitive::<Decimal128Type>();
    Ok(Arc::new(sums.try_unary::<_, T, _>(fit)?))
}

/// A sum of decimals that takes and gives integers; its state is wide.
#[derive(Debug)]
struct Widened<A> {
    inner: A,
    of: Integer,
}

impl Accumulator for Widened<Box<dyn Accumulator>> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&self.of.widen(values)?)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = self.inner.evaluate()?.to_array()?;
        ScalarValue::try_from_array(&self.of.narrow(&sum)?, 0)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&self.of.widen(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

impl GroupsAccumulator for Widened<Box<dyn GroupsAccumulator>> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        let values = self.of.widen(values)?;
        self.inner
            .update_batch(&values, group_indices, opt_filter, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.of.narrow(&self.inner.evaluate(emit_to)?)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.inner
            .merge_batch(values, group_indices, total_num_groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner
            .convert_to_state(&self.of.widen(values)?, opt_filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}
