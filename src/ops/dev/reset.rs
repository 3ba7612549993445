//! Goes back to how it was.

use crate::base::time::Timestamp;
use crate::domain::key::SealedKey;
use crate::ops::ctx::Ctx;
use crate::ops::dev::seed::START;
use crate::ops::error::Error;
use crate::ops::keys;
use crate::ops::try_op::TryOp;
use crate::store;
use crate::store::op::Op;
use crate::store::tx::Tx;

/// Remembers all that is there, until the stub stops. False where too much is remembered already.
pub async fn take(ctx: &Ctx, name: &str) -> Result<bool, Error> {
    Ok(ctx.store.submit(Take(name.to_owned())).await?)
}

/// Makes all as it was when that was remembered. What was begun since is refused from now on.
pub async fn put_back(ctx: &Ctx, name: &str) -> Result<(), Error> {
    let back = PutBack { name: name.to_owned(), now: ctx.clock.now() };
    let sealed = ctx.store.submit(back).await??;
    ctx.guesses.forget();
    ctx.counted.forget();
    if let Some(dev) = &ctx.dev {
        dev.chains.clear();
    }
    // A ring takes longer to open than all else here.
    if !ctx.keyring().is_of(&sealed) {
        keys::reload(ctx).await?;
    }
    Ok(())
}

/// Makes all as it was at the start, the clock too.
pub async fn reset(ctx: &Ctx) -> Result<(), Error> {
    if let Some(dev) = &ctx.dev {
        dev.clock.release();
    }
    put_back(ctx, START).await?;
    // Last: what came in until now belongs to before.
    if let Some(dev) = &ctx.dev {
        dev.forget();
    }
    Ok(())
}

struct Take(String);

impl Op for Take {
    type Out = bool;

    fn run(&self, tx: &mut dyn Tx) -> Result<bool, store::error::Error> {
        tx.take_snapshot(&self.0)
    }
}

struct PutBack {
    name: String,
    now: Timestamp,
}

impl TryOp for PutBack {
    type Out = Vec<SealedKey>;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Vec<SealedKey>, Error> {
        if !tx.put_back(&self.name, self.now)? {
            return Err(Error::NotFound);
        }
        Ok(tx.keys()?)
    }
}
