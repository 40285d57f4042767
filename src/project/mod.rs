//! The project: everything about one service, read from its folder and valid, or every mistake in it at once.
//!
//! Only this module reads project files. SQL is planned later, where the tables are known to the engine; statements about
//! totals are decoded by `reconcile` from [`StatementNode`].

mod aliases;
mod csv;
mod decisions;
mod deliveries_file;
mod examples;
mod expand;
mod files;
mod gates;
mod lists;
mod project_file;
mod reading;
mod report_file;
mod rules;
mod schema;
mod table_file;
mod tables;
mod test_file;
#[cfg(test)]
mod tests;
mod totals;
mod unread;
mod waivers_file;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;

use crate::{
    diagnostics::{At, Diagnostic, Source, Span, yaml::Node},
    names::Name,
    rules::{Decision, Rule, totals::Suppressed, waivers::Waiver},
    tables::{CodeList, FilePattern, Limits, Table},
};

pub use deliveries_file::{Incomplete, Layout};
pub use project_file::{FailOnWord, ProjectFile};
pub use report_file::{
    Block, Cards, ChartWord, Figures, PartWord, Report, ReportFile, Section, YearOnYear,
};
pub use table_file::{ColumnFile, ExamplesFile, RuleFile, Settings, TableFile};
pub use test_file::{
    ExpectedDiscrepancy, ExpectedRepair, ExpectedTotal, ProjectTest, Row, TestsFile, VerdictWord,
};
pub use totals::TotalsFile;
pub use unread::{Unread, Words};
pub use waivers_file::WaiversFile;

/// A project, valid on its own: every name it uses exists. Its SQL has not been planned yet.
#[derive(Clone, Debug)]
pub struct Project {
    /// What readers call it.
    pub name: String,
    /// Its folder.
    pub root: PathBuf,
    /// What a run reads when it is given no delivery.
    pub delivery: Option<DefaultDelivery>,
    /// Where nights lie, and when one is whole.
    pub deliveries: Deliveries,
    /// The reporting periods in order; none overlaps another.
    pub periods: Vec<Period>,
    /// The files of published figures, relative to the project.
    pub published: Option<FilePattern>,
    /// Texts that are printed there in place of suppressed figures.
    pub suppressed: Suppressed,
    /// Rejected records that a run tolerates, by the lines that they stand on.
    pub max_rejects: u64,
    /// From which severity on a run fails, unless its call says otherwise.
    pub fail_on: FailOnWord,
    /// What reading a file may cost.
    pub limits: Limits,
    /// Which runs stay.
    pub keep: Keep,
    /// The tables in the order of their file names.
    pub tables: Vec<Table>,
    /// The files that declare them, in the same order.
    pub table_files: Vec<Arc<Source>>,
    /// The rules by table, then in the order of their declaration.
    pub rules: Vec<Rule>,
    /// The code lists in the order of their file names.
    pub lists: Vec<CodeList>,
    /// Where each list and its aliases are declared, in the same order.
    pub list_files: Vec<ListFile>,
    /// Lists that rules hold themselves, with the names of their columns; queries and statements do not see them.
    pub own_lists: Vec<CodeList>,
    /// What was decided about pairs that are probably the same.
    pub decisions: Vec<Decision>,
    /// Discrepancies that somebody accepts: `rules/waivers.yaml`, in its order.
    pub waivers: Vec<Waiver>,
    /// What the report shows: `rules/report.yaml`, where there is one.
    pub report: Option<Report>,
    /// `sql/model/*.sql` in the order of their file names.
    pub model: Vec<SqlFile>,
    /// `sql/aggregates/*.sql` in the order of their file names.
    pub aggregates: Vec<SqlFile>,
    /// `sql/records/*.sql` in the order of their file names: under which category each aggregate counts a table's records.
    pub records: Vec<SqlFile>,
    /// The statements of `rules/totals/*.yaml`, by file, then in the order of their declaration.
    pub totals: Vec<StatementNode>,
    /// The comparisons year on year of the same files, in the same order.
    pub comparisons: Vec<StatementNode>,
    /// The tests of `rules/tests/*.yaml`, by file, then in the order of their declaration.
    pub tests: Vec<ProjectTest>,
    /// What could not be read; nothing of a project without mistakes.
    pub unread: Unread,
    /// SHA-256 of what `sha256sum` prints of the project's files in the byte order of their paths.
    pub hash: String,
}

/// What a run reads when it is given no delivery.
#[derive(Clone, Debug)]
pub struct DefaultDelivery {
    /// The folder, relative to the project.
    pub path: String,
    /// The day as of which it is judged.
    pub as_of: Option<Date>,
}

