//! An author's SQL, planned and refused where it is not what its place allows; mistakes point into the project's file.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

use arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use datafusion::{
    common::{
        DFSchema, Span as EngineSpan,
        diagnostic::Diagnostic as EngineDiagnostic,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    datasource::{empty::EmptyTable, provider_as_source},
    error::DataFusionError,
    execution::context::{SQLOptions, SessionContext, SessionState},
    logical_expr::{
        Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, UNNAMED_TABLE, Volatility,
        WindowFunctionDefinition,
    },
    sql::sqlparser::{
        ast::{Expr as SqlExpr, Query, Visit, Visitor},
        dialect::GenericDialect,
        tokenizer::{Location, Token, Tokenizer},
    },
};

use super::{constants, depth};
use crate::{
    diagnostics::{At, Diagnostic, Span, nearest, yaml::span_in},
    names::provenance,
    rules::Sql,
};

/// Plans a Boolean expression over one table's columns.
pub fn predicate(
    session: &SessionContext,
    schema: &SchemaRef,
    sql: &Sql,
    at: &Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let author = sql.author.as_ref();
    let by_author = author.is_some();
    // Planning takes as long as the table is wide, so only what goes wrong is planned with all of its columns.
    let planned = plan_predicate(session, &named(schema, &sql.text), &sql.text, by_author)
        .or_else(|_| plan_predicate(session, schema, &sql.text, by_author));
    match planned {
        Ok((expr, DataType::Boolean)) => Some(expr),
        Ok((_, other)) => {
            let span = author.map_or(at, |a| &a.span);
            let message = format!(
                "a condition must be true or false and this is {}",
                type_word(&other)
            );
            let help = "compare it with something, such as `… IS NOT NULL` or `… > 0`";
            diagnostics.push(Diagnostic::at(span, message).help(help));
            None
        }
        Err(refused) => {
            let mut diagnostic = refused.diagnostic(author, at);
            name_known(session, &mut diagnostic);
            diagnostics.push(diagnostic);
            None
        }
    }
}

/// The columns of a table whose names stand in a text.
pub fn named(schema: &SchemaRef, text: &str) -> SchemaRef {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize();
    let words: BTreeSet<String> = tokens
        .unwrap_or_default()
        .into_iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word.value.to_lowercase()),
            _ => None,
        })
        .collect();
    let fields = schema.fields().iter();
    let fields = fields.filter(|field| words.contains(&field.name().to_lowercase()));
    Arc::new(Schema::new(fields.cloned().collect::<Fields>()))
}

/// Why SQL is not taken.
enum Refused {
    /// The engine cannot plan it.
    Engine(DataFusionError),
    /// It can, and the SQL is not what its place allows.
    Rule {
        message: String,
        help: String,
        /// Where in the text, where that is known.
        place: Option<Stretch>,
    },
}

/// Start and end in a text, each a line and a column from 1.
type Stretch = ((usize, usize), (usize, usize));

impl From<DataFusionError> for Refused {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(error)
    }
}

impl Refused {
    fn rule(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Rule {
            message: message.into(),
            help: help.into(),
            place: None,
        }
    }

    fn diagnostic(&self, author: Option<&At<String>>, at: &Span) -> Diagnostic {
        match self {
            Self::Engine(error) => from_engine(error, author, at),
            Self::Rule {
                message,
                help,
                place,
            } => {
                let span = match (author, place) {
                    (Some(author), Some((start, end))) => span_in(author, *start, *end),
                    (Some(author), None) => author.span.clone(),
                    (None, _) => at.clone(),
                };
                Diagnostic::at(&span, message).help(help)
            }
        }
    }
}

fn too_long() -> Refused {
    let message = format!(
        "SQL may have {} KiB and this has more",
        depth::MAX_BYTES >> 10
    );
    Refused::rule(message, SHORTER)
}

fn too_deep() -> Refused {
    let message = format!(
        "SQL may chain or nest {},000 terms and this has more",
        depth::MAX_LEVELS / 1_000
    );
    Refused::rule(message, SHORTER)
}

