//! The command: reads the clock, the environment and the terminal, and hands them to the library.

#![expect(
    clippy::disallowed_methods,
    reason = "the clock, the environment and the terminal are read here alone"
)]

use std::{
    fmt::Debug,
    io::{IsTerminal, Write},
    os::fd::AsFd,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clap::Parser;
use serde_json::json;
use tracing::field::Field;
use tracing_subscriber::{
    field::MakeExt,
    fmt::format::{Writer, debug_fn},
};
use trueup::{
    cli::{Answer, Cli, Command, Format, RunArgs, Surroundings, Terminal, Voice, summary},
    diagnostics::{
        DiagnosticLine,
        render::{lines, render},
    },
    feeds::{Came, Live},
    harmless,
    ingest::{READ_FILE, serve},
    pipeline::{self, Progress, RunError, RunReport, Silent},
};

/// Interrupted by a signal.
const INTERRUPTED: u8 = 130;
/// Bytes of a worker's stack: the engine follows an expression by recursion. Only what is used takes memory.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == READ_FILE) {
        return read_file(words.next());
    }
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return misused(&error),
    };
    start_tracing(command.voice());
    // A panic's own words may quote data: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!("internal fault at {place}");
    }));
    let code = match &command {
        Command::Run(args) => run(args),
        other => answer(other),
    };
    // Workers may still hold files of a run that was given up; nothing of theirs is published.
    let _ = std::io::stdout().flush();
    std::process::exit(i32::from(code))
}

/// What this program does when it is started again to read a file: its standard input, within limits.
fn read_file(request: Option<std::ffi::OsString>) -> ExitCode {
    // What it would say may quote what it reads.
    std::panic::set_hook(Box::new(|_| {}));
    let input = std::io::stdin().as_fd().try_clone_to_owned();
    let request = request.and_then(|request| request.into_string().ok());
    let read = match (request, input) {
        (Some(request), Ok(input)) => serve(&request, input.into(), std::io::stdout().lock()),
        _ => false,
    };
    ExitCode::from(u8::from(!read))
}

/// This very program, also when another was put in its place meanwhile.
fn program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Runs, and tells of it where `--metrics` and `--events` say, before the last word.
fn run(args: &RunArgs) -> u8 {
    let began = (jiff::Timestamp::now(), std::process::id());
    let [metrics, events] = [&args.metrics, &args.events].map(Clone::clone);
    let (live, warnings) = Live::begin(metrics, events, &args.project, began);
    warn(args.format, &warnings);
    let ended = work(args);
    let message = match &ended {
        Ended::Failed(error) => Some(error.to_string()),
        Ended::Stopped(_, message) => Some(message.clone()),
        Ended::Reported(_) => None,
    };
    let report = match &ended {
        Ended::Reported(report) => Some(report),
        _ => None,
    };
    let came = Came {
        exit_code: match &ended {
            Ended::Reported(report) => report.exit_code(),
            Ended::Failed(error) => error.exit_code(),
            Ended::Stopped(code, _) => *code,
        },
        published: report.is_some_and(|r| r.current.as_ref() == Some(&r.run_id)),
        folder: report.map(|report| report.folder.as_path()),
        message: message.as_deref(),
    };
    warn(args.format, &live.end(jiff::Timestamp::now(), came));
    match &ended {
        Ended::Reported(report) => done(args, report),
        Ended::Failed(error) => failed(args.format, error),
        Ended::Stopped(code, message) => fail(args.format, message, *code),
    }
}

/// How a run ended.
enum Ended {
    /// It came to its end.
    Reported(Box<RunReport>),
    /// It could not.
    Failed(RunError),
    /// It was stopped, with this exit code, or never began.
    Stopped(u8, String),
}