/// Where nights lie, and when one is whole.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    /// The folder that holds them, relative to the project: a run that is given no delivery takes the newest.
    pub path: Option<At<String>>,
    /// How they lie in it.
    pub layout: Layout,
    /// What becomes of a night that is not whole.
    pub incomplete: Incomplete,
    /// A file that is there once a night is whole.
    pub marker: Option<FilePattern>,
    /// A file that says what each file of a night holds.
    pub control: Option<FilePattern>,
}

/// Which runs stay: those that one of the two keeps, and all where neither is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// So many of the newest.
    pub runs: Option<u64>,
    /// Those of so many days up to the date of the newest.
    pub days: Option<u64>,
}

/// A reporting period, half open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its name in outputs.
    pub id: String,
    /// First day.
    pub start: Date,
    /// First day after.
    pub end: Date,
}

/// A query of the project.
#[derive(Clone, Debug)]
pub struct SqlFile {
    /// The file's name without `.sql`: what its result is called.
    pub name: Name,
    /// Its text.
    pub source: Arc<Source>,
}

/// Where a code list is declared.
#[derive(Clone, Debug)]
pub struct ListFile {
    /// Its name.
    pub name: Name,
    /// The start of `rules/reference/<list>.csv`.
    pub codes: Span,
    /// The start of `rules/reference/<list>.aliases.csv`, where that has aliases.
    pub aliases: Option<Span>,
}

impl Project {
    /// The lists that columns draw on, by their [`crate::tables::Codes::list`]: the project's, then those that rules hold themselves.
    pub fn lists_of_columns(&self) -> Vec<Arc<CodeList>> {
        let all = self.lists.iter().chain(&self.own_lists);
        all.cloned().map(Arc::new).collect()
    }
}

impl SqlFile {
    /// Its text with its place, as planners report errors in it.
    pub fn text(&self) -> At<String> {
        let bytes = 0..self.source.text.len();
        At {
            value: self.source.text.clone(),
            span: Span {
                source: self.source.clone(),
                bytes,
            },
        }
    }
}

/// One statement or comparison of totals, not decoded yet.
#[derive(Clone, Debug)]
pub struct StatementNode {
    /// The file that declares it.
    pub source: Arc<Source>,
    /// Its settings.
    pub node: Node,
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder holds no project.
    #[error(
        "there is no project in `{root}`: `rules/project.yaml` does not exist there; go to the project's folder or name it with `--project`",
        root = .0.display()
    )]
    NoProject(PathBuf),
    /// A file of it cannot be read.
    #[error("cannot {action} `{path}` of the project: {source}; check that it is there and may be read", path = .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// It has mistakes.
    #[error("the project has mistakes ({} in all); correct them and try again", .0.len())]
    Diagnostics(Vec<Diagnostic>),
}

/// Reads and checks the project in `root`; every mistake of all its files is in the error.
pub fn load(root: &Path) -> Result<Project, LoadError> {
    let (project, diagnostics) = read(root)?;
    if diagnostics.is_empty() {
        Ok(project)
    } else {
        Err(LoadError::Diagnostics(diagnostics))
    }
}

/// Like [`load`], for a caller that has more to check: the project as far as it could be understood, and what is wrong with it.
///
/// With diagnostics the project serves to find further mistakes only, never to run: what could not be read is left out of it.
pub fn read(root: &Path) -> Result<(Project, Vec<Diagnostic>), LoadError> {
    let mut diagnostics = Vec::new();
    let files = files::read(root, &mut diagnostics)?;
    let project = assemble(root, &files, &mut diagnostics);
    Ok((project, diagnostics))
}

