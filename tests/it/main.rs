//! The integration tests, in one binary: each links the whole engine.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make the deliveries and projects that they run"
)]

mod harness;

mod architecture;
mod balance;
mod codes;
mod contracts;
mod deliveries;
mod delivery;
mod delta;
mod determinism;
mod dialects;
mod drift;
mod duplicates;
mod examples;
mod explain;
mod failures;
mod feeds;
mod figures;
mod formats;
mod fuzzed;
mod gates;
mod hostile;
mod independent;
mod lint;
mod messages;
mod mishaps;
mod nights;
mod pages;
mod places;
mod planted;
mod privacy;
mod probable_duplicates;
mod profile;
mod queries;
mod random_tables;
mod records;
mod report;
mod schedule;
mod schema;
mod speaking;
mod sql;
mod terminal;
mod testing;
mod verify;
mod waivers;
mod workbooks;
mod year_on_year;
