//! What a browser meets at the URL: a listener that answers as a server or a proxy might.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use doorward::base::time::{Clock, SystemClock, Timestamp, Ttl};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::cli::doctor::{Found, doctor};
use crate::cli::house::House;

/// Answers to method and path, whole but for a date and a length.
type Script = fn(&str) -> Option<&'static str>;

/// A cookie as the server takes it away over plain http.
const CLEARED: &str =
    "HTTP/1.1 204 No Content\r\nSet-Cookie: refreshToken=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict\r\n\r\n";

/// What doorward answers over plain http, as far as the doctor asks.
fn healthy(asked: &str) -> &'static str {
    match asked {
        "GET /healthz" => "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"ok\"}",
        "GET /.well-known/jwks.json" => "HTTP/1.1 200 OK\r\n\r\n{\"keys\":[]}",
        "POST /auth/logout" => CLEARED,
        "POST /auth/refresh" => "HTTP/1.1 401 Unauthorized\r\n\r\n{\"code\":\"invalid_refresh_token\"}",
        _ => "HTTP/1.1 422 Unprocessable Content\r\nRateLimit: \"login-address\";r=9;t=1\r\n\r\n{\"code\":\"x\"}",
    }
}

/// Listens for as long as the test runs; `script` changes what a healthy server says. Gives its URL.
fn listen(script: Script, date: Timestamp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = Vec::new();
            while reader.read_until(b'\n', &mut head).unwrap() > 2 {}
            let head = String::from_utf8(head).unwrap();
            if head.starts_with("POST") {
                reader.read_exact(&mut [0; 2]).unwrap();
            }
            let asked = head.split(" HTTP/1.1\r\n").next().unwrap();
            let answer = script(asked).unwrap_or_else(|| healthy(asked));
            let date = OffsetDateTime::from_unix_timestamp(date.secs()).unwrap().format(&Rfc2822).unwrap();
            let date = format!("\r\nDate: {}\r\n", date.replace("+0000", "GMT"));
            stream.write_all(answer.replacen("\r\n", &date, 1).as_bytes()).unwrap();
        }
    });
    url
}

/// What is found at such a listener.
fn found(script: Script) -> (Found, String) {
    let house = House::new();
    let url = listen(script, SystemClock.now());
    (doctor(&house, &["--url", &url]), url)
}

#[test]
fn a_healthy_server_has_no_finding() {
    let (found, _) = found(|_| None);
    found.is_well();
    assert!(found.well("url") && found.well("clock") && found.well("cookie"), "{found:?}");
}

#[test]
fn a_clock_that_is_off_is_told_with_its_seconds() {
    let mend = "timedatectl set-ntp true, where the time is wrong";
    for (off, level, text) in [
        (100, "problem", " s behind the one of the URL"),
        (-100, "problem", " s ahead of the one of the URL"),
        (15, "warning", " s behind the one of the URL"),
    ] {
        let off = Ttl::from_secs(off);
        let url = listen(|_| None, SystemClock.now() + off);
        doctor(&House::new(), &["--url", &url]).is(level, "clock", text, mend);
    }
}

#[test]
fn what_leads_elsewhere_is_told() {
    let (moved, url) = found(|_| Some("HTTP/1.1 301 Moved\r\nLocation: https://auth.example.com/healthz\r\n\r\n"));
    let text = format!("{url} sends browsers on to https://auth.example.com/healthz");
    moved.is("problem", "redirect", &text, "public_url = \"https://auth.example.com\"");
    let (broken, url) = found(|_| Some("HTTP/1.1 502 Bad Gateway\r\n\r\n<html>"));
    let text = format!("{url} answers 502 at /healthz: the proxy there doesn't reach doorward");
    broken.is("problem", "not_doorward", &text, "proxy_pass http://127.0.0.1:8484;");
    let (other, _) = found(|_| Some("HTTP/1.1 200 OK\r\n\r\n<html>"));
    let mend = "let the proxy pass everything to http://127.0.0.1:8484";
    other.is("problem", "not_doorward", "that is not doorward", mend);
    let (ssh, _) = found(|_| Some("SSH-2.0-OpenSSH\r\n\r\n"));
    let mend = "start the server and the proxy; see that name and port are right";
    ssh.is("problem", "unreachable", "does not speak HTTP", mend);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = doctor(&House::new(), &["--url", &format!("http://{closed}")]);
    gone.is("problem", "unreachable", "refused", mend);
}

