//! Loading as a whole.

mod errors;
mod example;
mod secrecy;
mod sources;
mod warnings;

use std::ffi::OsString;

use tempfile::TempDir;

use crate::config::loaded::Loaded;
use crate::config::{Args, load};

/// 32 bytes of 0x5a as base64, which is no word of any other text here.
const KEY: &str = "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=";

struct World {
    dir: TempDir,
    args: Args,
}

impl World {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let args = Args { current_dir: dir.path().to_owned(), ..Args::default() };
        Self { dir, args }
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn env(mut self, name: &str, text: impl Into<OsString>) -> Self {
        self.args.env.push((name.into(), text.into()));
        self
    }

    fn load(&self) -> Loaded {
        load(&self.args).unwrap_or_else(|bad| panic!("{bad}"))
    }

    /// The error, with the folder cut out of its paths.
    fn error(&self) -> String {
        let text = load(&self.args).expect_err("it loads").to_string();
        text.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

fn toml(text: &str) -> World {
    World::new().file("config.toml", text)
}

fn env(name: &str, text: &str) -> World {
    World::new().env(name, text)
}
