//! The command: reads the clock, the environment and the terminal, and hands them to the library.

#![expect(
    clippy::disallowed_methods,
    reason = "the clock, the environment and the terminal are read here alone"
)]

#[path = "main/speaking.rs"]
mod speaking;

use std::{
    ffi::OsString,
    io::Write,
    os::fd::AsFd,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clap::{CommandFactory, FromArgMatches};
use serde_json::json;
use speaking::{bars, event, fail, failed, misused, out_colours, start_tracing, warn, width};
use trueup::{
    cli::{
        Answer, Bars, Cli, Command, Format, Look, Manner, RunArgs, Surroundings, Terminal, UNKNOWN,
        Voice, asked_colour, summary,
    },
    feeds::{Came, Live},
    harmless,
    ingest::{READ_FILE, serve},
    pipeline::{self, RunError, RunReport, Silent},
};

/// Interrupted by a signal.
const INTERRUPTED: u8 = 130;
/// Bytes of a worker's stack: the engine follows an expression by recursion. Only what is used takes memory.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == READ_FILE) {
        return read_file(words.into_iter().nth(2));
    }
    let asked = Cli::command().color(asked_colour(&words));
    let asked = asked.try_get_matches_from(&words);
    let Cli { command, manner } = match asked.and_then(|asked| Cli::from_arg_matches(&asked)) {
        Ok(cli) => cli,
        Err(error) => return misused(&error, &words),
    };
    let voice = Voice {
        format: command.format(),
        manner,
    };
    let bars = match command {
        Command::Run(_) => bars(voice),
        _ => None,
    };
    start_tracing(voice, bars.clone());
    // A panic's own words may quote data: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!("internal fault at {place}");
    }));
    let code = match &command {
        Command::Run(args) => run(args, manner, bars),
        other => answer(other, voice),
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
fn run(args: &RunArgs, manner: Manner, bars: Option<Bars>) -> u8 {
    let began = (jiff::Timestamp::now(), std::process::id());
    let [metrics, events] = [&args.metrics, &args.events].map(Clone::clone);
    let (live, warnings) = Live::begin(metrics, events, &args.project, began);
    warn(args.format, &warnings);
    let ended = work(args, bars);
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
        Ended::Reported(report) => done(args.format, manner, report),
        Ended::Failed(error) => failed(
            Voice {
                format: args.format,
                manner,
            },
            error,
        ),
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

fn work(args: &RunArgs, bars: Option<Bars>) -> Ended {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in signals() {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&interrupted)) {
            return Ended::Stopped(
                3,
                format!("listening for signals failed: {error}; nothing was read: run again"),
            );
        }
    }
    let threads = args.threads.map_or_else(cores, usize::from);
    let runtime = match workers(threads) {
        Ok(runtime) => runtime,
        Err(message) => return Ended::Stopped(3, message),
    };
    let settings = args.settings(Surroundings {
        today: jiff::Zoned::now().date(),
        cores: cores(),
        program: program(),
        key: std::env::var_os("TRUEUP_KEY")
            .map(std::os::unix::ffi::OsStringExt::into_vec)
            .filter(|k| !k.is_empty()),
        progress: match &bars {
            Some(bars) => Arc::new(bars.clone()),
            None => Arc::new(Silent),
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
    if let Some(bars) = bars {
        bars.clear();
    }
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
        .map_err(|error| format!(
            "starting {threads} worker threads failed: {error}; give fewer with `--threads`, or more to this user (`ulimit -u`)"
        ))
}

/// A command that publishes nothing: what it finds out goes to stdout.
fn answer(command: &Command, voice: Voice) -> u8 {
    let Voice { format, manner } = voice;
    let runtime = match workers(cores()) {
        Ok(runtime) => runtime,
        Err(message) => return fail(format, &message, 3),
    };
    let terminal = Terminal {
        today: jiff::Zoned::now().date(),
        colour: out_colours(manner),
        width: width().unwrap_or(UNKNOWN),
        quiet: manner.quiet,
        verbose: manner.verbose,
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
        Ok(Err(error)) => failed(voice, &error),
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

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn done(format: Format, manner: Manner, report: &RunReport) -> u8 {
    let code = report.exit_code();
    match format {
        Format::Json => event(
            &json!({ "event": "run", "exit_code": code, "folder": report.folder, "already_published": report.already_published, "manifest_sha256": report.manifest_sha256, "current": report.current, "result": report.to_json() }),
        ),
        Format::Text if manner.quiet && code == 0 => {}
        Format::Text => {
            let look = Look {
                width: width(),
                colour: out_colours(manner),
                all: manner.verbose > 0,
            };
            let _ = write!(std::io::stdout(), "{}", summary(report, look));
        }
    }
    code
}
