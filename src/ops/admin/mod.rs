//! What administrators do, by `/auth/admin/…` or from the shell.

pub mod act;
pub mod by;
pub mod create;
pub mod events;
pub mod everyone;
pub mod links;
pub mod overview;
pub mod recovery;
pub mod sessions;
pub mod users;
