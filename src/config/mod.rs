//! Settings: defaults, then `config.toml`, then the environment, then `*_FILE`.

pub mod origin;
