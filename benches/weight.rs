//! Whose code and constants fill the program, by the names that the linker left in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use memchr::memmem;

/// A program that was built with its names, and the C libraries that went into it.
pub struct Named {
    /// The program.
    pub binary: PathBuf,
    build: PathBuf,
}

/// Bytes of code, and of constants and data.
#[derive(Clone, Copy, Default)]
pub struct Weight {
    /// The first.
    pub code: u64,
    /// The second.
    pub data: u64,
}

impl Weight {
    /// Both.
    pub fn all(self) -> u64 {
        self.code + self.data
    }

    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.code += other.code;
        self.data += other.data;
    }

    /// What is left without another.
    pub fn less(self, other: Self) -> Self {
        Self { code: self.code.saturating_sub(other.code), data: self.data.saturating_sub(other.data) }
    }
}

impl Named {
    /// Builds it as a release is built but for the names, beside the other builds: they are not to be lost for it.
    /// The newer mangling (RFC 2603) says for what types code was made.
    pub fn build() -> Result<Self, String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("weight");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--locked", "--bin", "doorward", "--target-dir"]).arg(&target);
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none").env("RUSTFLAGS", "-C symbol-mangling-version=v0");
        let done = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().map_err(|bad| format!("no cargo: {bad}"))?;
        let release = target.join("release");
        let named = Self { binary: release.join("doorward"), build: release.join("build") };
        if done.success() { Ok(named) } else { Err("it did not build".to_owned()) }
    }

    /// The sizes of its sections that the loader maps from the file.
    pub fn sections(&self) -> Result<BTreeMap<String, u64>, String> {
        let said = said(Command::new("size").args(["--format=sysv", "--radix=10"]).arg(&self.binary))?;
        let section = |line: &str| {
            let mut words = line.split_whitespace();
            let (name, size, address) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
            let in_the_file = address != "0" && !name.ends_with("bss");
            in_the_file.then(|| (name.to_owned(), size))
        };
        Ok(said.lines().filter_map(section).collect())
    }

    /// Everything that has a name: whose it is, the name, its weight. One address counts once, whatever its names.
    pub fn symbols(&self) -> Result<Vec<Symbol>, String> {
        let libraries = [("aws-lc", "libaws_lc"), ("SQLite", "libsqlite3")];
        let libraries = libraries.map(|(owner, begin)| (owner, self.names_of_library(begin)));
        let said = said(Command::new("nm").args(["--print-size", "--radix=d", "--demangle"]).arg(&self.binary))?;
        let mut seen = BTreeSet::new();
        let mut symbols: Vec<_> = said.lines().filter_map(|line| Symbol::parse(line, &libraries)).collect();
        symbols.retain(|symbol| seen.insert(symbol.address));
        Ok(symbols)
    }

    /// What a C library calls its parts, those too that only itself can see.
    fn names_of_library(&self, begin: &str) -> BTreeSet<String> {
        let packages = files(&self.build).into_iter().flat_map(|package| files(&package.join("out")));
        let mut names = BTreeSet::new();
        for path in packages {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            if file.starts_with(begin) && file.ends_with(".a") {
                let said = said(Command::new("nm").args(["--defined-only", "--format=posix"]).arg(&path));
                names.extend(said.iter().flat_map(|said| said.lines()).filter_map(|line| {
                    let (name, _) = line.split_once(' ')?;
                    Some(name.to_owned())
                }));
            }
        }
        names
    }
}

/// What is in a folder; nothing, where there is none.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// A function or a constant.
pub struct Symbol {
    address: u64,
    /// The crate or the C library.
    pub owner: String,
    /// What it is called.
    pub name: String,
    /// How large it is.
    pub weight: Weight,
}

impl Symbol {
    /// `ADDRESS SIZE TYPE NAME`. What has no size or no bytes in the file is none.
    fn parse(line: &str, libraries: &[(&str, BTreeSet<String>)]) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        let (address, size) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let weight = match words.next()? {
            "t" | "T" | "w" | "W" | "i" => Weight { code: size, data: 0 },
            "r" | "R" | "d" | "D" | "v" | "V" => Weight { code: 0, data: size },
            _ => return None,
        };
        let name = words.next()?.to_owned();
        let library = libraries.iter().find(|(_, names)| names.contains(&name));
        let owner = library.map_or_else(|| owner(&name), |(owner, _)| owner).to_owned();
        Some(Self { address, owner, name, weight })
    }
}

/// The crate that a Rust name names first, apart from the standard library: `core::iter::fold` over a list of
/// doorward's is doorward's. What names none is the standard library's, or the compiler's own.
fn owner(name: &str) -> &str {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut rest = name;
    while let Some(at) = rest.find("::") {
        let word = rest[..at].rfind(|letter| !is_word(letter)).map_or(&rest[..at], |before| &rest[before + 1..at]);
        if !["", "core", "alloc", "std"].contains(&word) {
            return word;
        }
        // On to where this path ends.
        rest = rest[at..].trim_start_matches(|letter| is_word(letter) || letter == ':');
    }
    "std"
}

/// How many bytes of the files of a folder are in the program as they are.
pub fn embedded(program: &[u8], folder: &Path) -> u64 {
    let size = |path: PathBuf| {
        if path.is_dir() {
            return embedded(program, &path);
        }
        let bytes = fs::read(path).unwrap();
        if memmem::find(program, &bytes).is_some() { bytes.len() as u64 } else { 0 }
    };
    files(folder).into_iter().map(size).sum()
}

fn said(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let done = command.output().map_err(|bad| format!("no {name}: {bad}"))?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        Err(format!("{name} failed"))
    }
}
