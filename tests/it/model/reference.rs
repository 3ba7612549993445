//! What the contract promises of a refresh, said as plainly as it can be: which token comes back, what is
//! written, and what is over. Times are milliseconds.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::step::Act;

pub const GRACE: i64 = 10_000;
pub const LATE_RECOVERY: i64 = 24 * 3_600_000;
pub const IDLE: i64 = 4 * LATE_RECOVERY;
pub const ABSOLUTE: i64 = 10 * LATE_RECOVERY;
pub const SHORT_ABSOLUTE: i64 = 5 * LATE_RECOVERY;

/// What a refresh token says of itself, and whose successor it is.
#[derive(Clone, Debug)]
pub struct Token {
    pub session: usize,
    pub user: usize,
    pub generation: i64,
    pub parent: Option<usize>,
    pub ver: (i64, i64),
    pub body: bool,
    pub iat: i64,
    pub exp: i64,
    pub end: i64,
    /// The key that signed it; for the first of a chain seen when it comes.
    pub kid: String,
}

/// What an access token says of itself.
#[derive(Clone, Debug)]
pub struct Access {
    pub session: usize,
    pub user: usize,
    pub ver: (i64, i64),
    pub iat: i64,
    pub exp: i64,
    pub kid: String,
    /// Which history of the file it comes from.
    pub history: usize,
}

/// From where a token is shown.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    pub device: Option<usize>,
    pub agent: &'static str,
    /// A /24.
    pub network: &'static str,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub user: usize,
    pub ver: (i64, i64),
    pub device: Option<usize>,
    /// The newest token.
    pub current: usize,
    pub made: i64,
    pub end: i64,
    /// The show that rotated last; none where the newest token begins a chain.
    pub rotation: Option<Show>,
    /// When the newest token was made.
    pub at: i64,
    /// The generations that were shown again and needed a recovery.
    pub recovered: BTreeSet<i64>,
    pub ended: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct User {
    pub version: i64,
    pub enabled: bool,
    pub exists: bool,
    pub editor: bool,
    pub password: String,
    pub devices: BTreeSet<usize>,
}

