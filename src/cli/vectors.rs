//! `doorward vectors`: tokens to try a verifier with. No file is read and no database is touched.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;
use serde_json::Value;

use crate::base::time::{Clock, SystemClock, Timestamp};
use crate::cli::error::Error;
use crate::cli::output;
use crate::crypto::forge::vectors::{self, Vector};
use crate::domain::key::Algorithm;

#[derive(Args)]
pub(super) struct Vectors {
    /// The issuer that the verifier asks for
    #[arg(long, default_value = "http://localhost:8484/dev", value_parser = NonEmptyStringValueParser::new())]
    issuer: String,
    /// The audience that the verifier asks for
    #[arg(long, default_value = "doorward", value_parser = NonEmptyStringValueParser::new())]
    audience: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    issuer: &'a str,
    audience: &'a str,
    made: Timestamp,
    jwks: Value,
    hs256_secret: String,
    vectors: Vec<VectorView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VectorView {
    name: &'static str,
    algorithm: Algorithm,
    verdict: &'static str,
    why: &'static str,
    source: &'static str,
    /// Where this server's own verifier is stricter than the RFCs.
    #[serde(skip_serializing_if = "Option::is_none")]
    doorward: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doorward_why: Option<&'static str>,
    token: String,
}

impl Vectors {
    pub(super) fn run(self) -> Result<(), Error> {
        let now = SystemClock.now();
        let failed = |error: String| Error::Failed(format!("the tokens can't be made: {error}"));
        let keys = vectors::key_set().map_err(|error| failed(error.to_string()))?;
        let made = vectors::vectors(&self.issuer, &self.audience, now).map_err(|error| failed(error.to_string()))?;
        output::json(&View {
            issuer: &self.issuer,
            audience: &self.audience,
            made: now,
            jwks: serde_json::from_str(&keys).map_err(|error| failed(error.to_string()))?,
            hs256_secret: vectors::hs256_secret(),
            vectors: made.into_iter().map(view).collect(),
        })
    }
}

fn view(Vector { algorithm, flaw, token }: Vector) -> VectorView {
    VectorView {
        name: flaw.word(),
        algorithm,
        verdict: flaw.verdict().word(),
        why: flaw.why(),
        source: flaw.source(),
        doorward: flaw.refused_here().map(|_| "reject"),
        doorward_why: flaw.refused_here(),
        token,
    }
}
