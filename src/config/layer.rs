//! What one place sets: a layer that figment puts over the ones below it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use crate::base::secret::Secret;
use crate::config::error::Source;
use crate::config::table::Setting;

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 65_536;

/// The values that one place sets, by key. The text of a secret never enters figment, which would neither
/// wipe nor hide it: only a mark goes there, and the secret waits here.
pub(crate) struct Layer {
    name: &'static str,
    entries: BTreeMap<&'static str, (Source, Given)>,
}

/// What is set.
pub(crate) enum Given {
    /// A value that may be shown.
    Plain(Value),
    /// One that must not.
    Secret(Secret<Vec<u8>>),
}

impl Layer {
    /// An empty one; the name tells it from the others.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, entries: BTreeMap::new() }
    }

    /// What the layer is called.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Sets a key; gives the source that had set it already.
    pub(crate) fn set(&mut self, key: &'static str, source: Source, given: Given) -> Option<Source> {
        self.entries.insert(key, (source, given)).map(|(before, _)| before)
    }

    /// What it sets a key to, and where.
    pub(crate) fn get(&self, key: &str) -> Option<&(Source, Given)> {
        self.entries.get(key)
    }
}

impl Given {
    /// A text for this setting.
    pub(crate) fn text(setting: &Setting, text: &str) -> Self {
        if setting.is_secret() {
            Self::Secret(Secret::new(text.as_bytes().to_vec()))
        } else {
            Self::Plain(Value::from(text))
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut root = Dict::new();
        let mut sections: BTreeMap<&str, Dict> = BTreeMap::new();
        for (key, (_, given)) in &self.entries {
            let value = match given {
                Given::Plain(value) => value.clone(),
                Given::Secret(_) => Value::from("[redacted]"),
            };
            match key.split_once('.') {
                Some((section, leaf)) => sections.entry(section).or_default().insert(leaf.to_owned(), value),
                None => root.insert((*key).to_owned(), value),
            };
        }
        root.extend(sections.into_iter().map(|(name, dict)| (name.to_owned(), Value::from(dict))));
        Ok(Profile::Default.collect(root))
    }
}

/// The bytes of a small file, wiped when they are done with.
pub(crate) fn read(path: &Path) -> io::Result<Secret<Vec<u8>>> {
    // Room for all of it at once, so that no copy stays behind where the buffer grew.
    let mut bytes = Vec::with_capacity(usize::try_from(MAX_FILE + 2).unwrap_or_default());
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    let bytes = Secret::new(bytes);
    if u64::try_from(read?).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}
