//! Whether an answer is what the model said, byte by byte.

use std::fmt::Debug;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::answer::Answer;
use crate::model::reference::{Access, Event, Given, Refusal, Token};
use crate::model::world::World;

/// What was not as the model said.
pub type Wrong = String;

/// Gives up where two values differ, and says what it is about.
pub fn same<T: PartialEq + Debug>(got: &T, due: &T, about: &dyn Debug) -> Result<(), Wrong> {
    if got == due { Ok(()) } else { Err(format!("{got:?} where {due:?} was due: {about:?}")) }
}

impl World {
    /// What was written since the last look.
    pub fn events(&self, due: &[Event]) -> Result<(), Wrong> {
        let written = self.beside.as_ref().unwrap().new_events();
        same(
            &written.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(),
            &due.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            &"the events",
        )?;
        for ((_, got), (_, due)) in written.iter().zip(due) {
            if let Some(due) = due {
                same(&got.as_deref(), &Some(self.sessions[*due].as_str()), &"the session of an event")?;
            }
        }
        Ok(())
    }

    /// The tokens of a good answer, byte by byte.
    pub fn given(&mut self, answer: &Answer, given: &Given, lost: bool) -> Result<(), Wrong> {
        let facts = match given {
            Given::Old(at) => self.tokens[*at].0.clone(),
            Given::New(token) => token.clone(),
        };
        let json = answer.json();
        let cookies: Vec<_> = answer.set_cookies().into_iter().filter(|(name, ..)| name == "refreshToken").collect();
        same(&(cookies.len(), json["refreshToken"].is_string()), &(usize::from(!facts.body), facts.body), &answer)?;
        let text = cookies.first().map_or_else(|| answer.text("/refreshToken"), |(_, value, _)| value.clone());
        let at = match given {
            Given::Old(at) => {
                same(&text, &self.tokens[*at].1, &"not the token that was made before")?;
                *at
            }
            Given::New(_) => self.made(facts.clone(), text)?,
        };
        self.access(&json, &facts)?;
        if let [(.., attributes)] = cookies.as_slice() {
            let life = self.model.end_of(&self.model.sessions[&facts.session]) - self.now();
            let due = format!("Max-Age={};", life.div_euclid(1000));
            same(&attributes.starts_with(&due), &true, &(&due, attributes))?;
        }
        if !lost && !self.seen.contains(&at) {
            self.seen.push(at);
        }
        Ok(())
    }

    /// A refresh token that nobody has seen yet says what it should.
    fn made(&mut self, mut facts: Token, text: String) -> Result<usize, Wrong> {
        let (head, claims) = (part(&text, 0), part(&text, 1));
        let sid = claims["sid"].as_str().unwrap().to_owned();
        if facts.session == self.sessions.len() {
            self.sessions.push(sid.clone());
        }
        let due = json!({
            "iss": claims["iss"], "aud": claims["iss"], "sub": self.ids[facts.user], "sid": self.sessions[facts.session],
            "gen": facts.generation, "ver": format!("{}.{}", facts.ver.0, facts.ver.1),
            "tr": if facts.body { "body" } else { "cookie" }, "iat": facts.iat / 1000, "exp": facts.exp / 1000,
            "end": facts.end / 1000, "jti": claims["jti"],
        });
        same(&claims, &due, &"a new refresh token")?;
        let kid = head["kid"].as_str().unwrap().to_owned();
        if facts.parent.is_some() {
            same(&kid, &facts.kid, &"a child is signed by the key of its parent")?;
        } else if !self.model.kids.contains(&kid) {
            return Err(format!("signed by {kid}, which is not in the file"));
        }
        facts.kid = kid;
        let Some(at) = self.tokens.iter().position(|(_, other)| *other == text) else {
            self.tokens.push((facts, text));
            return Ok(self.tokens.len() - 1);
        };
        // A copy was put back and the same token is rotated at the same time as before: it is the same child.
        if self.history == 0 || facts.parent.is_none() || facts.parent != self.tokens[at].0.parent {
            return Err("an old token where a new one was due".to_owned());
        }
        self.model.sessions.get_mut(&facts.session).unwrap().current = at;
        Ok(at)
    }

    /// The access token of a good answer says what it should.
    fn access(&mut self, json: &Value, of: &Token) -> Result<(), Wrong> {
        let text = json["accessToken"].as_str().unwrap().to_owned();
        let claims = part(&text, 1);
        let now = self.now();
        let end = self.model.end_of(&self.model.sessions[&of.session]);
        let exp = (now + self.access_ttl).min(end).div_euclid(1000) * 1000;
        let ver = self.model.ver(of.user);
        let role = if self.model.users[of.user].editor { "editor" } else { "user" };
        let got = ["sub", "sid", "ver", "role", "iat", "exp"].map(|name| claims[name].clone());
        let due = json!([
            self.ids[of.user],
            self.sessions[of.session],
            format!("{}.{}", ver.0, ver.1),
            role,
            now.div_euclid(1000),
            exp / 1000
        ]);
        same(&json!(got), &due, &"an access token")?;
        let kid = part(&text, 0)["kid"].as_str().unwrap().to_owned();
        let iat = now.div_euclid(1000) * 1000;
        let access = Access { session: of.session, user: of.user, ver, iat, exp, kid, history: self.history };
        self.accesses.push((access, text));
        Ok(())
    }

    /// The last access tokens work, or don't, at `/auth/me`.
    pub async fn check_accesses(&mut self, last: usize) -> Result<(), Wrong> {
        let now = self.now();
        for (access, text) in self.accesses.iter().rev().take(last) {
            let request = self.client.request(Method::GET, "/auth/me").bearer_auth(text);
            let answer = self.client.send_only(request).await;
            match self.model.accepts(access, now) {
                Ok(()) => same(&answer.status, &200, &format!("{access:?}: {answer:?}"))?,
                // Of a history that the file knows nothing of: refused where the file can tell.
                Err(_) if access.history != self.history && answer.status == 200 => {}
                Err(code) => refused(&answer, &(code, None)).map_err(|wrong| format!("{access:?}: {wrong}"))?,
            }
        }
        Ok(())
    }
}

/// A part of a token.
fn part(text: &str, at: usize) -> Value {
    use base64::Engine as _;
    let part = text.split('.').nth(at).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

pub fn refused(answer: &Answer, (due, reason): &Refusal) -> Result<(), Wrong> {
    let json = answer.json();
    same(&(answer.status, code(answer), json["reason"].as_str()), &(401, (*due).to_owned(), *reason), &answer)?;
    same(&answer.set_cookies().len(), &0, &format!("a refusal touches no cookie: {answer:?}"))?;
    same(&json["accessToken"], &Value::Null, &answer)?;
    Ok(())
}
