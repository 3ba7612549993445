//! doorward: the whole login of an application in one file.

pub mod base;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod ops;
pub mod server;
pub mod store;