const SHORTER: &str = "write `IN (…)` for many values, a code list or `values` for accepted ones, or part it into several rules";

fn plan_predicate(
    session: &SessionContext,
    schema: &SchemaRef,
    text: &str,
    by_author: bool,
) -> Result<(Expr, DataType), Refused> {
    if depth::is_too_long(text) {
        return Err(too_long());
    }
    let state = session.state();
    let parsed = state.sql_to_expr_with_alias(text, &state.config_options().sql_parser.dialect)?;
    if depth::is_too_deep(&parsed.expr) {
        return Err(too_deep());
    }
    // Before planning, which would miss the query's tables.
    if holds_query(&parsed.expr) {
        return Err(many_rows("query"));
    }
    let table = LogicalPlanBuilder::scan(
        UNNAMED_TABLE,
        provider_as_source(Arc::new(EmptyTable::new(Arc::clone(schema)))),
        None,
    )?;
    let schema = DFSchema::try_from(Arc::clone(schema))?;
    let expr = state.create_logical_expr_from_sql_expr(parsed, &schema)?;
    if let Some(call) = unsettled_call(&expr) {
        return Err(unsettled(&call, text));
    }
    if let Some(what) = of_many_rows(&expr) {
        return Err(many_rows(what));
    }
    // Coercion decides whether `date >= text` is a comparison at all; the type alone does not say.
    let coerced = session
        .state()
        .create_physical_expr(expr.clone(), &schema)?;
    let ty = coerced.data_type(schema.as_arrow())?;
    debug_assert_eq!(Ok(&ty), expr.get_type(&schema).as_ref().map_err(|_| ()));
    let plan = table.project([expr.clone()])?.build()?;
    refuse_faulty_constants(&state, &plan)?;
    if by_author {
        // As the scan will be planned: what the optimiser would stumble over is told now.
        state.optimize(&plan)?;
    }
    Ok((expr, ty))
}

/// What looks at more than the row.
fn of_many_rows(expr: &Expr) -> Option<&'static str> {
    let holds = |wanted: fn(&Expr) -> bool| expr.exists(|e| Ok(wanted(e))).unwrap_or(true);
    let query = |e: &Expr| {
        matches!(
            e,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
        )
    };
    match () {
        () if holds(query) => Some("query"),
        () if holds(|e| matches!(e, Expr::AggregateFunction(_))) => Some("aggregate"),
        () if holds(|e| matches!(e, Expr::WindowFunction(_))) => Some("window function"),
        () => None,
    }
}

fn many_rows(what: &str) -> Refused {
    Refused::rule(
        format!("a condition looks at one row, so it may hold no {what}"),
        "use `failed_rows` for what needs other rows or tables",
    )
}

fn holds_query(expr: &SqlExpr) -> bool {
    struct Queries;
    impl Visitor for Queries {
        type Break = ();
        fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    expr.visit(&mut Queries).is_break()
}

/// Tells what is written in a plan and can never be computed.
fn refuse_faulty_constants(state: &SessionState, plan: &LogicalPlan) -> Result<(), Refused> {
    if let Some(message) = constants::fault(state, plan)? {
        let help = "correct what is written there";
        return Err(Refused::rule(message, help));
    }
    Ok(())
}

/// Plans a query; only SELECT is allowed.
pub async fn query(
    session: &SessionContext,
    text: &str,
    author: Option<&At<String>>,
    at: &Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<LogicalPlan> {
    match check_query(session, text).await {
        Ok(plan) => Some(plan),
        Err(refused) => {
            let mut diagnostic = refused.diagnostic(author, at);
            name_known(session, &mut diagnostic);
            diagnostics.push(diagnostic);
            None
        }
    }
}

async fn check_query(session: &SessionContext, text: &str) -> Result<LogicalPlan, Refused> {
    if depth::is_too_long(text) {
        return Err(too_long());
    }
    let state = session.state();
    let statement = state.sql_to_statement(text, &state.config_options().sql_parser.dialect)?;
    if depth::statement_is_too_deep(&statement) {
        return Err(too_deep());
    }
    let plan = state.statement_to_plan(statement).await?;
    only_select().verify_plan(&plan)?;
    // Before the optimiser puts a moment in the place of `now()`.
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            found = unsettled_call(expr);
            Ok(match found {
                Some(_) => TreeNodeRecursion::Stop,
                None => TreeNodeRecursion::Continue,
            })
        })
    })?;
    if let Some(call) = found {
        return Err(unsettled(&call, text));
    }
    refuse_faulty_constants(&state, &plan)?;
    Ok(plan)
}

