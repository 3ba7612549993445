//! The tests over the real thing, in one binary: a file a URL or feature.

mod cli;
