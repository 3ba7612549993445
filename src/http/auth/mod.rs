//! `/auth/…`: a file a call, named by it.

pub mod link;
pub mod login;
pub mod logout;
pub mod logout_all;
pub mod me;
pub mod password;
pub mod reauth;
pub mod refresh;
pub mod register;
pub mod sessions;
pub mod setup;