/// A function whose result is not decided by its arguments: the names it goes by.
fn unsettled_call(expr: &Expr) -> Option<Vec<String>> {
    let mut found = None;
    let searched = expr.apply(|e| {
        let (signature, name, aliases) = match e {
            Expr::ScalarFunction(call) => {
                let f = &call.func;
                (f.signature(), f.name(), f.aliases())
            }
            Expr::AggregateFunction(call) => {
                let f = &call.func;
                (f.signature(), f.name(), f.aliases())
            }
            Expr::WindowFunction(call) => match &call.fun {
                WindowFunctionDefinition::AggregateUDF(f) => (f.signature(), f.name(), f.aliases()),
                WindowFunctionDefinition::WindowUDF(f) => (f.signature(), f.name(), f.aliases()),
            },
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        if signature.volatility == Volatility::Immutable {
            return Ok(TreeNodeRecursion::Continue);
        }
        found = Some([&[name.to_owned()], aliases].concat());
        Ok(TreeNodeRecursion::Stop)
    });
    debug_assert!(searched.is_ok());
    found
}

fn unsettled(names: &[String], text: &str) -> Refused {
    let (name, place) = match find_word(text, names) {
        Some((word, place)) => (word, Some(place)),
        None => (names.first().cloned().unwrap_or_default(), None),
    };
    Refused::Rule {
        message: format!(
            "`{name}` says something else every time, and the same delivery has to give the same results"
        ),
        help: "use `as_of()` for the run's date".to_owned(),
        place,
    }
}

/// The first of `names` that stands in `text` as a word, as it is written there.
fn find_word(text: &str, names: &[String]) -> Option<(String, Stretch)> {
    let tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize_with_location()
        .ok()?;
    tokens.into_iter().find_map(|token| match token.token {
        Token::Word(word) if names.iter().any(|n| n.eq_ignore_ascii_case(&word.value)) => {
            let at = |l: Location| (number(l.line), number(l.column));
            Some((word.value, (at(token.span.start), at(token.span.end))))
        }
        _ => None,
    })
}

fn only_select() -> SQLOptions {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
}

/// Plans a query that was checked before.
pub async fn plan_query(
    session: &SessionContext,
    text: &str,
) -> Result<LogicalPlan, DataFusionError> {
    let plan = session.state().create_logical_plan(text).await?;
    only_select().verify_plan(&plan)?;
    Ok(plan)
}

/// The columns that a plan reads of each table; of one that it only names, `_row`.
pub fn columns_read(
    session: &SessionContext,
    plan: &LogicalPlan,
) -> Result<BTreeMap<String, BTreeSet<String>>, DataFusionError> {
    let optimized = session.state().optimize(plan)?;
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // The optimiser may find that a table need not be read, and the run plans the query anew.
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let columns = read.entry(scan.table_name.table().to_owned());
            columns.or_default().insert(provenance::ROW.to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    optimized.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let columns = read.entry(scan.table_name.table().to_owned()).or_default();
            columns.extend(
                scan.projected_schema
                    .fields()
                    .iter()
                    .map(|f| f.name().clone()),
            );
            for filter in &scan.filters {
                columns.extend(filter.column_refs().into_iter().map(|c| c.name.clone()));
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(read)
}

/// Whether the rows of a query have one order: it sorts them, or takes them as they come.
pub fn settles_order(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) | LogicalPlan::Limit(_) => {
            plan.inputs().into_iter().all(settles_order)
        }
        other => !other
            .exists(|node| {
                Ok(matches!(
                    node,
                    LogicalPlan::Aggregate(_)
                        | LogicalPlan::Distinct(_)
                        | LogicalPlan::Union(_)
                        | LogicalPlan::Window(_)
                        | LogicalPlan::RecursiveQuery(_)
                ))
            })
            .unwrap_or(true),
    }
}

/// A planner's error as a diagnostic; its place is inside the author's text where the planner knows it.
pub fn from_engine(error: &DataFusionError, author: Option<&At<String>>, at: &Span) -> Diagnostic {
    let told = error.diagnostic();
    let message = match told {
        Some(EngineDiagnostic { message, .. }) => message.clone(),
        None => tidy(&error.strip_backtrace()),
    };
    let (message, parsed) = split_place(message);
    let message = plain_words(message);
    let span = match (author, told.and_then(|t| t.span)) {
        (Some(author), None) if let Some((line, column)) = parsed => {
            span_in(author, (line, column), (line, column + 1))
        }
        (Some(author), Some(inner)) => place_in(author, inner),
        (Some(author), None) => author.span.clone(),
        (None, _) => at.clone(),
    };
    let mut diagnostic = Diagnostic::at(&span, lower_first(&message));
    let notes = told.map_or(Vec::new(), |t| {
        let notes = t.notes.iter().map(|n| n.message.as_str());
        notes
            .chain(t.helps.iter().map(|h| h.message.as_str()))
            // Hidden columns are for the few who know them.
            .filter(|note| !note.contains(" _") && !note.contains("._"))
            .collect()
    });
    if let Some(help) = meant(&diagnostic.message, &notes) {
        diagnostic = diagnostic.help(help);
    }
    diagnostic
}

/// What to do next, from what the engine notes: of the names that it thinks possible, the one that was meant.
fn meant(message: &str, notes: &[&str]) -> Option<String> {
    let possible = |note: &&str| note.strip_prefix("possible column ").map(str::to_owned);
    // Of functions that are as near the engine notes now the one, now the other: see `name_known`.
    let notes: Vec<&str> = notes
        .iter()
        .copied()
        .filter(|note| !note.starts_with("Possible function "))
        .collect();
    let names: Option<Vec<String>> = notes.iter().map(possible).collect();
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return (!notes.is_empty()).then(|| lower_first(&notes.join("; ")));
    };
    let word = message.split('\'').nth(1).unwrap_or_default();
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let short: Vec<String> = names.iter().map(|name| last(name)).collect();
    let best = nearest(&last(word), short.iter().map(String::as_str));
    let best = best.and_then(|best| names.iter().find(|name| last(name) == best));
    Some(match (best, &names[..]) {
        (Some(name), _) | (None, [name]) => format!("did you mean `{name}`?"),
        (None, names) => format!("known are: {}", names.join(", ")),
    })
}

