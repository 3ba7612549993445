//! What a refresh does: the pure decision. The first rule that fits decides (contract, section 3;
//! RFC 9700, section 4.14.2).

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::client::{Client, Network};
use crate::domain::hash::{DeviceHash, TokenHash};
use crate::domain::reason::Reason;
use crate::domain::version::Version;

/// At most this many live sessions a user; past that the longest idle ends.
pub const MAX_PER_USER: u32 = 100;

/// How many generations in a row may need a recovery; the next one ends the session.
const MAX_RECOVERIES: u32 = 2;

/// How a session's refresh token travels. The token says so itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In a cookie that scripts can't read.
    Cookie,
    /// In JSON bodies, for clients without cookies.
    Body,
}

/// The generations that needed a recovery, the last of them and how many in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recoveries {
    /// The generation that was shown when it last needed one.
    pub last: i64,
    /// How many in a row ended with it. 0: none ever did.
    pub run: u32,
}

/// A session: one row however often it rotates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Epoch and version at which it is good.
    pub ver: Version,
    /// How its tokens travel.
    pub transport: Transport,
    /// The device that it was begun on, where one is known.
    pub device: Option<DeviceHash>,
    /// The number of the current refresh token.
    pub generation: i64,
    /// The number of the first token of the present chain: 0, or more after a password change.
    pub chain_start: i64,
    /// The hash of the current refresh token.
    pub hash: TokenHash,
    /// When the current token was made: the time of the show that rotated, or of the sign-in.
    pub rotated_at: Timestamp,
    /// When the current token runs out.
    pub exp: Timestamp,
    /// When the session ends, come what may.
    pub end: Timestamp,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When the person last gave the password.
    pub auth_time: Timestamp,
    /// Where the show that rotated came from.
    pub client: Client,
    /// Whether the show that rotated came with the session's device cookie.
    pub by_device: bool,
    /// Its recoveries.
    pub recoveries: Recoveries,
    /// When and why it ended.
    pub ended: Option<(Timestamp, Reason)>,
}

/// A refresh token with a good signature, as it was shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its number.
    pub generation: i64,
    /// Its hash.
    pub hash: TokenHash,
    /// When it runs out.
    pub exp: Timestamp,
    /// When its session ends, as it says.
    pub end: Timestamp,
    /// Epoch and version, as it says.
    pub ver: Version,
    /// The device cookie shown with it.
    pub device: Option<DeviceHash>,
    /// Where it came from.
    pub client: Client,
}

/// Today's settings, of which the stricter of token, row and setting holds.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The row stays put so long after a rotation.
    pub grace: Ttl,
    /// So long a client that lost an answer may get it again.
    pub late_recovery: Ttl,
    /// So long a session lives unused.
    pub idle_ttl: Ttl,
    /// So long it lives at all.
    pub absolute_ttl: Ttl,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Refuse; nothing changes.
    Refuse(Reason),
    /// Give the token shown again.
    Same,
    /// Give the successor; the row moves on.
    Rotate,
    /// Give the row's current token, which is the successor of the one shown; nothing changes.
    Replay,
    /// As `Replay`, and note that this generation needed it.
    Recover(Recoveries),
    /// End the session, and refuse.
    End(Reason),
}

impl Policy {
    /// When a token that is shown is too old, and by which rule: by its row, by itself, by today's setting.
    pub fn too_old_at(&self, row: Option<&Session>, shown: &Shown) -> (Timestamp, Reason) {
        let end = row.map_or(shown.end, |row| row.ends(self.absolute_ttl).min(shown.end));
        let exp = row.map_or(shown.exp, |row| row.idle_at(self.idle_ttl).min(shown.exp));
        first_of(end, exp)
    }
}

impl Session {
    /// Whether it can still be refreshed: not ended, not too old, of the present version.
    pub fn is_live(&self, ver: Version, policy: &Policy, now: Timestamp) -> bool {
        self.ended.is_none() && self.ver == ver && now < self.too_old_at(policy).0
    }

    /// When it ends, come what may: by its row, and by today's absolute lifetime.
    pub fn ends(&self, absolute: Ttl) -> Timestamp {
        self.end.min(self.created_at + absolute)
    }

