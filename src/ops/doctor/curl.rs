//! Asks over https by curl, which takes the certificates that this machine takes.

use std::io::{ErrorKind, Read};
use std::process::{Command, Stdio};

use crate::config::origin::Origin;
use crate::ops::doctor::ask::{Ask, LONGEST, NoAnswer, PATIENCE};

/// curl's exit statuses that are about a certificate.
const CERTIFICATE: [i32; 3] = [51, 60, 77];

/// Sends a request; gives the answer as it came over the wire. Follows nothing, and no file of the user's tells
/// curl otherwise.
pub(super) fn send(url: &Origin, ask: &Ask) -> Result<Vec<u8>, NoAnswer> {
    let mut curl = Command::new("curl");
    curl.args(["-q", "--silent", "--show-error", "--include", "--raw", "--http1.1", "--globoff"]);
    curl.args(["--proto", "=https", "--suppress-connect-headers", "--request", ask.method]);
    curl.args(["--max-time", &PATIENCE.as_secs().to_string()]);
    for (name, value) in &ask.headers {
        curl.args(["--header", &format!("{name}: {value}")]);
    }
    if let Some(body) = ask.body {
        curl.args(["--data-binary", body]);
    }
    curl.arg(format!("{url}{}", ask.path)).stdin(Stdio::null());
    let mut running = match curl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(running) => running,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(NoAnswer::NoCurl),
        Err(error) => return Err(NoAnswer::Unreachable(format!("curl can't be run: {error}"))),
    };
    let (mut raw, mut said) = (Vec::new(), String::new());
    // Where more comes than is looked at, the pipe closes here, and curl ends.
    let read = running.stdout.take().map(|out| out.take(LONGEST).read_to_end(&mut raw));
    read.transpose()?;
    running.stderr.take().map(|err| err.take(LONGEST).read_to_string(&mut said)).transpose()?;
    let done = running.wait()?;
    if done.success() || raw.len() as u64 >= LONGEST {
        return Ok(raw);
    }
    // "curl: (6) Could not resolve host: …"
    let line = said.lines().next().unwrap_or_default();
    let said = line.split_once(") ").map_or(line, |(_, what)| what).to_owned();
    let certificate = done.code().is_some_and(|code| CERTIFICATE.contains(&code));
    Err(if certificate { NoAnswer::Certificate(said) } else { NoAnswer::Unreachable(said) })
}
