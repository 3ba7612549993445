//! Named points at the commit where a test can kill the process. The default build has none.

/// Dies here by SIGKILL, where `DIE_AT_FAILPOINT` is `name:n` and this is the n-th time. (No setting: what
/// begins with `DOORWARD_` must be one.)
#[cfg(feature = "failpoints")]
pub(super) fn hit(name: &str) {
    use std::sync::Mutex;
    static LEFT: Mutex<Option<(String, u32)>> = Mutex::new(None);
    let mut left = LEFT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (armed, count) = left.get_or_insert_with(|| {
        let armed = std::env::var("DIE_AT_FAILPOINT").unwrap_or_default();
        let (name, count) = armed.split_once(':').unwrap_or((&armed, "1"));
        (name.to_owned(), count.parse().unwrap_or(1))
    });
    if armed != name {
        return;
    }
    *count = count.saturating_sub(1);
    if *count == 0 {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(not(feature = "failpoints"))]
pub(super) const fn hit(_name: &str) {}
