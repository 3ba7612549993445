//! Links: how they are made, and `POST /auth/link`, which uses one up to set a password.

use crate::base::entropy::Entropy;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::base::time::Timestamp;
use crate::crypto::digest::LinkSecret;
use crate::crypto::hash_pool::Lane;
use crate::domain::client::Client;
use crate::domain::email::Email;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::hash::LinkHash;
use crate::domain::link::LinkKind;
use crate::domain::lockout::Failures;
use crate::domain::password::NewPassword;
use crate::domain::reason::Reason;
use crate::ops::attempt::hash_new;
use crate::ops::ctx::Ctx;
use crate::ops::dev::outbox::Message;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::ops::try_op::TryOp;
use crate::store;
use crate::store::rows::{Link, Rows, User};
use crate::store::tx::Tx;

/// A link as it is shown once: to who asked for it, and never in a log.
#[derive(Debug)]
pub struct NewLink {
    /// The whole URL, the secret in its fragment.
    pub url: Secret<String>,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// A link to be: its row is written by the operation that makes it.
pub struct Draft {
    secret: LinkSecret,
    /// What the row is to be.
    pub link: Link,
}

impl Draft {
    /// Draws a secret.
    pub fn draw(kind: LinkKind, user: Option<UserId>, now: Timestamp, entropy: &dyn Entropy) -> Result<Self, Error> {
        let secret = LinkSecret::generate(entropy)?;
        let link = Link { hash: secret.hash(), kind, user, created_at: now, expires_at: now + kind.ttl() };
        Ok(Self { secret, link })
    }

    /// The URL, once the row is on disk.
    pub fn into_link(self, base_url: &str) -> NewLink {
        let url = format!("{base_url}{}#{}", self.link.kind.path(), self.secret.reveal());
        NewLink { url: Secret::new(url), expires_at: self.link.expires_at }
    }
}

/// The link of a draft whose row is on disk, for the administrator who asked for it. The development stub keeps a
/// copy, as if it had been sent to that address.
pub fn given(ctx: &Ctx, draft: Draft, to: &str) -> NewLink {
    let Link { kind, created_at: made, .. } = draft.link;
    let link = draft.into_link(&ctx.base_url);
    if let Some(dev) = &ctx.dev {
        let url = Secret::new(link.url.expose().clone());
        dev.outbox.put(Message { to: to.to_owned(), kind, url, made, expires: link.expires_at });
    }
    link
}

/// Writes a link's row; the older ones of its kind are void.
pub fn put(tx: &mut dyn Tx, link: &Link) -> Result<(), store::error::Error> {
    tx.void_links(link.user, Some(link.kind))?;
    tx.insert_link(link)
}

/// Sets the password of the link's user and ends all their sessions. Signs nobody in.
pub async fn use_link(ctx: &Ctx, secret: &str, password: &str, client: &Client) -> Result<(), Error> {
    let now = ctx.clock.now();
    let link = LinkSecret::parse(secret).map_err(|_| Error::InvalidLink)?.hash();
    let user = ctx.store.read(move |rows| Ok(owner(rows, link, now))).await??;
    let email = Email::parse(&user.email)?;
    let new = NewPassword::parse(password, &ctx.password_rules(), Some(&email))?;
    let password = hash_new(ctx, Lane::Stranger, new).await?;
    ctx.store.submit(UseLink { link, password, client: client.clone(), now }).await??;
    ctx.guesses.forgive(email.key());
    Ok(())
}

/// Whose link it is, if it works.
fn owner(rows: &dyn Rows, link: LinkHash, now: Timestamp) -> Result<User, Error> {
    let link = rows.link(link)?.filter(|link| link.kind != LinkKind::Setup && now < link.expires_at);
    let id = link.and_then(|link| link.user).ok_or(Error::InvalidLink)?;
    rows.user(id)?.ok_or(Error::InvalidLink)
}

struct UseLink {
    link: LinkHash,
    password: (String, u32),
    client: Client,
    now: Timestamp,
}

impl TryOp for UseLink {
    type Out = ();

    fn try_run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let user = owner(tx, self.link, self.now)?;
        let after = User { password: Some(self.password.clone()), failures: Failures::default(), ..user.clone() };
        ending::raise(tx, &user, after, Reason::PasswordChanged, self.now)?;
        tx.void_links(Some(user.id), None)?;
        tx.trim_devices(user.id, 0, None)?;
        tx.record(&Event::new(self.now, Kind::PasswordSet).user(user.id).client(&self.client).fact(Fact::ByLink {}))?;
        Ok(())
    }
}
