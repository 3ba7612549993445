//! `/auth/…`, a file a call.

mod admin;
mod links;
mod login;
mod logout;
mod overview;
mod password;
mod refresh;
mod sessions;
mod setup;
