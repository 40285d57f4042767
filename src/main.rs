//! The command: reads the clock, the environment and the terminal, and hands them to the library.

fn main() {}
