//! Compiles and runs the programs of the README as documentation tests; the tests on the wire stand beside this
//! library in `wire/`.

#![doc = include_str!("../../README.md")]
