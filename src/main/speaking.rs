//! What stands around the program: whether there is a terminal, how wide it is, and what is said to whom.

use std::{
    ffi::OsString,
    fmt::Debug,
    io::{IsTerminal, Write},
    process::ExitCode,
};

use serde_json::json;
use terminal_size::{Width, terminal_size_of};
use tracing::field::Field;
use tracing_subscriber::{
    field::MakeExt,
    fmt::format::{Writer, debug_fn},
};
use trueup::{
    cli::{Bars, Format, Manner, Voice, When, Wishes},
    diagnostics::{
        DiagnosticLine,
        render::{lines, render},
    },
    harmless,
    pipeline::RunError,
};

/// Whether stdout shows colours.
pub fn out_colours(manner: Manner) -> bool {
    wishes().colours(manner.colour, std::io::stdout().is_terminal())
}

/// Whether stderr does.
fn err_colours(manner: Manner) -> bool {
    wishes().colours(manner.colour, std::io::stderr().is_terminal())
}

fn wishes() -> Wishes {
    let of = |name| std::env::var_os(name).map(|wish| wish.to_string_lossy().into_owned());
    Wishes {
        no_color: of("NO_COLOR"),
        clicolor_force: of("CLICOLOR_FORCE"),
        clicolor: of("CLICOLOR"),
        term: of("TERM"),
    }
}

/// Columns of a line: what `COLUMNS` says, or the terminal; `None` in a pipe or file.
pub fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|columns| columns.trim().parse().ok());
    let of_terminal = || terminal_size_of(std::io::stdout()).map(|(Width(w), _)| usize::from(w));
    let columns = columns.filter(|columns| *columns > 0).or_else(of_terminal);
    columns.filter(|columns| *columns > 0)
}

/// A line that says how far a run is, where somebody sees it who did not ask for silence.
pub fn bars(voice: Voice) -> Option<Bars> {
    let is_seen = voice.format == Format::Text && !voice.manner.quiet;
    // A terminal that can take no line away again gets none: colours asked for there tell nothing of that.
    let can_clear = Wishes {
        no_color: None,
        clicolor: None,
        clicolor_force: None,
        ..wishes()
    };
    let is_terminal = std::io::stderr().is_terminal();
    let is_seen = is_seen && can_clear.colours(Some(When::Auto), is_terminal);
    is_seen.then(|| {
        Bars::new(|| terminal_size_of(std::io::stderr()).map_or(80, |(Width(w), _)| w.into()))
    })
}

/// A call that cannot be understood, or one for help. A job that asked for JSON gets JSON.
pub fn misused(error: &clap::Error, words: &[OsString]) -> ExitCode {
    let json = words.iter().any(|word| word == "--format=json")
        || words
            .windows(2)
            .any(|w| w[0] == "--format" && w[1] == "json");
    let text = error.to_string();
    let told = harmless::lines(&text);
    // What repeats a word that acts on a terminal, such as the name of a file, is told without colours.
    if !error.use_stderr() || (!json && told == text) {
        error.exit();
    }
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    let message = told.strip_prefix("error: ").unwrap_or(&told).trim_end();
    let format = if json { Format::Json } else { Format::Text };
    ExitCode::from(fail(format, message, code))
}

/// Says what could not be told elsewhere; the exit code does not depend on it.
pub fn warn(format: Format, warnings: &[String]) {
    for warning in warnings {
        let message = harmless::lines(warning);
        match format {
            Format::Json => event(&json!({ "event": "warning", "message": message })),
            Format::Text => {
                let _ = writeln!(std::io::stderr(), "warning: {message}");
            }
        }
    }
}

pub fn failed(voice: Voice, error: &RunError) -> u8 {
    let code = error.exit_code();
    match (error, voice.format) {
        (RunError::Project(diagnostics), Format::Text) => {
            let colour = err_colours(voice.manner);
            let _ = write!(std::io::stderr(), "{}", render(diagnostics, colour));
            code
        }
        (RunError::Project(diagnostics), Format::Json) => {
            let lines: Vec<DiagnosticLine<'_>> = lines(diagnostics);
            event(&json!({ "event": "project_error", "exit_code": code, "diagnostics": lines }));
            code
        }
        _ => fail(voice.format, &error.to_string(), code),
    }
}

pub fn fail(format: Format, message: &str, code: u8) -> u8 {
    let message = harmless::lines(message);
    match format {
        Format::Json => event(&json!({ "event": "error", "exit_code": code, "message": message })),
        Format::Text => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
        }
    }
    code
}

pub fn event(event: &serde_json::Value) {
    let event = event.to_string();
    let _ = writeln!(std::io::stderr(), "{}", harmless::json(&event));
}

/// Stderr, for lines of JSON.
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let text = harmless::json(&text);
        std::io::stderr().write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Stderr, beside the line that says how far a run is.
struct Beside(Option<Bars>);

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let write = || std::io::stderr().write_all(bytes);
        match &self.0 {
            Some(bars) => bars.aside(write)?,
            None => write()?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// A field of a traced event as text for people.
fn field(out: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let value = format!("{value:?}");
    let value = harmless::words(&value);
    match field.name() {
        "message" => write!(out, "{value}"),
        name => write!(out, "{name}={value}"),
    }
}

pub fn start_tracing(voice: Voice, bars: Option<Bars>) {
    let level = match (voice.manner.quiet, voice.manner.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "trueup=info,warn",
        (false, 2) => "trueup=debug,info",
        (false, _) => "trace",
    };
    // Nobody hears that nobody hears: what is told of a stderr that is full would go there too, and end the run.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .log_internal_errors(false);
    match voice.format {
        Format::Json => builder.json().with_writer(|| Lines).init(),
        Format::Text => {
            let builder = builder.fmt_fields(debug_fn(field).delimited(" "));
            let builder = builder.with_ansi(err_colours(voice.manner));
            let builder = builder.with_writer(move || Beside(bars.clone()));
            builder.with_target(false).init();
        }
    }
}