#[test]
fn a_server_with_another_database_is_told() {
    let (found, _) = found(|asked| {
        let keys = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n{\"keys\":[{\"kid\":\"another\"}]}\r\n0\r\n\r\n";
        (asked == "GET /.well-known/jwks.json").then_some(keys)
    });
    found.is(
        "problem",
        "other_server",
        "has another database",
        "--data DIR, with the folder of that server; or --url, with this one's",
    );
}

macro_rules! after {
    ($asked:literal, $answer:literal) => {
        found(|asked| (asked == $asked).then_some($answer))
    };
}

#[test]
fn a_cookie_that_the_scheme_does_not_fit_is_lost_or_is_changed_is_told() {
    let (named, url) = after!(
        "POST /auth/logout",
        "HTTP/1.1 204 No\r\nSet-Cookie: __Host-refreshToken=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure\r\n\r\n"
    );
    let mend = format!("public_url = \"{url}\"");
    named.is("problem", "cookie_name", "it takes the other scheme for its own", &mend);
    let (named, _) = after!(
        "POST /auth/logout",
        "HTTP/1.1 204 No\r\nSet-Cookie: token=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict\r\n\r\n"
    );
    let mend = "start the server anew; it runs with other settings than these";
    named.is("problem", "cookie_name", "names its cookie token, and the settings here refreshToken", mend);
    let (lost, _) = after!("POST /auth/logout", "HTTP/1.1 204 No\r\nSet-Cookie: lb=1; Path=/\r\n\r\n");
    lost.is("problem", "cookie_lost", "from the server to", "let the proxy pass Set-Cookie on");
    let (changed, _) = after!(
        "POST /auth/logout",
        "HTTP/1.1 204 No\r\nSet-Cookie: refreshToken=; Max-Age=0; Path=/app; HttpOnly; SameSite=Strict\r\n\r\n"
    );
    let mend = "take proxy_cookie_path, proxy_cookie_domain and the like out";
    changed.is("problem", "cookie_changed", "with another Path than /", mend);
    let (lost, _) = after!("POST /auth/refresh", "HTTP/1.1 401 No\r\n\r\n{\"code\":\"no_refresh_token\"}");
    lost.is("problem", "cookie_lost", "to the server", "let the proxy pass Cookie on");
}

#[test]
fn a_page_that_may_not_post_is_told() {
    let (refused, url) = after!(
        "POST /auth/logout",
        "HTTP/1.1 403 No\r\n\r\n{\"code\":\"cross_origin\",\"detail\":\"One is not the other.\"}"
    );
    let mend = format!("public_url = \"{url}\"");
    refused.is("problem", "origin", "It says: One is not the other.", &mend);
    let (refused, _) = after!("POST /auth/logout", "HTTP/1.1 405 No\r\n\r\n");
    let mend = "let the proxy pass POST requests with their Origin and Content-Type";
    refused.is("problem", "post", "answers 405 to POST /auth/logout", mend);
}

#[test]
fn without_curl_https_is_not_tried_and_that_is_said() {
    let said = House::new().run_with(&["doctor", "--url", "https://localhost:1"], "", &[("PATH", "/nowhere")]);
    let text =
        "warning  https://localhost:1: https was not tried: curl is not installed\n         -> apt install curl\n";
    assert!(said.out.contains(text), "{said:?}");
    assert_eq!(said.status, 0, "{said:?}");
}

#[test]
fn a_server_that_never_ends_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while stream.write_all(&[b'x'; 8_192]).is_ok() {}
        }
    });
    let mend = "start the server and the proxy; see that name and port are right";
    doctor(&House::new(), &["--url", &url]).is("problem", "unreachable", "does not speak HTTP", mend);
}

#[test]
fn what_curl_says_is_passed_on_without_its_number() {
    let url = "https://nowhere.invalid";
    let found = doctor(&House::new(), &["--url", url]);
    let text = &found.rest[0][2];
    assert!(text.starts_with(&format!("{url}: Could not resolve host")), "{found:?}");
    assert_eq!((found.rest[0][1].as_str(), found.rest[1][1].as_str()), ("unreachable", "no_trusted_proxy"));
}
