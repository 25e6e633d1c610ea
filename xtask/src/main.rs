//! The commands of the project: cargo xtask demo | test | check | bench | bundle | setup.
fn main() {}