/// Says what could not be told elsewhere; the exit code does not depend on it.
fn warn(format: Format, warnings: &[String]) {
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

fn work(args: &RunArgs) -> Ended {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in signals() {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&interrupted)) {
            return Ended::Stopped(3, format!("listening for signals failed: {error}"));
        }
    }
    let threads = args.threads.map_or_else(cores, usize::from);
    let runtime = match workers(threads) {
        Ok(runtime) => runtime,
        Err(message) => return Ended::Stopped(3, message),
    };
    let bars = args.format == Format::Text && !args.quiet && std::io::stderr().is_terminal();
    let settings = args.settings(Surroundings {
        today: jiff::Zoned::now().date(),
        cores: cores(),
        program: program(),
        key: std::env::var_os("TRUEUP_KEY")
            .map(std::os::unix::ffi::OsStringExt::into_vec)
            .filter(|k| !k.is_empty()),
        progress: if bars {
            Arc::new(Bars::new())
        } else {
            Arc::new(Silent)
        },
    });
    let (stopped, stop) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        while !interrupted.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = stopped.send(());
    });
    let ended = runtime.block_on(async {
        let mut work = tokio::spawn(async move { pipeline::run(&settings).await });
        tokio::select! {
            ended = &mut work => Some(ended),
            _ = stop => {
                work.abort();
                // A run that is past its last pause still ends, and then it is what it says; all others end here.
                work.await.map_or_else(|e| e.is_panic().then_some(Err(e)), |ended| Some(Ok(ended)))
            }
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    match ended {
        None => {
            let message = "interrupted: nothing was published".to_owned();
            Ended::Stopped(INTERRUPTED, message)
        }
        Some(Err(_)) => {
            let message = "the run stopped unexpectedly: nothing was published; this is a fault of trueup, please report it".to_owned();
            Ended::Stopped(3, message)
        }
        Some(Ok(Err(error))) => Ended::Failed(error),
        Some(Ok(Ok(report))) => Ended::Reported(Box::new(report)),
    }
}

/// The threads that do the work, or why there are none.
fn workers(threads: usize) -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("trueup")
        .thread_stack_size(STACK)
        .build()
        .map_err(|error| format!("starting worker threads failed: {error}"))
}

/// A command that publishes nothing: what it finds out goes to stdout.
fn answer(command: &Command) -> u8 {
    let format = command.voice().format;
    let runtime = match workers(cores()) {
        Ok(runtime) => runtime,
        Err(message) => return fail(format, &message, 3),
    };
    let terminal = Terminal {
        today: jiff::Zoned::now().date(),
        colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        width: width(),
        program: program(),
        temporary: std::env::temp_dir(),
    };
    let command = command.clone();
    let ended = runtime.block_on(runtime.spawn(async move { command.answer(&terminal).await }));
    match ended {
        Ok(Ok(Answer { text, code })) => {
            // A text for people is already harmless, and may have colours.
            let text = match format {
                Format::Json => harmless::json(&text).into_owned(),
                Format::Text => text,
            };
            let _ = write!(std::io::stdout(), "{text}");
            code
        }
        Ok(Err(error)) => failed(format, &error),
        Err(_) => fail(
            format,
            "the command stopped unexpectedly; this is a fault of trueup, please report it",
            3,
        ),
    }
}

/// What ends a run. A hangup does not when whoever started us had it ignored, as `nohup` does.
fn signals() -> Vec<i32> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let hangup = ignored.is_none_or(|mask| mask & (1 << (SIGHUP - 1)) == 0);
    let mut signals = vec![SIGINT, SIGTERM];
    if hangup {
        signals.push(SIGHUP);
    }
    signals
}

/// A call that cannot be understood, or one for help. A job that asked for JSON gets JSON.
fn misused(error: &clap::Error) -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
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

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Characters of a line.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    columns.and_then(|c| c.parse().ok()).unwrap_or(110)
}

fn done(args: &RunArgs, report: &RunReport) -> u8 {
    let code = report.exit_code();
    match args.format {
        Format::Json => event(
            &json!({ "event": "run", "exit_code": code, "folder": report.folder, "already_published": report.already_published, "manifest_sha256": report.manifest_sha256, "current": report.current, "result": report.to_json() }),
        ),
        Format::Text if args.quiet && code == 0 => {}
        Format::Text => {
            let _ = write!(std::io::stdout(), "{}", summary(report, width()));
        }
    }
    code
}

fn failed(format: Format, error: &RunError) -> u8 {
    let code = error.exit_code();
    match (error, format) {
        (RunError::Project(diagnostics), Format::Text) => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let _ = write!(std::io::stderr(), "{}", render(diagnostics, colour));
            code
        }
        (RunError::Project(diagnostics), Format::Json) => {
            let lines: Vec<DiagnosticLine<'_>> = lines(diagnostics);
            event(&json!({ "event": "project_error", "exit_code": code, "diagnostics": lines }));
            code
        }
        _ => fail(format, &error.to_string(), code),
    }
}

fn fail(format: Format, message: &str, code: u8) -> u8 {
    let message = harmless::lines(message);
    match format {
        Format::Json => event(&json!({ "event": "error", "exit_code": code, "message": message })),
        Format::Text => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
        }
    }
    code
}

fn event(event: &serde_json::Value) {
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

/// A field of a traced event as text for people.
fn field(out: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let value = format!("{value:?}");
    let value = harmless::words(&value);
    match field.name() {
        "message" => write!(out, "{value}"),
        name => write!(out, "{name}={value}"),
    }
}

fn start_tracing(voice: Voice) {
    let level = match (voice.quiet, voice.verbose) {
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
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let builder = builder.fmt_fields(debug_fn(field).delimited(" "));
            let builder = builder.with_writer(std::io::stderr).with_ansi(colour);
            builder.with_target(false).init();
        }
    }
}

/// Progress bars on a terminal.
struct Bars {
    bar: indicatif::ProgressBar,
}

impl Bars {
    fn new() -> Self {
        let bar = indicatif::ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }
}

impl Progress for Bars {
    fn stage(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    fn table(&self, name: &str, bytes: u64) {
        self.bar
            .set_message(format!("{name} ({})", indicatif::HumanBytes(bytes)));
    }

    fn advance(&self, _bytes: u64, rows: u64) {
        self.bar.inc(rows);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
