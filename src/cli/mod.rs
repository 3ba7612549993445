//! The command line: one file a command.
//!
//! What a command was asked for goes to standard output, all else to standard error. The exit status is 0
//! where it was done, 1 where it failed, 2 where it was asked wrongly. Only `serve` makes a database.

mod acting;
mod admin_link;
mod backup;
mod check;
mod completions;
mod config;
mod desk;
mod dev;
mod doctor;
mod error;
mod keys;
mod link;
mod log;
mod logout_all;
mod long_work;
mod man;
mod output;
mod password;
mod place;
mod progress;
mod restore;
mod serve;
mod sessions;
mod stub;
mod table;
mod user;
mod vectors;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::cli::error::Error;
use crate::cli::place::Place;

/// The whole login of an application in one file.
#[derive(Parser)]
#[command(name = "doorward", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    serve: serve::Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server; what is done where no command is named
    Serve(serve::Serve),
    /// Add, show and change users
    #[command(subcommand)]
    User(user::User),
    /// Sign a user out everywhere, or everybody
    LogoutAll(logout_all::LogoutAll),
    /// List live sessions, or end one
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// Print a link by which an administrator who is locked out comes back
    AdminLink(admin_link::AdminLink),
    /// List the signing keys, or begin new ones
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Copy the database into one file, beside a running server
    Backup(backup::Backup),
    /// Put a backup in the place of the database; nothing that was ended comes back
    Restore(restore::Restore),
    /// Prove that the database or a backup is whole and that the master key opens it
    Check(check::Check),
    /// Find what is set up wrong, and say the line that mends it
    Doctor(doctor::Doctor),
    /// Print what goes with `serve --dev`, the stub for development and tests
    #[command(subcommand)]
    Dev(dev::Dev),
    /// Check the settings, show where each came from, or print an example
    #[command(subcommand)]
    Config(config::Config),
    /// Print good and bad tokens to test a verifier with
    Vectors(vectors::Vectors),
    /// Print what completes this command in a shell
    Completions(completions::Completions),
    /// Print a page of the manual: `doorward man | man -l -`
    Man(man::Man),
}

/// Does what the arguments say; the first is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => return tell(&told),
    };
    if cli.command.is_some() && cli.serve.is_set() {
        let text = "--listen and --dev belong to `doorward serve`; write them behind that";
        return tell(&Cli::command().error(clap::error::ErrorKind::ArgumentConflict, text));
    }
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("error: {error}"));
            error.exit_code()
        }
    }
}

/// What clap has to say: help and version on standard output with status 0, the rest with 2.
fn tell(told: &clap::Error) -> ExitCode {
    let _ = told.print();
    u8::try_from(told.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

impl Cli {
    fn run(self) -> Result<(), Error> {
        let place = &self.place;
        match self.command {
            None => self.serve.run(place),
            Some(Command::Serve(serve)) => serve.run(place),
            Some(Command::User(user)) => user.run(place),
            Some(Command::LogoutAll(logout)) => logout.run(place),
            Some(Command::Sessions(sessions)) => sessions.run(place),
            Some(Command::AdminLink(link)) => link.run(place),
            Some(Command::Keys(keys)) => keys.run(place),
            Some(Command::Backup(backup)) => backup.run(place),
            Some(Command::Restore(restore)) => restore.run(place),
            Some(Command::Check(check)) => check.run(place),
            Some(Command::Doctor(doctor)) => doctor.run(place),
            Some(Command::Config(config)) => config.run(place),
            Some(Command::Dev(dev)) => dev.run(),
            Some(Command::Vectors(vectors)) => vectors.run(),
            Some(Command::Completions(completions)) => completions.run(),
            Some(Command::Man(man)) => man.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    fn status(line: &str) -> i32 {
        parse(line).map_or_else(|error| error.exit_code(), |_| 0)
    }

    #[test]
    fn the_parser_is_whole() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_folder_and_the_file_stand_before_or_behind_the_command() {
        for line in ["doorward --data /d --config /c user list", "doorward user list --config /c --data /d"] {
            let place = parse(line).unwrap().place;
            assert_eq!((place.data.unwrap(), place.config.unwrap()), ("/d".into(), "/c".into()), "{line}");
        }
    }

    #[test]
    fn no_command_is_serve() {
        let cli = parse("doorward --listen 127.0.0.1:1").unwrap();
        assert!(cli.command.is_none() && cli.serve.is_set());
        assert!(matches!(parse("doorward serve --listen [::]:1").unwrap().command, Some(Command::Serve(_))));
    }

    #[test]
    fn wrong_usage_is_status_2() {
        for line in [
            "doorward nonsense",
            "doorward user",
            "doorward serve --listen nonsense",
            "doorward --listen 127.0.0.1:99999",
            "doorward user add",
            "doorward user add nobody",
            "doorward user add a@b.example --role Admin",
            "doorward user add a@b.example --password secret",
            "doorward user set-role a@b.example",
            "doorward user set-password a@b.example --link --password-stdin",
            "doorward user set-password a@b.example --json",
            "doorward user enable a@b.example --force",
            "doorward logout-all",
            "doorward logout-all a@b.example --everyone",
            "doorward sessions end 7",
            "doorward backup",
            "doorward restore",
            "doorward restore a b",
            "doorward serve --dev-unsafe-listen",
            "doorward doctor example.com",
            "doorward doctor --url example.com",
            "doorward doctor --url https://example.com/login",
            "doorward vectors --issuer",
            "doorward vectors --json",
            "doorward completions dos",
            "doorward dev",
            "doorward dev helper cobol",
            "doorward serve --with-stdin",
        ] {
            assert_eq!(status(line), 2, "{line}");
        }
    }

    #[test]
    fn good_usage_is_taken() {
        for line in [
            "doorward",
            "doorward user add a@b.example --role admin --password-stdin --json",
            "doorward user delete a@b.example --force",
            "doorward user set-password a@b.example --link --json",
            "doorward logout-all --everyone --json",
            "doorward sessions end 0190a5b8-7c3e-7000-8000-000000000000",
            "doorward admin-link",
            "doorward serve --dev --listen 127.0.0.1:0 --data d",
            "doorward --dev",
            "doorward serve --dev --dev-unsafe-listen",
            "doorward backup copy.db --force --json",
            "doorward restore copy.db --yes --json",
            "doorward check",
            "doorward check copy.db --json",
            "doorward doctor --url https://auth.example.com --json",
            "doorward vectors --issuer https://auth.example.com --audience orders",
            "doorward completions zsh",
            "doorward man",
            "doorward man user add",
            "doorward dev helper playwright",
            "doorward serve --dev --with-stdin",
            "doorward --help",
            "doorward --version",
        ] {
            assert_eq!(status(line), 0, "{line}");
        }
    }
}
