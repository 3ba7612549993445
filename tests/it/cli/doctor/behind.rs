//! A real server behind a real proxy, with TLS and without; and clients that all share one address.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use doorward::base::time::Clock as _;
use doorward::base::time::SystemClock;
use doorward::domain::client::Client;
use doorward::domain::email::Email;
use doorward::domain::event::{Event, Kind};
use doorward::store::error::Error;
use doorward::store::op::Op;
use doorward::store::sqlite::beside::Beside;
use doorward::store::tx::Tx;

use crate::cli::doctor::{Found, chmod, doctor, read};
use crate::cli::house::{House, Said};
use crate::real::wait::until;
use crate::real::{Real, Site};

/// How nginx passes a request on where it is set up as the README has it.
const GOOD: &str = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;";

/// A server behind nginx.
struct Proxied {
    site: Site,
    env: Vec<(String, String)>,
    url: String,
    _server: Real,
    nginx: Child,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        // In the foreground, and without workers of its own.
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

impl Proxied {
    /// Asks nginx over this scheme; nginx comes from 127.0.0.9.
    fn new(scheme: &str, settings: &[(&str, &str)], pass: &str) -> Self {
        let site = Site::new();
        chmod(&site.data(), 0o700);
        fs::write(site.file("config.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("{scheme}://localhost:{port}");
        let settings = settings.iter().map(|(name, value)| (format!("DOORWARD_{name}"), value.replace("URL", &url)));
        let env: Vec<_> = settings.collect();
        let server = env.iter().fold(site.starter(), |starter, (name, value)| starter.env(name, value)).start();
        let folder = site.data().parent().unwrap().join("nginx");
        fs::create_dir(&folder).unwrap();
        let tls = if scheme == "https" { certificate(&folder) } else { String::new() };
        let ssl = if scheme == "https" { " ssl" } else { "" };
        let (dir, addr) = (folder.display(), server.addr());
        let text = format!(
            "daemon off; master_process off; pid {dir}/pid; error_log {dir}/log; events {{}} http {{ access_log off;
             client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d;
             scgi_temp_path {dir}/e; server {{ listen 127.0.0.1:{port}{ssl}; {tls}
             location / {{ proxy_pass http://{addr}; {pass} }} }} }}"
        );
        fs::write(folder.join("conf"), text).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(&folder).arg("-c").arg(folder.join("conf")).arg("-e").arg(folder.join("log"));
        let nginx = nginx.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("nginx listens", Duration::from_secs(20), || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { site, env, url, _server: server, nginx }
    }

    /// What is found at nginx's address.
    fn found(&self) -> Found {
        self.found_at(&self.url)
    }

    fn found_at(&self, url: &str) -> Found {
        let authority = self.site.data().parent().unwrap().join("nginx/cert");
        self.found_trusting(&authority, url)
    }

    fn found_trusting(&self, authority: &Path, url: &str) -> Found {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.args(["doctor", "--json", "--url", url, "--data"]).arg(self.site.data());
        command.env_clear().envs(self.env.iter().cloned()).env("PATH", "/usr/bin:/bin");
        let done = command.env("CURL_CA_BUNDLE", authority).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        read(&Said { status: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) })
    }
}

/// Makes a certificate for localhost.
fn certificate(folder: &Path) -> String {
    let (key, cert) = (folder.join("key"), folder.join("cert"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout"]).arg(&key);
    assert!(openssl.arg("-out").arg(&cert).output().unwrap().status.success());
    format!("ssl_certificate {}; ssl_certificate_key {};", cert.display(), key.display())
}

const PUBLIC: (&str, &str) = ("PUBLIC_URL", "URL");
const TRUSTED: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.9");

fn from_9(pass: &str) -> String {
    format!("proxy_bind 127.0.0.9; {pass}")
}

const FORWARD: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

#[test]
fn a_healthy_server_behind_a_proxy_with_tls_has_no_finding() {
    let proxied = Proxied::new("https", &[PUBLIC, TRUSTED], &from_9(GOOD));
    let found = proxied.found();
    found.is_well();
    for code in ["server", "url", "clock", "cookie", "proxy", "master_key"] {
        assert!(found.well(code), "{code}: {found:?}");
    }
    assert!(found.all.to_string().contains("the cookie __Host-refreshToken arrives and comes back"), "{found:?}");
    let unknown = proxied.found_trusting(Path::new("/etc/ssl/certs/ca-certificates.crt"), &proxied.url);
    let mend = "renew the certificate in the proxy, or let this machine trust who signed it";
    unknown.is("problem", "certificate", "certificate", mend);
}

#[test]
fn http_that_sends_on_to_https_is_as_it_should_be() {
    let proxied = Proxied::new("https", &[PUBLIC, TRUSTED], &from_9(GOOD));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let moved = format!("HTTP/1.1 301 Moved\r\nLocation: {}/healthz\r\nContent-Length: 0\r\n\r\n", proxied.url);
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        // Read first: what is not read when it closes resets the connection.
        while !stream.read(&mut [0; 1024]).unwrap().eq(&0) {
            stream.write_all(moved.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        }
    });
    let found = proxied.found_at(&url);
    found.is_well();
    assert!(found.well("redirect") && found.well("cookie"), "{found:?}");
}

#[test]
fn a_proxy_that_is_not_trusted_is_told() {
    let proxied = Proxied::new("https", &[PUBLIC], GOOD);
    let mend = "trusted_proxies = [\"127.0.0.1\", \"::1\"]";
    proxied.found().is("problem", "untrusted_proxy", "is not trusted", mend);
    let silent = Proxied::new("https", &[PUBLIC], "");
    let mend = format!("{mend} and, in the proxy, {FORWARD}");
    silent.found().is("problem", "untrusted_proxy", "adds no X-Forwarded-For", &mend);
}

#[test]
fn a_proxy_that_passes_on_what_clients_claim_is_told() {
    let proxied = Proxied::new("http", &[PUBLIC, TRUSTED], &from_9("proxy_set_header Host $http_host;"));
    proxied.found().is("problem", "claimed_address", "any client can claim any address", FORWARD);
    // What comes from a trusted address is believed, so nothing can be told from there.
    let own = Proxied::new("http", &[PUBLIC, ("TRUSTED_PROXIES", "127.0.0.1")], GOOD);
    let found = own.found();
    found.is_well();
    assert!(found.all.to_string().contains("can't be told from its own machine"), "{found:?}");
}

#[test]
fn a_proxy_that_hides_the_host_is_told_where_no_public_url_says_it() {
    let mend = |proxied: &Proxied| format!("public_url = \"{}\"", proxied.url);
    let hidden = Proxied::new("http", &[TRUSTED], &from_9(FORWARD));
    hidden.found().is("problem", "origin", "refuses what its own pages", &mend(&hidden));
}

#[test]
fn a_proxy_that_takes_the_cookie_away_is_told() {
    let lost = Proxied::new("http", &[PUBLIC, TRUSTED], &from_9(&format!("{GOOD} proxy_set_header Cookie \"\";")));
    lost.found().is("problem", "cookie_lost", "to the server", "let the proxy pass Cookie on");
    let changed = Proxied::new("http", &[PUBLIC, TRUSTED], &from_9(&format!("{GOOD} proxy_cookie_path / /app;")));
    let mend = "take proxy_cookie_path, proxy_cookie_domain and the like out";
    changed.found().is("problem", "cookie_changed", "with another Path than /", mend);
}

/// A sign-in from somewhere.
struct SignedIn(String, IpAddr);

impl Op for SignedIn {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let user = tx.user_by_email(Email::parse(&self.0).unwrap().key())?.unwrap().id;
        let client = Client::new(self.1, "browser", String::new());
        tx.record(&Event::new(SystemClock.now(), Kind::SignedIn).user(user).client(&client))
    }
}

fn sign_in(house: &House, user: &str, address: &str) {
    Beside::open(house.path()).unwrap().run(&SignedIn(user.to_owned(), address.parse().unwrap())).unwrap();
}

#[test]
fn users_that_all_share_one_near_address_are_told_of() {
    let users = ["ann@example.com", "bob@example.com", "cy@example.com"];
    let house = House::with(&users.map(|user| (user, "user")));
    for user in users {
        sign_in(&house, user, "172.17.0.1");
    }
    doctor(&house, &[]).is_well();
    let reached = |settings: &str| fs::write(house.path().join("config.toml"), settings).unwrap();
    let public = "public_url = \"http://0.0.0.0:1\"\n";
    reached(public);
    let of = |found: &Found| found.rest.iter().find(|row| row[1] == "shared_address").cloned();
    let [level, _, text, mend] = of(&doctor(&house, &[])).unwrap();
    assert_eq!(
        (level.as_str(), mend.as_str()),
        ("warning", "trusted_proxies = [\"172.17.0.1\"], if your proxy is there")
    );
    assert!(text.starts_with("the last sign-ins of 3 users all came from 172.17.0.1: a proxy that isn't trusted"));
    reached(&format!("{public}trusted_proxies = [\"172.17.0.1\"]\n"));
    let [_, _, text, mend] = of(&doctor(&house, &[])).unwrap();
    assert!(text.contains("the proxy there doesn't say for whom it asks"), "{text}");
    assert_eq!(mend, FORWARD);
    sign_in(&house, users[0], "203.0.113.7");
    assert_eq!(of(&doctor(&house, &[])), None, "it is mended");
}

#[test]
fn a_public_url_that_is_missing_or_another_is_told() {
    let site = Site::new();
    chmod(&site.data(), 0o700);
    fs::write(site.file("config.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
    let server = site.start();
    // An address that leads here and isn't loopback.
    let url = format!("http://0.0.0.0:{}", server.addr().port());
    let run = |settings: &str| {
        fs::write(site.file("config.toml"), settings).unwrap();
        let done = site.run(&["doctor", "--json", "--url", &url]);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        read(&Said { status: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) })
    };
    let mend = format!("public_url = \"{url}\"");
    run("").is("problem", "public_url", "no public_url is set, so links lead to http://localhost:8484", &mend);
    let found = run("public_url = \"https://auth.example.com\"\ntrusted_proxies = [\"127.0.0.1\"]");
    found.is(
        "problem",
        "public_url",
        "public_url is https://auth.example.com, and browsers come by http://0.0.0.0",
        &mend,
    );
}