/// Adds the table or function that was probably meant to what is said of one that is not there.
fn name_known(session: &SessionContext, diagnostic: &mut Diagnostic) {
    let named = |prefix: &str| {
        let rest = diagnostic.message.strip_prefix(prefix)?;
        rest.split('\'').next().map(str::to_owned)
    };
    const NO_FILE: &str = "a query reads tables, results of sql/model, `periods`, `list_<name>` and `names_<name>`, by name and never a file";
    let (meant, otherwise) = if let Some(name) = named("table '") {
        let name = name.rsplit('.').next().unwrap_or_default();
        (
            nearest(name, tables(session).iter().map(String::as_str)).map(str::to_owned),
            NO_FILE,
        )
    } else if let Some(name) = named("invalid function '") {
        let state = session.state();
        let all = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys());
        let mut known: Vec<&str> = all.map(String::as_str).collect();
        known.sort_unstable();
        let help = "the functions are those of DataFusion SQL; a difference of days is `a - b`, a length `character_length`";
        (nearest(&name, known).map(str::to_owned), help)
    } else if named("table function '").is_some() {
        (None, NO_FILE)
    } else {
        return;
    };
    if diagnostic.help.is_none() {
        diagnostic.help = Some(match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => otherwise.to_owned(),
        });
    }
}

