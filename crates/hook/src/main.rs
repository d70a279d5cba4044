//! The program `rutter-hook`.

fn main() {}
