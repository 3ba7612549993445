//! Puts the layers over each other and checks what comes out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;

use crate::config::error::{Error, Problem, Source};
use crate::config::layer::{Given, Layer};
use crate::config::table::{Kind, SETTINGS, Setting};
use crate::config::value::shown;
use crate::config::{Args, Config};
use crate::domain::key::Algorithm;

/// Checked settings that know where each came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read, by its absolute path; none where there was none.
    pub file: Option<PathBuf>,
    sources: Sources,
}

/// One setting as `config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key, with a dot between section and name.
    pub key: &'static str,
    /// Its value as TOML; nothing where it isn't set. A secret that is set says `[redacted]`.
    pub value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

type Sources = BTreeMap<&'static str, Source>;

impl Loaded {
    /// Where a key's value came from.
    pub fn source(&self, key: &str) -> &Source {
        self.sources.get(key).unwrap_or(&Source::Default)
    }

    /// Every setting with its value and where that came from, in the order of the example.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        SETTINGS.iter().map(|Setting { key, kind, .. }| {
            let value = match kind {
                Kind::Plain { get, .. } => get(&self.config),
                Kind::Secret { is_set, .. } => is_set(&self.config).then(|| "[redacted]".to_owned()),
            };
            Row { key, value, source: self.source(key).clone() }
        })
    }

    /// The secrets that are set, and where each came from.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &Source)> {
        let is_secret = |setting: &&Setting| match setting.kind {
            Kind::Secret { is_set, .. } => is_set(&self.config),
            Kind::Plain { .. } => false,
        };
        SETTINGS.iter().filter(is_secret).map(|setting| (setting.key, self.source(setting.key)))
    }

    /// All rows as text, a line each.
    pub fn show(&self) -> String {
        let line = |Row { key, value, source }| {
            let value = value.unwrap_or_else(|| "(not set)".to_owned());
            format!("{:<48} # {source}\n", format!("{key} = {value}"))
        };
        self.rows().map(line).collect()
    }

    /// Puts the layers over each other, the last uppermost, and over the defaults.
    pub(crate) fn merge(
        layers: &[Layer],
        file: Option<PathBuf>,
        args: &Args,
        mut problems: Vec<Problem>,
    ) -> Result<Self, Error> {
        let figment = layers.iter().fold(Figment::new(), |below, layer| below.merge(layer));
        let mut config = Config::default();
        let mut sources = Sources::new();
        for setting in SETTINGS {
            let Some((source, given)) = uppermost(&figment, layers, setting.key) else { continue };
            let set = match (&setting.kind, given) {
                (Kind::Plain { set, .. }, Given::Plain(value)) => set(&mut config, value),
                (Kind::Secret { set, .. }, Given::Secret(secret)) => set(&mut config, secret),
                (Kind::Plain { .. }, Given::Secret(_)) | (Kind::Secret { .. }, Given::Plain(_)) => {
                    Err("not of this kind".to_owned())
                }
            };
            if let Err(what) = set {
                problems.push(Problem::of(source.clone(), setting.key, what));
            }
            sources.insert(setting.key, source.clone());
        }
        // What hangs together is asked only where each for itself is good.
        if problems.is_empty() {
            problems = together(&config, &sources, args.dev.is_some());
        }
        Error::unless_empty(problems)?;
        config.data_dir = args.current_dir.join(&config.data_dir).components().collect();
        Ok(Self { config, file, sources })
    }
}

/// The entry whose layer won a key.
fn uppermost<'a>(figment: &Figment, layers: &'a [Layer], key: &str) -> Option<&'a (Source, Given)> {
    let winner = figment.find_metadata(key)?;
    layers.iter().find(|layer| layer.name() == winner.name)?.get(key)
}

fn together(config: &Config, sources: &Sources, dev: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |keys: [&'static str; 2], what: String| {
        // The default isn't what is wrong: the place is that of the key that somebody set.
        let set = keys.into_iter().find_map(|key| sources.get(key)).cloned();
        problems.push(Problem::of(set.unwrap_or(Source::Default), keys[0], what));
    };
    let (idle, absolute) = (config.refresh.idle_ttl, config.refresh.absolute_ttl);
    if absolute < idle {
        let what = format!("{} is shorter than refresh.idle_ttl, which is {}", shown(absolute), shown(idle));
        wrong(["refresh.absolute_ttl", "refresh.idle_ttl"], what);
    }
    if config.tokens.algorithm == Algorithm::HS256 && !dev && config.tokens.hs256_secret.is_none() {
        let what = "must be set where tokens.algorithm is HS256; `openssl rand -base64 32` makes a good one".to_owned();
        wrong(["tokens.hs256_secret", "tokens.algorithm"], what);
    }
    problems
}
