//! The layers of the environment: `DOORWARD_…`, the files that `DOORWARD_…_FILE` names, and systemd's
//! credentials; and above them the command line.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use crate::config::Args;
use crate::config::error::{Problem, Source};
use crate::config::layer::{self, Given, Layer};
use crate::config::names;
use crate::config::secrets::without_newline;
use crate::config::table::Setting;

/// The credential that holds the master key, as `LoadCredential=` names it.
const CREDENTIAL: &str = "doorward.master-key";

/// What `--data` and `--listen` set.
pub(crate) fn arguments(args: &Args, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::new("arguments");
    let given = [
        ("data_dir", "--data", args.data_dir.as_ref().map(|path| path.as_os_str())),
        ("listen", "--listen", args.listen.as_ref().map(OsStr::new)),
    ];
    for (key, argument, text) in given {
        let source = Source::Argument(argument);
        match (names::setting(key), text.map(OsStr::to_str)) {
            (Some(setting), Some(Some(text))) => drop(layer.set(key, source, Given::text(setting, text))),
            (_, Some(None)) => problems.push(Problem::with(source, "not UTF-8")),
            (_, None) | (None, _) => {}
        }
    }
    layer
}

/// What the variables set, each as the text that it is.
pub(crate) fn variables(args: &Args, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::new("environment");
    for (name, text) in &args.env {
        let name = name.to_string_lossy();
        if !name.starts_with(names::PREFIX) || name == names::CONFIG {
            continue;
        }
        let source = Source::Variable(name.clone().into_owned());
        let Some(text) = text.to_str() else {
            problems.push(Problem::with(source, "not UTF-8"));
            continue;
        };
        let twin = || name.strip_suffix(names::TWIN).and_then(names::setting_of);
        let (setting, source, given) = if let Some(setting) = names::setting_of(&name) {
            (setting, source, Given::text(setting, text))
        } else if let Some(setting) = twin() {
            let path = args.current_dir.join(text);
            let source = Source::Twin { variable: name.into_owned(), path: path.clone() };
            match file(setting, &path) {
                Ok(given) => (setting, source, given),
                Err(bad) => {
                    problems.push(Problem::of(source, setting.key, format!("can't be read: {bad}")));
                    continue;
                }
            }
        } else {
            problems.push(Problem::with(source, unknown(&name, args)));
            continue;
        };
        if let Some(other) = layer.set(setting.key, source.clone(), given) {
            let what = format!("set by {other} too: unset one of the two");
            problems.push(Problem::of(source, setting.key, what));
        }
    }
    layer
}

fn file(setting: &Setting, path: &Path) -> io::Result<Given> {
    let bytes = layer::read(path)?;
    if setting.is_secret() {
        return Ok(Given::Secret(bytes));
    }
    let text = std::str::from_utf8(without_newline(bytes.expose()));
    let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))?;
    Ok(Given::text(setting, text))
}

fn unknown(name: &str, args: &Args) -> String {
    let nearest = names::nearest_variable(name);
    let what = format!("no such setting; the nearest is {nearest}");
    let in_kubernetes = args.variable("KUBERNETES_SERVICE_HOST").is_some();
    let linked = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT", "_TCP", "_UDP"];
    if in_kubernetes && linked.iter().any(|part| name.ends_with(part) || name.contains(&format!("{part}_"))) {
        return format!("{what}. Kubernetes makes such variables of a service's name: `enableServiceLinks: false`");
    }
    what
}

/// What systemd passes to the service in a folder of its own (systemd.exec(5), "Credentials").
pub(crate) fn credentials(args: &Args, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::new("credentials");
    let Some(folder) = args.variable("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty()) else {
        return layer;
    };
    let path = args.current_dir.join(folder).join(CREDENTIAL);
    match layer::read(&path) {
        Ok(bytes) => drop(layer.set("master_key", Source::Credential(path), Given::Secret(bytes))),
        Err(bad) if bad.kind() == io::ErrorKind::NotFound => {}
        Err(bad) => {
            let what = format!("can't be read: {bad}");
            problems.push(Problem::of(Source::Credential(path), "master_key", what));
        }
    }
    layer
}
