//! Readers that may die on what they read run in a process of their own, with limits; what they read comes over a pipe.
//!
//! The process is this program again. It is handed the open file as its standard input and opens nothing else. What it
//! writes to its standard output are frames: a letter, a length of four bytes with the lowest first, and so many bytes.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
};

use serde::{Deserialize, Serialize};

use super::{
    readers::{ReadError, Request},
    written::Remark,
};
use crate::tables::Limits;

/// The first argument of a process that reads; the second is a [`Request`].
pub const READ_FILE: &str = "read-file";

/// Where files are read whose readers may die on them.
#[derive(Clone, Debug, Default)]
pub enum Reader {
    /// In this process: for files of one's own.
    #[default]
    Here,
    /// In a process of this program.
    Process(PathBuf),
}

/// What comes out of a reader.
#[derive(Debug)]
pub(super) enum Frame {
    /// Unpacked bytes.
    Bytes(Vec<u8>),
    /// A table begins.
    Table(Head),
    /// Some of its rows: an Arrow IPC stream.
    Batch(Vec<u8>),
    /// It ends.
    End(Tail),
}

/// What is known of a table before its rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Head {
    /// The sheet that it is.
    pub sheet: Option<String>,
    /// The names of its columns, trimmed.
    pub header: Vec<String>,
    /// The line, or row of the sheet, that they stand on; 0 where they stand on none.
    pub header_line: u64,
    /// The column of the sheet that the first name stands in, from 0.
    pub first_column: usize,
}

/// What is known of a table behind its rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tail {
    /// Records, rejects included.
    pub records: u64,
    /// Whether its last line ends in a line break, if it has lines.
    pub terminated: bool,
    /// What is to be told of how it was read.
    pub remarks: Vec<Remark>,
}

/// How a reader came to no end.
#[derive(Debug)]
pub(super) enum Failed {
    /// It said why.
    Said(ReadError),
    /// It died.
    Died(String),
    /// The pipe or whatever takes the frames failed.
    Io(&'static str, io::Error),
}

/// Hands every frame that a reader of `input` makes to `take`.
pub(super) fn read(
    input: File,
    request: &Request,
    reader: &Reader,
    take: &mut dyn FnMut(Frame) -> io::Result<()>,
) -> Result<(), Failed> {
    match reader {
        Reader::Here => here(input, request, take),
        Reader::Process(program) => process(program, input, request, take),
    }
}

fn here(
    input: File,
    request: &Request,
    take: &mut dyn FnMut(Frame) -> io::Result<()>,
) -> Result<(), Failed> {
    let (from, to) = io::pipe().map_err(|e| Failed::Io("make a pipe for", e))?;
    std::thread::scope(|scope| {
        let work = scope.spawn(move || request.read(input, &mut Frames::new(to)));
        let taken = frames(from, take, request);
        match work.join() {
            Ok(_) => taken.and_then(|ended| {
                ended.ok_or_else(|| Failed::Died("stopped without a word".to_owned()))
            }),
            Err(_) => Err(Failed::Died("failed in itself".to_owned())),
        }
    })
}

fn process(
    program: &PathBuf,
    input: File,
    request: &Request,
    take: &mut dyn FnMut(Frame) -> io::Result<()>,
) -> Result<(), Failed> {
    let words = serde_json::to_string(request)
        .map_err(|e| Failed::Io("ask a reader for", io::Error::other(e)))?;
    let mut child = Command::new(program)
        .arg(READ_FILE)
        .arg(words)
        .env_clear()
        .stdin(Stdio::from(input))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| Failed::Io("start a reader for", e))?;
    let (Some(out), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        unreachable!("both were asked for")
    };
    let (taken, said) = std::thread::scope(|scope| {
        // What it says is looked at and not passed on: it may quote what was read.
        let said = scope.spawn(move || {
            let mut said = Vec::new();
            let _ = errors.take(4096).read_to_end(&mut said);
            said
        });
        let taken = frames(out, take, request);
        if taken.is_err() {
            let _ = child.kill();
        }
        (taken, said.join().unwrap_or_default())
    });
    let status = child
        .wait()
        .map_err(|e| Failed::Io("wait for the reader of", e))?;
    match taken? {
        Some(()) if status.success() => Ok(()),
        _ => Err(Failed::Died(death(status, &said, &request.limits))),
    }
}

