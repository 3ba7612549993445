//! Long work: below the priority of a server beside it, and it cleans up where a signal ends it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::error::Error;
use crate::store::sqlite::source::Stop;

/// As low as it goes, by the measure of nice(2).
const NICE: i32 = 19;

/// Lets everybody else go first.
pub(super) fn lower_priority() {
    // Where it may not, it works all the same.
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// From now on SIGINT, SIGTERM and SIGHUP end nothing by themselves, but tell the work to stop.
pub(super) fn watch() -> Result<Stop, Error> {
    try_watch().map_err(|error| Error::Failed(format!("the system refused to hand over signals: {error}")))
}

fn try_watch() -> io::Result<Stop> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Before the thread begins: a signal that comes at once counts too.
    let (mut int, mut term, mut hangup) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
    };
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = int.recv() => {}
                _ = term.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        told.store(true, Ordering::Relaxed);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(stop)
}
