//! doorward: the whole login of an application in one file.
//!
//! One binary with SQLite and its pages inside. It signs people in with a password, gives short-lived
//! access tokens (JWT) that an API checks by itself and refresh tokens that rotate, and ends sessions so
//! that it holds at once. This page is the architecture: whoever changes the shape changes it too.
//!
//! # From above
//!
//! ```text
//!  request ── http ──── ops ───────── store ─────────── SQLite (one file)
//!             guards    use cases     one writer,
//!             handlers  hash, sign    many ops a commit
//!                         │
//!                       domain: the rules, pure         crypto: tokens, keys, hashes
//! ```
//!
//! A connection gives one request at a time, each with a whole head ([`http::line`]). It passes the layers of
//! [`http`]: it gets a name and a client address, its origin is judged, its
//! address is held to a limit, its body is read. A handler of about 25 lines calls a use case in [`ops`].
//! That reads the clock once, does what is slow (hashing on a pool of its own, signing), and submits one
//! [`store::op::Op`]: an atomic unit of work that reads the state, asks [`domain`] what to do, and writes.
//! The writer thread runs what queued while the last commit was on its way to disk as one batch with one
//! commit; only then do the answers go out. Where requests come one at a time and the disk is quick, each does
//! its own writing, and the writer signs a refresh's token meanwhile.
//!
//! # Code map
//!
//! | module | layer | what |
//! | --- | --- | --- |
//! | [`base`] | 0 | time, chance, ids, secrets |
//! | [`domain`] | 1 | pure rules: [`domain::session::decide`], waits, addresses, passwords, reasons, events |
//! | [`config`] | 1 | settings: defaults, file, environment, `*_FILE`; checked values; hides secrets |
//! | [`crypto`] | 2 | tokens (forged ones too), keys, the master key's seals, password hashes and their pool |
//! | [`store`] | 2 | the seam ([`store::op`], [`store::tx`], [`store::rows`]) and SQLite behind it |
//! | [`ops`] | 3 | one file a use case, and the [`ops::ctx::Ctx`] that they work in |
//! | [`http`] | 4 | [`http::routes`] has all routes on one page; `http::auth`, `http::admin` a file a call |
//! | [`jobs`] | 4 | purge, the counts of each hour, and taking up what another process wrote |
//! | [`server`] | 5 | [`server::Server::start`] builds it all; stops http, then the jobs, then the writer |
//! | [`cli`] | 6 | one file a command |
//! | [`testing`] | 6 | the development stub in the process of a test |
//!
//! Layers only look down; `tests/it/tidy.rs` holds that table.
//!
//! # Invariants
//!
//! - **Nothing is answered before it is on disk.** `synchronous = FULL`, and a job keeps its result until
//!   the commit is over. What an op ended is refused from memory between the commit and the first answer.
//! - **A session is one row**, however often it rotates; a rotation is one UPDATE. The next refresh token is
//!   a ratchet of the one shown, so a repeated request gets the same bytes and the family never forks.
//! - **Tokens carry `epoch.version`, and must equal the present pair.** Raising a number ends sessions;
//!   times are never compared for that, since clocks go back.
//! - **Who may act is read in the act's own transaction**, never from a token alone.
//! - **A secret and its hash are two types.** The store can name only the hash; secrets have no `Clone`,
//!   `Display` or `Serialize`.
//! - **A refusal that writes is an outcome; `Err` means that nothing happened**, but for
//!   [`store::error::Error::Commit`], whose outcome is unknown.
//! - **A backup is stamped, and becomes the database in one transaction**: the epoch above all that is known,
//!   no links, new keys. So a restore revives nothing, by `restore` or by `cp`. And whenever a restore breaks
//!   off, the old file or the new one stands there whole.
//! - **Ops are deterministic and re-runnable**: time, ids and chance are their fields.
//! - **Tokens that lie are signed by keys that everybody knows**: `crypto::forge` names no other, and a ring in
//!   earnest refuses theirs by the beginning of their names.
//! - **The clock is read in `ops` and `jobs` only**, once a call.
//! - **SQL stays under `store`, actix in `http` and `server`**, jsonwebtoken and bcrypt in one file each.

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
pub mod testing;
