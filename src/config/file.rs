//! The layer of `config.toml`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::Value;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_spanned::Spanned;

use crate::base::secret::Secret;
use crate::config::Args;
use crate::config::error::{Problem, Source};
use crate::config::layer::{self, Given, Layer};
use crate::config::names;

/// The file's name where no other is given.
const NAME: &str = "config.toml";

/// What the file sets, and its path. That is the file that `--config` or `DOORWARD_CONFIG` names, which must
/// be there; else `config.toml` of the data folder, as far as argument or environment name one; else
/// of the current folder; else none.
pub(crate) fn layer(args: &Args, above: &[&Layer], problems: &mut Vec<Problem>) -> (Layer, Option<PathBuf>) {
    let mut layer = Layer::new("file");
    let named = args.file.as_deref().map(Path::as_os_str).or_else(|| args.variable(names::CONFIG));
    let places = match named {
        Some(path) => vec![args.current_dir.join(path)],
        None => places(args, above),
    };
    for path in places {
        match layer::read(&path) {
            Ok(bytes) => {
                fill(&mut layer, &path, &bytes, problems);
                return (layer, Some(path));
            }
            Err(bad) if bad.kind() == io::ErrorKind::NotFound && named.is_none() => {}
            Err(bad) => {
                problems.push(Problem::with(Source::File { path, at: None }, format!("can't be read: {bad}")));
                break;
            }
        }
    }
    (layer, None)
}

fn places(args: &Args, above: &[&Layer]) -> Vec<PathBuf> {
    let data_dir = above.iter().find_map(|layer| match layer.get("data_dir") {
        Some((_, Given::Plain(value))) => value.as_str().map(|path| args.current_dir.join(path).join(NAME)),
        Some((_, Given::Secret(_))) | None => None,
    });
    data_dir.into_iter().chain([args.current_dir.join(NAME)]).collect()
}

fn fill(layer: &mut Layer, path: &Path, bytes: &Secret<Vec<u8>>, problems: &mut Vec<Problem>) {
    let file = |at| Source::File { path: path.to_owned(), at };
    let Ok(text) = std::str::from_utf8(bytes.expose()) else {
        problems.push(Problem::with(file(None), "not UTF-8"));
        return;
    };
    let position = |at: usize| position(text, at);
    // The parser's own words quote the line, which may hold a secret.
    let root = match Toml::from_str::<Node>(text) {
        Ok(Node::Table(root)) => root,
        Ok(_) => Vec::new(),
        Err(bad) => {
            let at = bad.span().map(|span| position(span.start));
            problems.push(Problem::with(file(at), "not TOML, or a kind of value that no setting takes"));
            return;
        }
    };
    let mut leaves = Vec::new();
    flatten(root, "", &mut leaves);
    for Leaf { key, start, node } in leaves {
        let source = file(Some(position(start)));
        let Some(setting) = names::setting(&key) else {
            problems.extend(unknown(&key, &node).map(|what| Problem::of(source, &key, what)));
            continue;
        };
        if !setting.is_secret() {
            layer.set(setting.key, source, Given::Plain(node.into_value()));
        } else if let Node::Text(text) = node {
            layer.set(setting.key, source, Given::Secret(Secret::new(text.into_bytes())));
        } else {
            problems.push(Problem::of(source, &key, "must be text in quotes"));
        }
    }
}

/// What is wrong with a key that is no setting's; nothing where it is an empty section.
fn unknown(key: &str, node: &Node) -> Option<String> {
    let is_table = matches!(node, Node::Table(_));
    match (names::is_section(key), is_table) {
        (true, true) => None,
        (true, false) => Some(format!("a section, not a setting: write [{key}]")),
        (false, true) => Some(format!("no such section; the nearest is {}", names::nearest_section(key))),
        (false, false) => Some(format!("no such setting; the nearest is {}", names::nearest_key(key))),
    }
}

/// Line and column of a byte, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// A value of TOML whose keys know where they stand.
enum Node {
    Text(String),
    Whole(i64),
    Float(f64),
    Flag(bool),
    List(Vec<Self>),
    Table(Vec<(Spanned<String>, Self)>),
}

struct Leaf {
    key: String,
    start: usize,
    node: Node,
}

/// All that is set, by full key; of tables only the empty ones, in which nothing else could be unknown.
fn flatten(table: Vec<(Spanned<String>, Node)>, prefix: &str, leaves: &mut Vec<Leaf>) {
    for (name, node) in table {
        let start = name.span().start;
        let name = name.into_inner();
        // A dot in quotes parts nothing.
        let name = if name.contains('.') { format!("\"{name}\"") } else { name };
        let key = format!("{prefix}{name}");
        match node {
            Node::Table(inner) if !inner.is_empty() => flatten(inner, &format!("{key}."), leaves),
            node @ (Node::Table(_)
            | Node::Text(_)
            | Node::Whole(_)
            | Node::Float(_)
            | Node::Flag(_)
            | Node::List(_)) => leaves.push(Leaf { key, start, node }),
        }
    }
}

impl Node {
    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::from(text),
            Self::Whole(number) => Value::from(number),
            Self::Float(number) => Value::from(number),
            Self::Flag(flag) => Value::from(flag),
            Self::List(nodes) => Value::from(nodes.into_iter().map(Self::into_value).collect::<Vec<_>>()),
            Self::Table(entries) => {
                let entry = |(name, node): (Spanned<String>, Self)| (name.into_inner(), node.into_value());
                Value::from(entries.into_iter().map(entry).collect::<figment::value::Dict>())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a setting")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Whole(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Float(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Table(entries))
    }
}