/// All that the file holds.
#[derive(Clone, Debug)]
pub struct Database {
    pub epoch: i64,
    /// The absolute lifetime of today: a setting, and nothing of the file.
    pub absolute: i64,
    pub users: Vec<User>,
    pub sessions: BTreeMap<usize, Session>,
    /// In the order of events: whose version (or the epoch) rose to what, why and when.
    pub raises: Vec<(Option<usize>, i64, &'static str, i64)>,
    pub kids: BTreeSet<String>,
}

/// Which token comes with a 200.
#[derive(Clone, Debug)]
pub enum Given {
    /// A token that was made before: by its place among all.
    Old(usize),
    /// One that nobody has seen yet.
    New(Token),
}

/// A refusal: code and reason.
pub type Refusal = (&'static str, Option<&'static str>);

/// What a table's row says: the token and the events, or the refusal and the event with which the session ends.
type Judged = Result<(Given, Vec<Event>), (Refusal, Option<&'static str>)>;

/// Kind and session of an event.
pub type Event = (&'static str, Option<usize>);

fn whole(ms: i64) -> i64 {
    ms.div_euclid(1000) * 1000
}

fn ended(reason: &'static str) -> Refusal {
    ("session_ended", Some(reason))
}

impl Database {
    pub fn ver(&self, user: usize) -> (i64, i64) {
        (self.epoch, self.users[user].version)
    }

    /// Whether nothing has ended a session; it may be too old.
    fn stands(&self, session: &Session) -> bool {
        session.ended.is_none() && self.users[session.user].exists && session.ver == self.ver(session.user)
    }

    /// When a session ends, come what may.
    pub fn end_of(&self, session: &Session) -> i64 {
        session.end.min(session.made + self.absolute)
    }

    /// How many sessions of a user can still be refreshed.
    pub fn live(&self, tokens: &[Token], user: usize, now: i64) -> usize {
        let fresh = |s: &&Session| now < self.end_of(s) && now < tokens[s.current].exp.min(s.at + IDLE);
        self.sessions.values().filter(|s| s.user == user && self.stands(s)).filter(fresh).count()
    }

    /// Whether an access token is good, or by which code it is refused.
    pub fn accepts(&self, access: &Access, now: i64) -> Result<(), &'static str> {
        if !self.kids.contains(&access.kid) {
            return Err("invalid_access_token");
        }
        if now >= access.exp {
            return Err("access_token_expired");
        }
        let stands = self.sessions.get(&access.session).is_some_and(|session| self.stands(session));
        let made = access.iat <= now + 60_000;
        if stands && made && access.ver == self.ver(access.user) { Ok(()) } else { Err("invalid_access_token") }
    }

    /// The table, row by row.
    pub fn refresh(
        &mut self,
        tokens: &[Token],
        shown: usize,
        show: Show,
        now: i64,
    ) -> (Result<Given, Refusal>, Vec<Event>) {
        match self.judge(tokens, shown, show, now) {
            Ok((given, events)) => (Ok(given), events),
            Err((refusal, kind)) => {
                let session = tokens[shown].session;
                if kind.is_some() {
                    self.end(session, refusal.1.unwrap());
                }
                (Err(refusal), kind.map(|kind| (kind, Some(session))).into_iter().collect())
            }
        }
    }

    fn judge(&mut self, tokens: &[Token], shown: usize, show: Show, now: i64) -> Judged {
        let token = &tokens[shown];
        if !self.kids.contains(&token.kid) {
            return Err((("invalid_refresh_token", None), None));
        }
        let session = self.sessions.get(&token.session).cloned();
        let (too_old, by_age) = self.too_old_at(tokens, token, session.as_ref());
        if now >= too_old {
            let raised = session.as_ref().filter(|_| self.users[token.user].exists);
            let raised = raised.and_then(|_| self.raised(token.user, token.ver)).filter(|(at, _)| *at <= too_old);
            let before = session.and_then(|session| session.ended).or(raised.map(|(_, reason)| reason));
            return Err((ended(before.unwrap_or(by_age)), None));
        }
        if let Some(reason) = self.over(token, session.as_ref()) {
            return Err((ended(reason), None));
        }
        let session = session.unwrap();
        let current = &tokens[session.current];
        let age = (now - session.at).abs();
        if shown == session.current {
            if session.rotation.is_some() && age < GRACE {
                return Ok((Given::Old(shown), Vec::new()));
            }
            return Ok((Given::New(self.rotate(tokens, shown, show, now)), Vec::new()));
        }
        if token.generation >= current.generation {
            return Err((ended("rolled_back"), Some("rolled_back")));
        }
        let reuse = Err((ended("refresh_reuse"), Some("refresh_reuse")));
        if current.parent != Some(shown) {
            return reuse;
        }
        let rotation = session.rotation.unwrap();
        let same_device = match session.device {
            Some(device) => show.device == Some(device),
            None => show.agent == rotation.agent,
        };
        let as_rotated = same_device && (session.device.is_none() || rotation.device == session.device);
        if age <= GRACE && as_rotated && show.network == rotation.network {
            return Ok((Given::Old(session.current), Vec::new()));
        }
        if age > GRACE && !(age <= LATE_RECOVERY && same_device) {
            return reuse;
        }
        self.recover(&session, token).map_or(reuse, |events| Ok((Given::Old(session.current), events)))
    }

    /// A recovery, unless two generations right before needed one too.
    fn recover(&mut self, session: &Session, token: &Token) -> Option<Vec<Event>> {
        let needed = |back: i64| session.recovered.contains(&(token.generation - back));
        if needed(0) {
            return Some(Vec::new());
        }
        if needed(1) && needed(2) {
            return None;
        }
        self.sessions.get_mut(&token.session).unwrap().recovered.insert(token.generation);
        Some(vec![("late_recovery", Some(token.session))])
    }

    fn rotate(&mut self, tokens: &[Token], shown: usize, show: Show, now: i64) -> Token {
        let parent = &tokens[shown];
        let session = self.sessions.get_mut(&parent.session).unwrap();
        session.current = tokens.len();
        session.rotation = Some(show);
        session.at = now;
        Token {
            generation: parent.generation + 1,
            parent: Some(shown),
            iat: whole(now),
            exp: whole((now + IDLE).min(parent.end)),
            ..parent.clone()
        }
    }

    /// Why a session is over, if something ended it.
    fn over(&self, token: &Token, session: Option<&Session>) -> Option<&'static str> {
        let user = &self.users[token.user];
        if let Some(reason) = session.and_then(|session| session.ended) {
            return Some(reason);
        }
        if !user.exists {
            return Some("account_deleted");
        }
        let otherwise = if user.enabled { "unknown" } else { "account_disabled" };
        let Some(session) = session else { return Some(otherwise) };
        let present = self.ver(token.user);
        if user.enabled && (token.ver.0 > present.0 || token.ver.1 > present.1) {
            return Some("rolled_back");
        }
        if user.enabled && token.ver == present && session.ver == present {
            return None;
        }
        Some(self.raised(token.user, token.ver).map_or(otherwise, |(_, reason)| reason))
    }

    /// The first of what raised a user's version or the epoch above this one.
    fn raised(&self, user: usize, ver: (i64, i64)) -> Option<(i64, &'static str)> {
        let ended_it = |(whose, to, ..): &&(Option<usize>, i64, _, _)| match whose {
            None => *to > ver.0,
            Some(whose) => *whose == user && *to > ver.1,
        };
        self.raises.iter().find(ended_it).map(|(_, _, reason, at)| (*at, *reason))
    }

    /// The stricter of token, row and today's setting.
    fn too_old_at(&self, tokens: &[Token], token: &Token, session: Option<&Session>) -> (i64, &'static str) {
        let mut end = token.end;
        let mut exp = token.exp;
        if let Some(session) = session {
            end = end.min(self.end_of(session));
            exp = exp.min(tokens[session.current].exp).min(session.at + IDLE);
        }
        if end <= exp { (end, "absolute_expired") } else { (exp, "idle_expired") }
    }

    pub fn end(&mut self, session: usize, reason: &'static str) {
        self.sessions.get_mut(&session).unwrap().ended = Some(reason);
    }

    /// Ends a session, if there is something to end.
    pub fn end_standing(&mut self, session: usize, reason: &'static str) -> bool {
        let stands = self.sessions.get(&session).is_some_and(|session| self.stands(session));
        if stands {
            self.end(session, reason);
        }
        stands
    }

    pub fn raise(&mut self, user: usize, reason: &'static str, now: i64) {
        self.users[user].version += 1;
        let at = self.after_all(now);
        self.raises.push((Some(user), self.users[user].version, reason, at));
    }

    pub fn raise_epoch(&mut self, now: i64) {
        self.epoch += 1;
        let at = self.after_all(now);
        self.raises.push((None, self.epoch, "everyone_logged_out", at));
    }

    /// Each raise is after all before it, even if the clock went back.
    fn after_all(&self, now: i64) -> i64 {
        self.raises.last().map_or(now, |(.., last)| now.max(last + 1))
    }

    /// The user goes, and each session keeps what ended it first.
    fn delete(&mut self, tokens: &[Token], user: usize, now: i64) {
        self.users[user].exists = false;
        let open: Vec<_> = self.sessions.iter().filter(|(_, s)| s.user == user && s.ended.is_none()).collect();
        let first = |session: &Session| {
            let by_age = self.too_old_at(tokens, &tokens[session.current], Some(session));
            let raised = self.raised(user, session.ver);
            let first = raised.into_iter().chain(Some(by_age).filter(|(at, _)| *at <= now)).min_by_key(|(at, _)| *at);
            first.map_or("account_deleted", |(_, reason)| reason)
        };
        let ended: Vec<_> = open.into_iter().map(|(at, session)| (*at, first(session))).collect();
        for (session, reason) in ended {
            self.end(session, reason);
        }
    }

    /// An administrator's act on a user who is there: the event, where something changes.
    pub fn act(&mut self, tokens: &[Token], user: usize, act: Act, now: i64) -> Option<&'static str> {
        match act {
            Act::Disable if !self.users[user].enabled => None,
            Act::Disable => {
                self.users[user].enabled = false;
                self.raise(user, "account_disabled", now);
                Some("user_disabled")
            }
            Act::Enable => (!std::mem::replace(&mut self.users[user].enabled, true)).then_some("user_enabled"),
            Act::ChangeRole => {
                self.users[user].editor ^= true;
                self.raise(user, "role_changed", now);
                Some("role_changed")
            }
            Act::Delete => {
                self.delete(tokens, user, now);
                Some("user_deleted")
            }
            Act::LogoutAll => {
                self.raise(user, "ended_by_admin", now);
                Some("user_logged_out")
            }
        }
    }
}