    /// When it was idle for too long, if nothing is done with it.
    fn idle_at(&self, idle: Ttl) -> Timestamp {
        self.exp.min(self.rotated_at + idle)
    }

    /// When it is too old, if nothing is done with it, and by which rule.
    pub fn too_old_at(&self, policy: &Policy) -> (Timestamp, Reason) {
        first_of(self.ends(policy.absolute_ttl), self.idle_at(policy.idle_ttl))
    }

    /// Whether a show comes from the device that the session was begun on. A session without one
    /// compares the user agent with that of the show that rotated.
    fn by_its_device(&self, shown: &Shown) -> bool {
        match self.device {
            Some(device) => shown.device == Some(device),
            None => shown.client.user_agent == self.client.user_agent,
        }
    }

    /// Whether a show comes from the device and the network of the show that rotated.
    fn as_rotated(&self, shown: &Shown) -> bool {
        self.by_its_device(shown)
            && (self.device.is_none() || self.by_device)
            && Network::of(shown.client.address) == Network::of(self.client.address)
    }

    /// Whether a show carries the session's device cookie; true where it has none.
    pub fn shown_by_device(&self, shown: &Shown) -> bool {
        self.device.is_none_or(|device| shown.device == Some(device))
    }
}

/// The first of an absolute end and an idle one.
fn first_of(end: Timestamp, exp: Timestamp) -> (Timestamp, Reason) {
    if end <= exp { (end, Reason::AbsoluteExpired) } else { (exp, Reason::IdleExpired) }
}

/// Decides. `present` is what a live token must carry, or why none can: the user is disabled or gone.
/// `is_parent` says whether the row's current token is the successor of the one shown.
pub fn decide(
    row: Option<&Session>,
    present: Result<Version, Reason>,
    shown: &Shown,
    is_parent: bool,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let (too_old_at, expired) = policy.too_old_at(row, shown);
    if now >= too_old_at {
        // The caller knows whether something else had ended it before.
        return Decision::Refuse(row.and_then(|row| row.ended).map_or(expired, |(_, reason)| reason));
    }
    let Some(row) = row else {
        return Decision::Refuse(present.err().unwrap_or(Reason::Unknown));
    };
    if let Some((_, reason)) = row.ended {
        return Decision::Refuse(reason);
    }
    match present {
        Err(reason) => return Decision::Refuse(reason),
        // The caller knows which raise it was that ended this one.
        Ok(ver) if ver != shown.ver || ver != row.ver => return Decision::Refuse(Reason::Unknown),
        Ok(_) => {}
    }
    if shown.generation > row.generation || (shown.generation == row.generation && shown.hash != row.hash) {
        return Decision::End(Reason::RolledBack);
    }
    let age = (now - row.rotated_at).abs();
    if shown.generation == row.generation {
        let born_of_rotation = row.generation > row.chain_start;
        return if born_of_rotation && age < policy.grace { Decision::Same } else { Decision::Rotate };
    }
    if shown.generation + 1 != row.generation || !is_parent {
        return Decision::End(Reason::RefreshReuse);
    }
    let in_grace = policy.grace > Ttl::ZERO && age <= policy.grace;
    if in_grace && row.as_rotated(shown) {
        return Decision::Replay;
    }
    let late = policy.late_recovery > Ttl::ZERO && age <= policy.late_recovery && row.by_its_device(shown);
    if in_grace || late { recover(row.recoveries, shown.generation) } else { Decision::End(Reason::RefreshReuse) }
}

/// A recovery of `generation`: free where it was noted before, refused where it would be the third in a row.
fn recover(so_far: Recoveries, generation: i64) -> Decision {
    if so_far.run > 0 && so_far.last == generation {
        return Decision::Replay;
    }
    let in_a_row = so_far.run > 0 && so_far.last + 1 == generation;
    let run = if in_a_row { so_far.run + 1 } else { 1 };
    if run > MAX_RECOVERIES {
        return Decision::End(Reason::RefreshReuse);
    }
    Decision::Recover(Recoveries { last: generation, run })
}
