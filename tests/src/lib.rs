//! Compiles and runs the programs of the README as documentation tests; the tests on the wire stand beside this
//! library in `wire/`, those of all models in `models/`.

#![doc = include_str!("../../README.md")]

pub mod mistakes;