/// The tables that queries of the session see, in order.
fn tables(session: &SessionContext) -> Vec<String> {
    let mut known: Vec<String> = session
        .catalog_names()
        .iter()
        .filter_map(|catalog| session.catalog(catalog))
        .flat_map(|catalog| {
            let schemas = catalog.schema_names();
            schemas
                .into_iter()
                .filter_map(move |schema| catalog.schema(&schema))
        })
        .flat_map(|schema| schema.table_names())
        .collect();
    known.sort();
    known
}

/// A type in the words of table files.
fn type_word(ty: &DataType) -> String {
    match ty {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "a text".to_owned(),
        DataType::Int64 | DataType::Int32 => "a whole number".to_owned(),
        DataType::Float64 | DataType::Decimal128(_, _) => "a number".to_owned(),
        DataType::Date32 => "a date".to_owned(),
        DataType::Timestamp(_, _) => "a timestamp".to_owned(),
        DataType::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// Where the planner's `place` in an author's text is in the file.
pub fn place_in(author: &At<String>, place: EngineSpan) -> Span {
    let (start, end) = (place.start, place.end);
    span_in(
        author,
        (number(start.line), number(start.column)),
        (number(end.line), number(end.column)),
    )
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(1)
}

/// Parts what the parser says from the place in the text that it appends to some of its words.
fn split_place(message: String) -> (String, Option<(usize, usize)>) {
    let place = message.rsplit_once(" at Line: ").and_then(|(words, rest)| {
        let (line, column) = rest.split_once(", Column: ")?;
        Some((words, (line.parse().ok()?, column.parse().ok()?)))
    });
    match place {
        Some((words, place)) => (words.to_owned(), Some(place)),
        None => (message, None),
    }
}

/// Strips the engine's own prefixes, which say nothing to an author.
fn tidy(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let mut rest = first;
    for prefix in [
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "Execution error: ",
        "This feature is not implemented: ",
        "ParserError(\"",
        "TokenizerError(\"",
    ] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    rest.trim_end_matches("\")")
        .trim_end_matches('.')
        .to_owned()
}

/// Says in words for authors what the engine says in words for those who embed it.
fn plain_words(message: String) -> String {
    let other_statement = ["DML", "DDL", "Statement"]
        .iter()
        .find_map(|kind| message.strip_prefix(&format!("{kind} not supported: ")));
    match &message[..] {
        _ if let Some(statement) = other_statement => {
            format!(
                "a query may only select and this is {}",
                statement.to_uppercase()
            )
        }
        _ if message.ends_with("unless information_schema is enabled") => {
            "a query may only select".to_owned()
        }
        _ if message.starts_with("RecursionLimitExceeded") => {
            "brackets and calls may stand 50 deep in each other and here are more".to_owned()
        }
        "The context currently only supports a single SQL statement" => {
            "one query may stand here and these are several statements".to_owned()
        }
        "No SQL statements were provided in the query string" => "the query is empty".to_owned(),
        _ if message.starts_with("Physical plan does not support") => {
            "the engine cannot compute this row by row".to_owned()
        }
        _ => message,
    }
}

/// The first letter small, unless the word is written in capitals.
fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn columns_are_told_from_the_words_of_a_text() {
        let names = ["a", "ab", "_code.a", "b", "_row"];
        let fields = names.map(|name| Field::new(name, DataType::Int64, true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.to_vec()));
        let found = |text: &str| -> Vec<String> {
            let schema = named(&schema, text);
            schema.fields().iter().map(|f| f.name().clone()).collect()
        };
        assert_eq!(found("t.A > 1 AND 'b' = \"_row\""), ["a", "_row"]);
        assert_eq!(found("\"_code.a\" IS NULL"), ["_code.a"]);
        assert!(found("'").is_empty());
    }
}
