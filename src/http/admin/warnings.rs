//! What the overview warns of.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::config;
use crate::config::Config;
use crate::http::client::Peer;
use crate::http::schema;
use crate::ops::admin::overview::Overview;
use crate::ops::doctor::clients::Shared;
use crate::ops::doctor::disk::LITTLE_SPACE;
use crate::ops::doctor::files::Exposed;

/// What a warning can be of, but for the settings.
pub const CODES: &[&str] =
    &["untrusted_proxy", "shared_address", "silent_proxy", "disk_space", "network_disk", "exposed_file"];

/// Something that somebody should look at.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// `settings`, `untrusted_proxy`, `shared_address`, `silent_proxy`, `disk_space`, `network_disk` or
    /// `exposed_file`.
    code: &'static str,
    /// What it is about: the proxy's address, the bytes that are left, the file system, the file.
    value: Option<String>,
    /// For people, and what to do; in English.
    detail: String,
    /// The setting that it is about, with `settings`.
    setting: Option<&'static str>,
    /// What it is with that setting, with `settings`: a stable word.
    #[schema(schema_with = schema::settings_issue)]
    issue: Option<String>,
    /// What the text names: words and numbers, spans in seconds.
    #[schema(value_type = Object)]
    values: Value,
}

/// All that somebody should look at.
pub(super) fn of(config: &Config, peer: &Peer, found: &Overview) -> Vec<Warning> {
    let mut warnings: Vec<_> = config.warnings().iter().map(Warning::of_settings).collect();
    warnings.extend(peer.untrusted_proxy.then(|| Warning::of_proxy(peer)));
    warnings.extend(found.shared.as_ref().map(Warning::of_shared));
    warnings.extend(found.disk_free.filter(|free| *free < LITTLE_SPACE).map(Warning::of_space));
    warnings.extend(found.network_disk.map(Warning::of_network));
    warnings.extend(found.exposed.iter().map(Warning::of_exposed));
    warnings
}

impl Warning {
    const fn new(code: &'static str, value: String, detail: String, values: Value) -> Self {
        Self { code, value: Some(value), detail, setting: None, issue: None, values }
    }

    fn of_settings(warning: &config::warning::Warning) -> Self {
        // Words and numbers: that they can't be written does not happen.
        let mut parts = serde_json::to_value(warning).unwrap_or_default();
        let issue = parts.get("issue").and_then(Value::as_str).map(str::to_owned);
        let values = parts.get_mut("values").map(Value::take).unwrap_or_default();
        let (setting, detail) = (Some(warning.setting()), warning.to_string());
        Self { code: "settings", value: None, detail, setting, issue, values }
    }

    fn of_proxy(peer: &Peer) -> Self {
        let address = peer.client.address;
        let detail = format!(
            "You come through a proxy at {address} that is not trusted, so everybody behind it counts as one address, \
             and limits.login_address is not applied to it. If it is yours: trusted_proxies = [\"{address}\"]."
        );
        Self::new("untrusted_proxy", address.to_string(), detail, json!({"address": address.to_string()}))
    }

    fn of_space(free: u64) -> Self {
        let detail =
            format!("There are {} MiB left where the database is. Nothing can be saved once it is full.", free >> 20);
        Self::new("disk_space", free.to_string(), detail, json!({"freeBytes": free}))
    }

    fn of_shared(shared: &Shared) -> Self {
        let (code, address) =
            (if shared.trusted { "silent_proxy" } else { "shared_address" }, shared.address.to_string());
        let detail = format!("{}. {}", shared.text(), shared.mend());
        let values = json!({"address": address, "users": shared.users});
        Self::new(code, address, detail, values)
    }

    fn of_network(kind: &str) -> Self {
        let detail = format!(
            "The database is on a network file system ({kind}), where data gets lost. Move data_dir to a disk of the \
             server's own."
        );
        Self::new("network_disk", kind.to_owned(), detail, json!({"kind": kind}))
    }

    fn of_exposed(file: &Exposed) -> Self {
        let (path, mode, mend) = (file.path.display().to_string(), format!("{:04o}", file.mode), file.mend());
        let detail = format!("{}. {mend}", file.text());
        let values = json!({"path": path, "mode": mode, "mend": mend});
        Self::new("exposed_file", path, detail, values)
    }
}
