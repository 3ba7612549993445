//! Settings in the form in which the rules ask for them; the same on a server and in a command.

use crate::config::Config;
use crate::crypto::stored_hash::Cost;
use crate::domain::password::Rules;
use crate::domain::session::Policy;

/// Today's settings for sessions.
pub fn policy(config: &Config) -> Policy {
    let refresh = &config.refresh;
    Policy {
        grace: refresh.grace,
        late_recovery: refresh.late_recovery,
        idle_ttl: refresh.idle_ttl,
        absolute_ttl: refresh.absolute_ttl,
    }
}

/// The rules for new passwords.
pub fn password_rules(config: &Config) -> Rules {
    Rules {
        min_length: usize::try_from(config.passwords.min_length).unwrap_or(usize::MAX),
        service_name: config.name.clone(),
    }
}

/// The cost that new hashes get.
pub fn cost(config: &Config) -> Cost {
    Cost::try_from(config.passwords.bcrypt_cost).unwrap_or(Cost::HIGHEST)
}
