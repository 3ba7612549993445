//! What a token is, and what the server would say to it, check by check. Nothing changes, and nothing of it is
//! kept or logged.

use serde_json::Value;

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::access::{AccessClaims, CLIENT_ID, MAX_AHEAD};
use crate::crypto::jwt::Verifier;
use crate::crypto::keys::Keyring;
use crate::crypto::refresh::RefreshToken;
use crate::crypto::token::{Token, Typ};
use crate::domain::reason::Reason;
use crate::domain::session::{Decision, Session, Transport};
use crate::domain::version::Version;
use crate::ops::ctx::Ctx;
use crate::ops::dev::parts::Parts;
use crate::ops::error::Error;
use crate::ops::{guard, refresh};
use crate::store::rows::Rows;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An access token, by its `typ`.
    Access,
    /// A refresh token, by its `typ`.
    Refresh,
    /// Neither.
    Other,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub code: &'static str,
    /// Whether the token passes.
    pub good: bool,
    /// What was found, in words.
    pub text: String,
    /// What the token says, or a time in RFC 3339, or what would come of it.
    pub value: Option<String>,
    /// What it should say, or why not.
    pub expected: Option<String>,
}

/// All that was found, in the order of the checks. Behind one that makes the rest moot there are no more.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is.
    pub kind: Kind,
    /// What was read of it, believable or not.
    pub parts: Parts,
    /// When it was looked at.
    pub now: Timestamp,
    /// The checks.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether the server would take it now. An access token is taken without a look at the database, which only
    /// calls that act ask for its session and its version.
    pub fn is_good(&self) -> bool {
        let weighs = |code| self.kind != Kind::Access || !["session", "ver"].contains(&code);
        self.findings.iter().all(|finding| finding.good || !weighs(finding.code))
    }

    /// Adds a check, and gives whether the token passes.
    fn add(&mut self, code: &'static str, good: bool, text: impl Into<String>) -> bool {
        self.findings.push(Finding { code, good, text: text.into(), value: None, expected: None });
        good
    }

    fn with(&mut self, value: impl Into<String>, expected: Option<String>) {
        if let Some(last) = self.findings.last_mut() {
            (last.value, last.expected) = (Some(value.into()), expected);
        }
    }

    /// A claim that must have one value.
    fn must_be(&mut self, code: &'static str, value: &str, expected: &str) {
        let good = value == expected;
        let text = if good { format!("{code} is {expected}") } else { format!("{code} is {value}, not {expected}") };
        self.add(code, good, text);
        self.with(value, Some(expected.to_owned()));
    }

    /// A time that must lie ahead.
    fn must_come(&mut self, code: &'static str, at: Timestamp) {
        let left = at - self.now;
        let span = span(left);
        let good = left > Ttl::ZERO;
        self.add(code, good, if good { format!("runs out in {span}") } else { format!("ran out {span} ago") });
        self.with(at.rfc3339(), None);
    }
}

/// Looks at a text.
pub async fn inspect(ctx: &Ctx, text: &str) -> Result<Report, Error> {
    let (now, keys) = (ctx.clock.now(), ctx.keyring());
    let mut report = Report { kind: Kind::Other, parts: Parts::of(text), now, findings: Vec::new() };
    let Some(token) = form(&mut report, text) else { return Ok(report) };
    match report.kind {
        Kind::Access => {
            let key = keys.access_verifier(token.kid());
            if let Some(claims) = signed::<AccessClaims>(&mut report, key, &token) {
                says(&mut report, &claims, &ctx.issuer, &ctx.config.tokens.audience);
                let standing = standing(ctx, claims.sub, claims.sid).await?;
                stands(&mut report, &standing, claims.ver);
                let refused = ctx.store.revocations().refuses(claims.sub, claims.sid, claims.ver);
                let said = if refused { "refused from memory: it was ended" } else { "nothing in memory ends it" };
                report.add("revoked", !refused, said);
            }
        }
        Kind::Refresh => {
            let key = keys.refresh_key_of(token.kid()).map(|key| key.verifier());
            if signed::<Value>(&mut report, key, &token).is_some()
                && let Some(shown) = refresh_token(&mut report, &keys, text)
            {
                let standing = standing(ctx, shown.link().user(), shown.link().session()).await?;
                stands(&mut report, &standing, shown.link().ver());
                foresee(ctx, &mut report, &shown).await?;
            }
        }
        Kind::Other => {}
    }
    Ok(report)
}

