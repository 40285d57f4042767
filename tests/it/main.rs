//! The integration tests, in one binary: each links the whole engine.

mod harness;

mod architecture;
mod balance;
mod determinism;
mod failures;
mod figures;
mod planted;
mod privacy;
mod speaking;
