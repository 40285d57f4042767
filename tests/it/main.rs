//! Tests of the whole program, in one binary.

mod examples;
mod independent;