/// How a process died, in words that go on from "its reader".
fn death(status: ExitStatus, said: &[u8], limits: &Limits) -> String {
    let out_of_memory = String::from_utf8_lossy(said).contains("memory allocation of");
    match status.signal() {
        _ if out_of_memory => format!(
            "needed more than {} bytes of memory (`limits.reader_memory`)",
            limits.reader_memory
        ),
        // SIGXCPU, and SIGKILL where the hard limit is reached.
        Some(24) => format!(
            "took more than {} seconds of a processor (`limits.reader_seconds`)",
            limits.reader_seconds
        ),
        Some(signal) => format!("was ended by signal {signal}"),
        None => "failed in itself".to_owned(),
    }
}

/// Hands on what comes; whether the reader said that this was all.
fn frames(
    from: impl Read,
    take: &mut dyn FnMut(Frame) -> io::Result<()>,
    request: &Request,
) -> Result<Option<()>, Failed> {
    let most = 4 * (request.limits.record() + request.limits.header_bytes as u64) + (64 << 20);
    let mut from = BufReader::with_capacity(64 << 10, from);
    let broken = |e| Failed::Io("hear from the reader of", e);
    loop {
        let mut head = [0; 5];
        match from.read_exact(&mut head) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(broken(e)),
        }
        let [kind, length @ ..] = head;
        let length = u32::from_le_bytes(length);
        if u64::from(length) > most {
            return Ok(None);
        }
        let mut body = vec![0; length as usize];
        match from.read_exact(&mut body) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(broken(e)),
        }
        let unclear = |e: serde_json::Error| broken(io::Error::other(e));
        let frame = match kind {
            b'b' => Frame::Bytes(body),
            b't' => Frame::Table(serde_json::from_slice(&body).map_err(unclear)?),
            b'r' => Frame::Batch(body),
            b'e' => Frame::End(serde_json::from_slice(&body).map_err(unclear)?),
            b'x' => {
                return Err(Failed::Said(
                    serde_json::from_slice(&body).map_err(unclear)?,
                ));
            }
            b'.' => return Ok(Some(())),
            _ => return Ok(None),
        };
        take(frame).map_err(|e| Failed::Io("keep what was read of", e))?;
    }
}

/// Writes frames.
pub(super) struct Frames<W: Write> {
    to: BufWriter<W>,
}

impl<W: Write> Frames<W> {
    pub(super) fn new(to: W) -> Self {
        Self {
            to: BufWriter::with_capacity(64 << 10, to),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frame(b'b', bytes)
    }

    pub(super) fn table(&mut self, head: &Head) -> io::Result<()> {
        self.frame(b't', &serde_json::to_vec(head)?)
    }

    pub(super) fn batch(&mut self, ipc: &[u8]) -> io::Result<()> {
        self.frame(b'r', ipc)
    }

    pub(super) fn end(&mut self, tail: &Tail) -> io::Result<()> {
        self.frame(b'e', &serde_json::to_vec(tail)?)
    }

    pub(super) fn failed(&mut self, error: &ReadError) -> io::Result<()> {
        self.frame(b'x', &serde_json::to_vec(error)?)?;
        self.to.flush()
    }

    pub(super) fn done(&mut self) -> io::Result<()> {
        self.frame(b'.', b"")?;
        self.to.flush()
    }

    fn frame(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        self.to.write_all(&[kind])?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(body)
    }
}

/// What a process does that was started with [`READ_FILE`] and `request`: whether it came to an end.
///
/// Limits are set before anything of `input` is looked at. An allocation beyond them aborts the process.
pub fn serve(request: &str, input: File, output: impl Write) -> bool {
    let Ok(request) = serde_json::from_str::<Request>(request) else {
        return false;
    };
    if limit(&request.limits).is_err() {
        return false;
    }
    request.read(input, &mut Frames::new(output)).is_ok()
}

fn limit(limits: &Limits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, Signal, setrlimit};
    // Whoever asked may be killed; nobody reads on then.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split(' ').next().and_then(|n| n.parse::<u64>().ok());
    let now = pages.unwrap_or_default() * rustix::param::page_size() as u64;
    let set = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            // A little later, so that it is the limit of time that is told of.
            maximum: Some(most.saturating_add(u64::from(resource == Resource::Cpu))),
        };
        setrlimit(resource, limit)
    };
    set(Resource::As, now.saturating_add(limits.reader_memory))?;
    set(Resource::Cpu, limits.reader_seconds)?;
    // It writes no file, not even one about its own death, which would hold what it read.
    set(Resource::Core, 0)?;
    set(Resource::Fsize, 0)?;
    Ok(())
}
