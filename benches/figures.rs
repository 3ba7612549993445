//! What a run came to.

use std::time::Duration;

/// One run of one kind of call.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Answers a second.
    pub rate: f64,
    /// From the first byte sent to the last one read, in nanoseconds, sorted.
    times: Vec<u32>,
    /// What the server's processors were busy, per answer.
    pub cpu: Duration,
    /// The same of the clients' processors.
    pub clients: Duration,
}

impl Figures {
    /// Of the times of all answers within `took`.
    pub fn new(mut times: Vec<u32>, took: Duration, busy: [Duration; 2]) -> Self {
        times.sort_unstable();
        let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let [cpu, clients] = busy.map(|busy| busy / count.max(1));
        Self { rate: f64::from(count) / took.as_secs_f64(), times, cpu, clients }
    }

    /// The time that this share of all answers kept to.
    pub fn quantile(&self, share: f64) -> Duration {
        #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "a share of a length")]
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 answers")]
        let at = ((self.times.len() as f64 * share) as usize).min(self.times.len().saturating_sub(1));
        Duration::from_nanos(self.times.get(at).copied().unwrap_or(0).into())
    }

    /// The longest.
    pub fn longest(&self) -> Duration {
        self.quantile(1.0)
    }
}

/// The one in the middle.
pub fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(0.0)
}

/// The run whose rate is in the middle.
pub fn median_run(mut of: Vec<Figures>) -> Figures {
    of.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let at = of.len() / 2;
    if of.is_empty() { Figures::default() } else { of.swap_remove(at) }
}