/// Its shape, type and header: before any key is asked.
fn form<'a>(report: &mut Report, text: &'a str) -> Option<Token<'a>> {
    let typ = report.parts.text("typ").to_owned();
    report.kind = match typ.as_str() {
        typ if Typ::Access.is(typ) => Kind::Access,
        typ if Typ::Refresh.is(typ) => Kind::Refresh,
        _ => Kind::Other,
    };
    if let Some(wrong) = report.parts.wrong {
        report.add("form", false, wrong);
        return None;
    }
    report.add("form", true, "three parts in base64url, header and claims in JSON");
    let known = report.kind != Kind::Other;
    let said = if known { format!("typ is {typ}") } else { format!("typ is {typ:?}: no token of this server") };
    report.add("typ", known, said);
    report.with(typ, None);
    if !known {
        return None;
    }
    let token = Token::parse(text).ok();
    let said =
        if token.is_some() { "has typ, alg and kid, and nothing else" } else { "has not typ, alg and kid alone" };
    report.add("header", token.is_some(), said);
    token
}

/// The key that it names, its algorithm, the signature, and whether the claims are those that it must have.
fn signed<C: serde::de::DeserializeOwned>(report: &mut Report, key: Option<&Verifier>, token: &Token<'_>) -> Option<C> {
    let alg = report.parts.text("alg").to_owned();
    let said = if key.is_some() { "a key of this server" } else { "no key of this server" };
    let known = report.add("kid", key.is_some(), format!("kid names {said}"));
    report.with(token.kid(), None);
    let key = key.filter(|_| known)?;
    report.must_be("alg", &alg, key.algorithm().word());
    if !key.holds(token) {
        report.add("signature", false, "the signature doesn't hold: what it says can't be believed");
        return None;
    }
    report.add("signature", true, "the signature holds");
    let claims = key.verify(token).ok();
    if claims.is_none() {
        report.add("claims", false, "a claim is missing, unknown or of another type");
    }
    claims
}

/// What an access token says of itself.
fn says(report: &mut Report, claims: &AccessClaims, issuer: &str, audience: &str) {
    report.must_be("iss", &claims.iss, issuer);
    report.must_be("aud", &claims.aud, audience);
    report.must_be("client_id", &claims.client_id, CLIENT_ID);
    report.must_come("exp", claims.exp);
    let age = report.now - claims.iat;
    let good = claims.iat <= report.now + MAX_AHEAD;
    let said = if good { "issued" } else { "issued in the future: a clock is wrong;" };
    report.add("iat", good, format!("{said} {} {}", span(age), if age < Ttl::ZERO { "from now" } else { "ago" }));
    report.with(claims.iat.rfc3339(), None);
}

/// A refresh token whose claims are those that it must have, and what it says of itself.
fn refresh_token(report: &mut Report, keys: &Keyring, text: &str) -> Option<RefreshToken> {
    let claims = report.parts.claims.clone().unwrap_or_default();
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let transport = if claim("tr") == "body" { Transport::Body } else { Transport::Cookie };
    report.must_be("iss", claim("iss"), keys.refresh_party());
    report.must_be("aud", claim("aud"), keys.refresh_party());
    let Ok(token) = RefreshToken::parse(keys, text, transport) else {
        if report.is_good() {
            report.add("claims", false, "a claim is missing, unknown or of another type");
        }
        return None;
    };
    report.must_come("exp", token.link().exp());
    Some(token)
}

/// What the database knows.
struct Standing {
    session: Option<Session>,
    present: Result<Version, Reason>,
}

async fn standing(ctx: &Ctx, user: UserId, session: SessionId) -> Result<Standing, Error> {
    let read = move |rows: &dyn Rows| {
        let session = rows.session(session)?.filter(|row| row.user == user);
        Ok(Standing { session, present: guard::present(rows.user(user)?.as_ref(), rows.meta()?.epoch) })
    };
    Ok(ctx.store.read(read).await?)
}

