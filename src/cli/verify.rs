//! `trueup verify`: whether a run and the chain behind it are what was published.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{Answer, Format, Terminal, summary::number};
use crate::{
    harmless::words,
    pipeline::RunError,
    publish::{BrokenRun, FileHash, RunId, Verification, Verified, VerifyError, verify},
};

/// Something is broken.
const BROKEN: u8 = 4;
/// What the command shows, and what it cannot.
const CLAIM: &str = "nothing was changed since these manifests were written, unless all of them were written anew: keep the hash of the newest where nobody who can write here can write, and give it to --against";

/// Arguments of `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// The run to read whole [default: the published one]
    #[arg(value_name = "RUN", value_parser = run_id)]
    pub run: Option<RunId>,
    /// Where runs are published
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// A manifest's SHA-256 that was kept elsewhere: some run of the chain has to have it
    #[arg(long, value_name = "HASH", value_parser = hash)]
    pub against: Option<FileHash>,
    /// Read every run of the chain whole, and not its manifest alone
    #[arg(long)]
    pub all: bool,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

fn run_id(text: &str) -> Result<RunId, String> {
    RunId::new(text).map_err(|error| error.to_string())
}

fn hash(text: &str) -> Result<FileHash, String> {
    let hash = text.to_ascii_lowercase().try_into();
    hash.map_err(|error: crate::publish::NotAHash| error.to_string())
}

impl VerifyArgs {
    pub(super) fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let verified = verify(&Verification {
            out: self.out.clone(),
            run: self.run.clone(),
            against: self.against,
            all: self.all,
        });
        let answer = |text: String, json: Value, code| match self.format {
            Format::Json => Answer {
                text: format!("{json}\n"),
                code,
            },
            Format::Text => {
                let lines = text.lines().map(|line| words(line).into_owned() + "\n");
                Answer {
                    text: lines.collect(),
                    code,
                }
            }
        };
        match verified {
            Ok(verified) => Ok(answer(
                text(&verified, terminal.verbose > 0),
                told(&verified),
                0,
            )),
            Err(VerifyError::Broken(broken)) => Ok(answer(
                format!("BROKEN: {broken}\n{}\n", next(&broken)),
                json!({ "schema_version": 1, "ok": false, "broken": broken.to_string(), "next": next(&broken) }),
                BROKEN,
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// What to do about it.
fn next(broken: &BrokenRun) -> &'static str {
    match broken {
        BrokenRun::Run { .. } => {
            "do not load this run: find out what changed it, then restore it from a copy, or run its delivery again, which puts the run back where it can be made alike"
        }
        BrokenRun::Current(_) | BrokenRun::Chain(_) => {
            "find out what changed it, then restore what is named from a copy; runs that came after it may still be whole, `trueup verify RUN` says"
        }
        BrokenRun::Against { .. } => {
            "check the hash and `--out`; where both are right, trust no run here that is older than the hash, and compare with a copy"
        }
    }
}

/// With `each`, every run of the chain is listed.
fn text(verified: &Verified, each: bool) -> String {
    let Verified {
        manifest,
        chain,
        whole,
        ..
    } = verified;
    let rows: u64 = manifest.tables.iter().map(|table| table.read).sum();
    let mut lines = vec![
        format!("run {}: whole", manifest.run_id),
        format!(
            "  {} files, each as long as its manifest says and with the same SHA-256; {} rows read, all accounted for",
            manifest.outputs.len(),
            number(rows)
        ),
        format!("  manifest: SHA-256 {}", verified.manifest_sha256),
    ];
    if let Some(first) = chain.last() {
        let removed = chain.iter().filter(|run| !run.stands).count();
        let removed = match removed {
            0 => String::new(),
            n => format!("; of {n} the manifest alone is left, as they were removed by policy"),
        };
        lines.push(format!(
            "chain: {} runs back to {}, each with the manifest that the run after it recorded{removed}; {whole} read whole",
            chain.len(),
            first.run_id
        ));
        for run in chain.iter().filter(|_| each) {
            let removed = if run.stands {
                ""
            } else {
                "  (removed by policy)"
            };
            lines.push(format!(
                "  {}  SHA-256 {}{removed}",
                run.run_id, run.manifest_sha256
            ));
        }
    }
    if let Some((at, run)) = against(verified) {
        let ago = match at {
            0 => "the newest".to_owned(),
            n => format!("{n} runs ago"),
        };
        lines.push(format!(
            "against: {} is the manifest of run {}, {ago}",
            run.manifest_sha256, run.run_id
        ));
    }
    lines.push(CLAIM.to_owned());
    lines.join("\n")
}

fn against(verified: &Verified) -> Option<(usize, &crate::publish::ChainedRun)> {
    let at = verified.against?;
    verified.chain.get(at).map(|run| (at, run))
}

fn told(verified: &Verified) -> Value {
    let chain = verified.chain.iter().map(|run| {
        json!({
            "run_id": run.run_id,
            "manifest_sha256": run.manifest_sha256,
            "removed": !run.stands,
        })
    });
    json!({
        "schema_version": 1,
        "ok": true,
        "run_id": verified.manifest.run_id,
        "manifest_sha256": verified.manifest_sha256,
        "files": verified.manifest.outputs.len(),
        "read_whole": verified.whole,
        "chain": chain.collect::<Vec<_>>(),
        "against": against(verified).map(|(at, run)| json!({ "run_id": run.run_id, "runs_ago": at })),
        "claim": CLAIM,
    })
}
