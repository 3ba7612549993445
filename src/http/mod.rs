//! Layer 4: HTTP.
//!
//! A connection gives its requests one at a time ([`mod@line`]). What stands before every handler, from the outside
//! in: [`headers`] names the request, finds out who asks ([`client`]) and dresses the answer; [`cors`] lets listed
//! pages read it; [`guard`] refuses what a foreign page sends ([`origin`] has the rule); [`limits`] slows guessers
//! down; [`body`] and [`cookies`] read what came. Every refusal is an [`error::Problem`] with a word of the table in [`code`].

pub mod admin;
pub mod answer;
pub mod auth;
pub mod body;
pub mod client;
pub mod code;
pub mod cookies;
pub mod cors;
pub mod dev;
mod dress;
pub mod error;
pub mod extract;
pub mod guard;
pub mod headers;
pub mod health;
mod keys;
mod leftover;
pub mod limits;
pub mod line;
pub mod openapi;
pub mod origin;
pub mod pages;
pub mod rate;
pub mod refusal;
pub mod routes;
pub mod schema;
pub mod settings;
pub mod site;
pub mod state;
pub mod wellknown;