/// Whether its session stands, and at its version.
fn stands(report: &mut Report, standing: &Standing, ver: Version) {
    let ended = standing.session.as_ref().map(|session| session.ended);
    let said = match ended {
        None => "the session is not there".to_owned(),
        Some(Some((at, reason))) => format!("the session ended {} ago: {reason}", span(report.now - at)),
        Some(None) => "nothing has ended the session".to_owned(),
    };
    report.add("session", ended == Some(None), said);
    if let Some(Some((at, reason))) = ended {
        report.with(at.rfc3339(), Some(reason.word().to_owned()));
    }
    match standing.present {
        Ok(present) => report.must_be("ver", &ver.to_string(), &present.to_string()),
        Err(reason) => {
            report.add("ver", false, format!("no version is good: {reason}"));
            report.with(ver.to_string(), Some(reason.word().to_owned()));
        }
    }
}

/// Which line of the rotation's table a refresh token would meet, by its own device and place.
async fn foresee(ctx: &Ctx, report: &mut Report, shown: &RefreshToken) -> Result<(), Error> {
    let (decision, session) = refresh::foresee(ctx, shown, report.now).await?;
    if let Some(session) = session {
        let (shown, current) = (shown.link().generation(), session.generation);
        let said = match shown {
            it if it == current => "is the current one",
            it if it > current => "is ahead of the session",
            it if it + 1 == current => "was spent, one step back",
            _ => "was spent, more than one step back",
        };
        report.add("gen", (current - 1..=current).contains(&shown), format!("generation {shown} {said} ({current})"));
        report.with(shown.to_string(), Some(current.to_string()));
    }
    let (word, said, reason) = line(decision);
    let said = reason.map_or_else(|| said.to_owned(), |reason| format!("{said}: {reason}"));
    report.add("line", reason.is_none(), format!("shown now by its own device: {said}"));
    report.with(word, reason.map(|reason| reason.word().to_owned()));
    Ok(())
}

/// How long, by its two largest units.
fn span(span: Ttl) -> String {
    let mut rest = span.abs().secs();
    let mut parts = Vec::new();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

const fn line(decision: Decision) -> (&'static str, &'static str, Option<Reason>) {
    match decision {
        Decision::Rotate => ("rotate", "the next token", None),
        Decision::Same => ("same", "the same token again, since it is new", None),
        Decision::Replay => ("replay", "the next token again, as it was given before", None),
        Decision::Recover(_) => ("recover", "the next token again, as a recovery", None),
        Decision::Refuse(reason) => ("refuse", "refused", Some(reason)),
        Decision::End(reason) => ("end", "refused, and the session ends", Some(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        Report { kind: Kind::Other, parts: Parts::of(text), now: Timestamp::from_secs(1_000), findings: Vec::new() }
    }

    #[test]
    fn what_is_no_token_fails_at_its_form_and_goes_no_further() {
        for text in ["", "abc", "a.b.c", "e30.e30", "e30.e30.e30.e30.e30", "e30.e30.", "W10.e30.AA"] {
            let mut report = report(text);
            assert!(form(&mut report, text).is_none());
            let codes: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.good)).collect();
            assert_eq!((codes, report.is_good()), (vec![("form", false)], false), "{text:?}");
        }
        // A token of another server.
        let other = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.AA";
        let mut report = report(other);
        assert!(form(&mut report, other).is_none() && report.kind == Kind::Other);
        assert_eq!(report.findings.last().map(|last| (last.code, last.good)), Some(("typ", false)));
    }

    #[test]
    fn times_are_told_by_how_far_they_are() {
        let mut report = report("");
        report.must_come("exp", Timestamp::from_secs(1_060));
        report.must_come("exp", Timestamp::from_secs(1_000));
        report.must_come("exp", Timestamp::from_secs(940));
        let said: Vec<_> = report.findings.iter().map(|finding| (finding.text.as_str(), finding.good)).collect();
        assert_eq!([span(Ttl::from_secs(90_061)), span(Ttl::from_secs(-899))], ["1d 1h", "14m 59s"]);
        assert_eq!(said, [("runs out in 1m", true), ("ran out 0s ago", false), ("ran out 1m ago", false)]);
    }

    #[test]
    fn only_what_is_given_something_passes() {
        let reason = Reason::RefreshReuse;
        for (decision, good) in [(Decision::Rotate, true), (Decision::Same, true), (Decision::Replay, true)] {
            assert_eq!(line(decision).2.is_none(), good);
        }
        assert_eq!((line(Decision::End(reason)).2, line(Decision::Refuse(reason)).2), (Some(reason), Some(reason)));
    }
}
