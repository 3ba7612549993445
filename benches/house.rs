//! A folder with a population, and the release binary that serves it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::callers::{Jar, jar};
use crate::population::Population;
use crate::process::Process;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_doorward");

/// Builds it as it is shipped, where cargo runs this: with the benchmark it is built with what tests need besides.
pub fn build() {
    let Some(cargo) = std::env::var_os("CARGO") else { return };
    let built = Command::new(cargo).args(["build", "--release", "--bin", "doorward"]).status().unwrap();
    assert!(built.success(), "the program is not built");
}

/// A folder on the disk of the checkout, not in memory: the sync is what is measured.
pub struct House {
    folder: TempDir,
    /// Who lives there.
    pub population: Population,
    /// What their browsers hold.
    pub jar: Jar,
}

impl House {
    /// Fills one.
    pub fn new(people: [u32; 3], progress: impl FnMut(u32)) -> Self {
        let folder = scratch();
        let population = Population::fill(folder.path(), people, progress);
        let house = Self { folder, jar: jar(&population), population };
        // Else the kernel writes it while something is measured.
        std::fs::File::open(house.database()).and_then(|file| file.sync_all()).unwrap();
        house
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.path().join("doorward.db")
    }

    /// Serves it. Back to back refreshes are to rotate each time: no grace.
    pub fn serve(&self) -> Process {
        Process::start(&mut serve(self.path(), "0s"))
    }

    /// Another like it, of which a benchmark may do as it likes.
    pub fn copy(&self) -> TempDir {
        let folder = scratch();
        std::fs::copy(self.database(), folder.path().join("doorward.db")).unwrap();
        folder
    }
}

/// A new folder.
pub fn scratch() -> TempDir {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tempfile::Builder::new().prefix("bench-").tempdir_in(root).unwrap()
}

/// The command that serves a folder.
pub fn serve(folder: &Path, grace: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).current_dir(folder).env_clear();
    command.env("DOORWARD_LOG", "warn").env("DOORWARD_REFRESH__GRACE", grace);
    command.env("DOORWARD_LIMITS__LOGIN_ADDRESS", "100000/1m").env("DOORWARD_PASSWORDS__BCRYPT_COST", "10");
    command
}
