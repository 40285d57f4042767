//! Makes synthetic exports of the service: `cargo run --release --example synthesize -- --cases N --seed S --out DIR`.
//!
//! One block of cases has every count of the 2016-17 annual report; larger exports are many blocks, made and written
//! one after another, so that memory does not grow. All people are invented. Defects are planted in every block, and
//! `--planted FILE` lists each with the rule that must report it, sorted within a block, keys and values as the file
//! has them. Code lists decide the spellings: after a change to them, make the fixtures again:
//! `cargo run --release --example synthesize -- --out fixtures/exports/2016-17 --planted fixtures/planted.csv`.
//!
//! The path: `population` deals the report's `figures` to cases that `calendar` has dated, `render` writes them as rows
//! of `tables`, `plant` spoils some.

#![expect(
    clippy::disallowed_methods,
    reason = "a generator takes arguments and writes files"
)]

mod calendar;
mod date;
mod decks;
mod figures;
mod plant;
mod population;
mod reference;
mod render;
mod rng;
mod tables;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::calendar::BLOCK;
use crate::population::Block;
use crate::reference::Reference;
use crate::render::Serials;
use crate::rng::Rng;
use crate::tables::Export;

const USAGE: &str = "\
usage: synthesize [--cases N] [--seed S] [--out DIR] [--planted FILE] [--clean] [--reference DIR]
  --cases N        how many cases (default: one block, whose counts are the annual report's)
  --seed S         the same seed gives the same bytes (default 2017)
  --out DIR        where the six CSV files go (default: out/synthetic)
  --planted FILE   also list every planted defect
  --clean          plant nothing
  --reference DIR  the project's code lists (default: rules/reference)";

/// The code lists that an export draws on.
const LISTS: [&str; 22] = [
    "gender",
    "ethnicity",
    "disability",
    "religion",
    "sexual_orientation",
    "communication_need",
    "referral_source",
    "occurrence_type",
    "areas",
    "places",
    "closure_outcome",
    "case_status",
    "yes_no",
    "yes_no_unknown",
    "yes_no_na",
    "contact_channel",
    "contact_result",
    "need_stage",
    "need_area",
    "need_level",
    "support_action",
    "action_outcome",
];

struct Options {
    cases: usize,
    seed: u64,
    out: PathBuf,
    planted: Option<PathBuf>,
    clean: bool,
    reference: PathBuf,
}

fn main() -> ExitCode {
    let made = Options::parse(std::env::args().skip(1)).and_then(|options| synthesize(&options));
    match made {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("synthesize: {message}");
            ExitCode::from(2)
        }
    }
}

fn synthesize(options: &Options) -> Result<String, String> {
    let reference = Reference::read(&options.reference, &LISTS)?;
    population::check_codes(&reference)?;
    plant::check_codes(&reference)?;
    let written = write_blocks(options, &reference);
    let (rows, listed) =
        written.map_err(|error| format!("cannot write {}: {error}", options.out.display()))?;
    Ok(format!(
        "{} cases, {rows} rows in six files, {listed} expected discrepancies: {}",
        options.cases,
        options.out.display()
    ))
}

fn write_blocks(options: &Options, reference: &Reference) -> io::Result<(u64, usize)> {
    let mut export = Export::create(&options.out)?;
    let mut list = options
        .planted
        .as_ref()
        .map(File::create)
        .transpose()?
        .map(BufWriter::new);
    if let Some(list) = &mut list {
        writeln!(list, "{}", plant::LINE_COLUMNS.join(","))?;
    }
    let mut serials = Serials::new(options.cases);
    let (mut rows, mut listed) = (0, 0);
    for (index, start) in (0..).zip((0..options.cases).step_by(BLOCK)) {
        let rng = &mut Rng::new(options.seed, index);
        let mut block = Block::new(rng);
        block.cut(options.cases - start, rng);
        let mut tables = render::render(&block, &mut serials, reference, rng);
        let expect = if options.clean {
            plant::standing
        } else {
            plant::plant
        };
        let lines = expect(&block, &mut tables, &mut serials, reference, rng);
        rows += export.append(&mut tables)?;
        listed += lines.len();
        if let Some(list) = &mut list {
            lines.iter().try_for_each(|line| line.write(list))?;
        }
    }
    export.finish()?;
    list.as_mut().map_or(Ok(()), BufWriter::flush)?;
    Ok((rows, listed))
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            cases: BLOCK,
            seed: 2017,
            out: PathBuf::from("out/synthetic"),
            planted: None,
            clean: false,
            reference: PathBuf::from("rules/reference"),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(format!("{argument} needs a value\n{USAGE}"))
            };
            match argument.as_str() {
                "--cases" => options.cases = number(&value()?)?,
                "--seed" => options.seed = number(&value()?)?,
                "--out" => options.out = value()?.into(),
                "--planted" => options.planted = Some(value()?.into()),
                "--clean" => options.clean = true,
                "--reference" => options.reference = value()?.into(),
                _ => return Err(format!("unknown argument `{argument}`\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a whole number\n{USAGE}"))
}
