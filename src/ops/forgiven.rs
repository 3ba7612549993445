//! What another process forgave: a command unlocked an account or gave it another password, and guesses at it count
//! no more.

use crate::domain::email::Email;
use crate::domain::event::Kind;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::store;
use crate::store::rows::{EventFilter, Rows};

const FORGIVES: [Kind; 2] = [Kind::UserUnlocked, Kind::PasswordSet];

/// So many at the most are looked at: an older one waits out its quarter of an hour.
const MOST: u32 = 200;

/// Forgives what was forgiven since this event. Gives the newest that it saw.
pub async fn take_up(ctx: &Ctx, since: i64) -> Result<i64, Error> {
    let (emails, newest) = ctx.store.read(move |rows| forgiven(rows, since)).await?;
    for email in emails {
        ctx.guesses.forgive(Email::parse(&email)?.key());
    }
    Ok(newest)
}

fn forgiven(rows: &dyn Rows, since: i64) -> Result<(Vec<String>, i64), store::error::Error> {
    let (mut emails, mut newest) = (Vec::new(), since);
    for kind in FORGIVES {
        for stored in
            rows.events(EventFilter { kind: Some(kind), after: Some(since), ..EventFilter::default() }, MOST)?
        {
            newest = newest.max(stored.id);
            if let Some(user) = stored.event.user.map(|id| rows.user(id)).transpose()?.flatten() {
                emails.push(user.email);
            }
        }
    }
    Ok((emails, newest))
}
