//! The integration tests, in one binary: each links the whole engine.

mod harness;

mod balance;
mod determinism;
mod examples;
mod figures;
mod independent;
mod planted;
