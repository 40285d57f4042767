//! Integers that grow too large are an error: the engine's own `+`, `-`, `*` and `sum` wrap around in silence.

mod sum;

use std::sync::Arc;

use arrow::{
    compute::kernels::numeric::{add, mul, sub},
    datatypes::DataType,
};
use datafusion::{
    common::{DFSchema, ScalarValue, tree_node::Transformed},
    config::ConfigOptions,
    error::DataFusionError,
    logical_expr::{
        BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ScalarFunctionArgs, ScalarUDF,
        ScalarUDFImpl, Signature, Volatility, cast, expr_rewriter::FunctionRewrite, lit,
        type_coercion::binary::BinaryTypeCoercer,
    },
    physical_expr_common::datum::apply,
};

pub(super) use sum::checked_sum;

/// Puts checked operators in the place of those over integers, in every plan and expression of a session.
#[derive(Debug)]
pub(super) struct CheckIntegers {
    add: Arc<ScalarUDF>,
    sub: Arc<ScalarUDF>,
    mul: Arc<ScalarUDF>,
}

impl CheckIntegers {
    pub(super) fn new() -> Self {
        let checked = |operator, name| Arc::new(ScalarUDF::from(Checked::new(operator, name)));
        Self {
            add: checked(Operator::Plus, "_checked_add"),
            sub: checked(Operator::Minus, "_checked_subtract"),
            mul: checked(Operator::Multiply, "_checked_multiply"),
        }
    }
}

impl FunctionRewrite for CheckIntegers {
    fn name(&self) -> &str {
        "check_integers"
    }

    fn rewrite(
        &self,
        expr: Expr,
        schema: &DFSchema,
        _config: &ConfigOptions,
    ) -> Result<Transformed<Expr>, DataFusionError> {
        let (function, ty, left, right) = match &expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let function = match op {
                    Operator::Plus => &self.add,
                    Operator::Minus => &self.sub,
                    Operator::Multiply => &self.mul,
                    _ => return Ok(Transformed::no(expr)),
                };
                let Some(ty) = both_as_integers(left, op, right, schema) else {
                    return Ok(Transformed::no(expr));
                };
                (function, ty, left.as_ref().clone(), right.as_ref().clone())
            }
            Expr::Negative(of) => match of.get_type(schema) {
                Ok(ty) if ty.is_integer() => {
                    let zero = lit(ScalarValue::new_zero(&ty)?);
                    (&self.sub, ty, zero, of.as_ref().clone())
                }
                _ => return Ok(Transformed::no(expr)),
            },
            _ => return Ok(Transformed::no(expr)),
        };
        let typed = |of: Expr| match of.get_type(schema) {
            Ok(has) if has == ty => of,
            _ => cast(of, ty.clone()),
        };
        Ok(Transformed::yes(
            function.call(vec![typed(left), typed(right)]),
        ))
    }
}

/// The type in which the engine would reckon, where that is an integer. What is wrong with the types it says itself.
fn both_as_integers(
    left: &Expr,
    operator: &Operator,
    right: &Expr,
    schema: &DFSchema,
) -> Option<DataType> {
    let types = (left.get_type(schema).ok()?, right.get_type(schema).ok()?);
    let (left, right) = BinaryTypeCoercer::new(&types.0, operator, &types.1)
        .get_input_types()
        .ok()?;
    (left == right && left.is_integer()).then_some(left)
}

/// An operator over two integers of one type.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operator: Operator,
    name: &'static str,
    signature: Signature,
}

impl Checked {
    fn new(operator: Operator, name: &'static str) -> Self {
        Self {
            operator,
            name,
            signature: Signature::any(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        match arguments {
            [left, right] if left == right => Ok(left.clone()),
            _ => Err(DataFusionError::Plan(format!(
                "{} takes two integers",
                self.name
            ))),
        }
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let [left, right] = &call.args[..] else {
            return Err(DataFusionError::Plan(format!(
                "{} takes two integers",
                self.name
            )));
        };
        match self.operator {
            Operator::Plus => apply(left, right, add),
            Operator::Minus => apply(left, right, sub),
            _ => apply(left, right, mul),
        }
    }
}
