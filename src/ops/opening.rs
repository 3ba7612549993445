//! How a session begins, in the transaction that proved or made its user.

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::crypto::digest::DeviceSecret;
use crate::crypto::keys::Keyring;
use crate::crypto::refresh::{Beginning, RefreshToken, exp_for};
use crate::domain::client::Client;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::hash::DeviceHash;
use crate::domain::lockout::Failures;
use crate::domain::reason::Reason;
use crate::domain::session::{MAX_PER_USER, Policy, Recoveries, Session, Transport};
use crate::domain::version::Version;
use crate::ops::ctx::Ctx;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::store::rows::User;
use crate::store::tx::Tx;

/// How many devices of a user are remembered.
const MAX_DEVICES: u32 = 20;

/// What a browser or an application shows when somebody signs in.
#[derive(Debug)]
pub struct Arrival {
    /// How the session's tokens are to travel.
    pub transport: Transport,
    /// The device cookie, if one is shown.
    pub device: Option<DeviceSecret>,
    /// The session whose cookie the browser still holds: a good sign-in ends it.
    pub prior: Option<SessionId>,
    /// From where.
    pub client: Client,
}

/// A session to be: all that is chance or setting, so that its beginning can be run again.
pub(super) struct NewSession {
    id: SessionId,
    random: [u8; 16],
    transport: Transport,
    /// What the browser showed; kept only if this account knows it.
    shown: Option<DeviceHash>,
    /// What it gets otherwise.
    fresh: Option<DeviceHash>,
    prior: Option<SessionId>,
    client: Client,
    policy: Policy,
    keys: Keyring,
    now: Timestamp,
}

/// A session that has begun.
pub(super) struct Begun {
    pub(super) user: User,
    pub(super) session: Session,
    pub(super) refresh: RefreshToken,
    /// Whether the browser must get the new device cookie.
    pub(super) new_device: bool,
}

impl NewSession {
    /// Draws what is chance. The second value is the device cookie that the browser gets if this account
    /// does not know the one that it showed.
    pub(super) fn draw(
        ctx: &Ctx,
        arrival: &Arrival,
        now: Timestamp,
    ) -> Result<(Self, Option<DeviceSecret>), NoEntropy> {
        let entropy: &dyn Entropy = ctx.entropy.as_ref();
        let fresh = match arrival.transport {
            Transport::Cookie => Some(DeviceSecret::generate(entropy)?),
            Transport::Body => None,
        };
        let new = Self {
            id: SessionId::new(now, entropy)?,
            random: bytes(entropy)?,
            transport: arrival.transport,
            shown: arrival.device.as_ref().map(DeviceSecret::hash),
            fresh: fresh.as_ref().map(DeviceSecret::hash),
            prior: arrival.prior,
            client: arrival.client.clone(),
            policy: ctx.policy(),
            keys: ctx.keyring(),
            now,
        };
        Ok((new, fresh))
    }

    /// Begins it: ends what the browser still held, keeps to the limit, remembers the device.
    pub(super) fn begin(&self, tx: &mut dyn Tx, user: &User, kind: Kind) -> Result<Begun, Error> {
        let ver = Version { epoch: tx.meta()?.epoch, number: user.version };
        let mut ended: Vec<_> = self.end_prior(tx)?.into_iter().collect();
        ended.extend(self.keep_to_limit(tx, user)?);
        let (device, new_device) = self.device(tx, user)?;
        let end = self.now + self.policy.absolute_ttl;
        let exp = exp_for(self.now, self.policy.idle_ttl, end);
        let beginning = Beginning {
            user: user.id,
            session: self.id,
            generation: 0,
            ver,
            transport: self.transport,
            iat: self.now,
            exp,
            end,
        };
        let refresh = RefreshToken::first(&self.keys, &beginning, self.random)?;
        let session = Session {
            id: self.id,
            user: user.id,
            ver,
            transport: self.transport,
            device,
            generation: 0,
            chain_start: 0,
            hash: refresh.hash(),
            rotated_at: self.now,
            exp: refresh.link().exp(),
            end: refresh.link().end(),
            created_at: self.now,
            auth_time: self.now,
            client: self.client.clone(),
            by_device: true,
            recoveries: Recoveries::default(),
            ended: None,
        };
        tx.insert_session(&session)?;
        self.record(tx, kind, &session, &ended)?;
        Ok(Begun { user: user.clone(), session, refresh, new_device })
    }

    /// One event for the beginning, which names what it ended.
    fn record(
        &self,
        tx: &mut dyn Tx,
        kind: Kind,
        session: &Session,
        ended: &[(SessionId, Reason)],
    ) -> Result<(), Error> {
        let event = Event::new(self.now, kind).user(session.user).session(session.id).client(&self.client);
        let fact = |(id, reason): &(SessionId, Reason)| Fact::Ended { reason: reason.to_string(), session_id: *id };
        Ok(tx.record(&event.facts(ended.iter().map(fact).collect()))?)
    }

    /// A new session at every sign-in: what the browser held before is over (ASVS 5.0, 7.2.4).
    fn end_prior(&self, tx: &mut dyn Tx) -> Result<Option<(SessionId, Reason)>, Error> {
        let Some(id) = self.prior else { return Ok(None) };
        let Some(session) = tx.session(id)? else { return Ok(None) };
        if !ending::stands(tx, &session)? {
            return Ok(None);
        }
        ending::end(tx, &session, Reason::SignedInAgain, self.now)?;
        Ok(Some((session.id, Reason::SignedInAgain)))
    }

    /// One more than the limit ends the one that was idle longest.
    fn keep_to_limit(&self, tx: &mut dyn Tx, user: &User) -> Result<Vec<(SessionId, Reason)>, Error> {
        let mut live = ending::live(tx, user, &self.policy, self.now)?;
        live.sort_by_key(|session| session.rotated_at);
        let limit = usize::try_from(MAX_PER_USER).unwrap_or(usize::MAX);
        let over = (live.len() + 1).saturating_sub(limit);
        live.truncate(over);
        for session in &live {
            ending::end(tx, session, Reason::TooManySessions, self.now)?;
        }
        Ok(live.into_iter().map(|session| (session.id, Reason::TooManySessions)).collect())
    }

    /// The shown device is kept only if *this* account knows it, so that nobody can plant one.
    fn device(&self, tx: &mut dyn Tx, user: &User) -> Result<(Option<DeviceHash>, bool), Error> {
        if self.transport == Transport::Body {
            return Ok((None, false));
        }
        let known = match self.shown {
            Some(device) => tx.device(user.id, device)?.map(|_| device),
            None => None,
        };
        let device = known.or(self.fresh);
        if let Some(device) = device {
            tx.put_device(user.id, device, self.now, Failures::default())?;
            tx.trim_devices(user.id, MAX_DEVICES, Some(device))?;
        }
        Ok((device, known.is_none()))
    }
}