/// The waivers that a file says, such as one that is not written yet; `path` names it in messages.
pub fn waivers(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Waiver> {
    let source = Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    waivers_file::read(Some(&Arc::new(source)), diagnostics)
}

fn assemble(root: &Path, files: &files::Files, diagnostics: &mut Vec<Diagnostic>) -> Project {
    let head = project_file::read(&files.project, diagnostics);
    let mut unread = Unread::default();
    for path in &files.unreadable {
        match path.rsplit_once('/') {
            Some(("rules/reference", list)) => unread.list(list),
            Some(("rules/tables", table)) => {
                unread.table(table);
                unread.rules = true;
            }
            Some(("sql/model", result)) => unread.table(result),
            _ => {}
        }
    }
    let lists = lists::read(files, &mut unread, diagnostics);
    let list_files = lists::declared(files, &lists);
    let mut declared = tables::read(&files.tables, &mut unread, diagnostics);
    visible_names(
        &files.tables,
        &files.model,
        &lists,
        &mut unread,
        diagnostics,
    );
    let (rules, own_lists) = expand::rules(&mut declared, &lists, &mut unread, diagnostics);
    let decisions = files.decisions.as_ref();
    let decisions = decisions::read(decisions, &rules, !unread.rules, diagnostics);
    let waivers = waivers_file::read(files.waivers.as_ref(), diagnostics);
    let report = report_file::read(files.report.as_ref(), &head.periods, diagnostics);
    let table_files = declared.iter().map(|d| d.source.clone()).collect();
    let tables: Vec<Table> = declared.into_iter().map(|d| d.table).collect();
    if let Some(path) = &head.deliveries.path
        && head.deliveries.layout == Layout::Inbox
        && diagnostics.is_empty()
        && !tables.iter().any(|table| table.files.is_dated())
    {
        let message = "the nights of an inbox are told by the dates in names, and no table has one";
        let help = "write `{date}` in the `files` of tables, such as `people_{date}.csv`";
        diagnostics.push(Diagnostic::at(&path.span, message).help(help));
    }
    if diagnostics.is_empty() {
        let dated = head.deliveries.path.is_some() || tables.iter().any(|t| t.files.is_dated());
        gates::undated(&tables, dated, diagnostics);
    }
    let model = queries(&files.model, &mut unread, diagnostics);
    let aggregates = queries(&files.aggregates, &mut unread, diagnostics);
    // No query reads the result of one of these, which are called like tables.
    let records = queries(&files.records, &mut unread.clone(), diagnostics);
    let totals::Totals {
        statements,
        comparisons,
    } = totals::read(&files.totals, diagnostics);
    // What they name may be what could not be read.
    let sound = diagnostics.is_empty();
    let mut of_tests = Vec::new();
    let tests = test_file::read(&files.tests, &tables, &rules, &statements, &mut of_tests);
    if sound {
        diagnostics.append(&mut of_tests);
    }
    Project {
        name: head.name,
        root: root.to_owned(),
        delivery: head.delivery,
        deliveries: head.deliveries,
        periods: head.periods,
        published: head.published,
        suppressed: head.suppressed,
        max_rejects: head.max_rejects,
        fail_on: head.fail_on,
        limits: head.limits,
        keep: head.keep,
        tables,
        table_files,
        rules,
        lists,
        list_files,
        own_lists,
        decisions,
        waivers,
        report,
        model,
        aggregates,
        records,
        totals: statements,
        comparisons,
        tests,
        unread,
        hash: files.hash.clone(),
    }
}

/// The queries that can be judged; what others return is not known.
fn queries(
    files: &[files::Named],
    unread: &mut Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<SqlFile> {
    let mut queries = Vec::new();
    for file in files {
        let Some(name) = file.name(diagnostics) else {
            unread.table(&file.stem);
            continue;
        };
        let text = &file.source.text;
        let blank = text.trim().is_empty();
        if blank {
            diagnostics.push(
                Diagnostic::at(&file.start(), "the file is empty")
                    .help("write one SELECT, or remove the file"),
            );
        }
        if blank || unread.leans(Some(name.as_str()), &Words::of_sql(text)) {
            unread.table(&file.stem);
            continue;
        }
        queries.push(SqlFile {
            name,
            source: file.source.clone(),
        });
    }
    queries
}

/// Queries see tables, model results, `periods` and `list_…` under one roof: no name may mean two things.
fn visible_names(
    tables: &[files::Named],
    model: &[files::Named],
    lists: &[CodeList],
    unread: &mut Unread,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let is_names = |name: &str| {
        let list = name.strip_prefix("names_");
        list.is_some_and(|list| lists.iter().any(|other| other.name.as_str() == list))
    };
    let ours = |name: &str| name == "periods" || name.starts_with("list_") || is_names(name);
    for table in tables.iter().filter(|table| ours(&table.stem)) {
        unread.table(&table.stem);
        let message = format!("a table cannot be called `{}`", table.stem);
        let help = "queries see the periods as `periods` and each code list as `list_<name>`, with `names_<name>` for what stands for its codes; choose another name";
        diagnostics.push(Diagnostic::at(&table.start(), message).help(help));
    }
    for query in model {
        let name = query.stem.as_str();
        if ours(name) || tables.iter().any(|t| t.stem == name) {
            unread.table(name);
            let message = format!(
                "a model query cannot be called `{name}`: queries see something else under that name"
            );
            diagnostics.push(Diagnostic::at(&query.start(), message).help("rename the file"));
        }
    }
}
