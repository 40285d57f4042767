//! The integration tests, in one binary: each links the whole engine.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make the deliveries and projects that they run"
)]

mod harness;

mod architecture;
mod balance;
mod determinism;
mod examples;
mod failures;
mod figures;
mod independent;
mod planted;
mod privacy;
mod speaking;
mod sql;
