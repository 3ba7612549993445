//! What a browser meets at the URL: whether it leads here, to this server, at this time.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::base::time::{Clock, Timestamp, Ttl};
use crate::config::Config;
use crate::config::origin::Origin;
use crate::ops::doctor::ask::{Answer, Ask, NoAnswer};
use crate::ops::doctor::{Finding, cookie, proxy};

/// APIs allow this much between the clocks, as the README has it.
const LEEWAY: Ttl = Ttl::from_secs(30);

/// More than this is told of.
const OFF: Ttl = Ttl::from_secs(5);

/// A server as the browser sees it, and what is known of it here.
pub(super) struct Site<'a> {
    pub(super) url: &'a Origin,
    pub(super) config: &'a Config,
    /// The names of the database's keys for access tokens; empty where they aren't known.
    pub(super) kids: &'a [String],
    pub(super) clock: &'a dyn Clock,
}

/// Where to ask, and as a page of which origin.
pub(super) struct Page<'a> {
    pub(super) url: &'a Origin,
    pub(super) origin: &'a Origin,
}

impl Page<'_> {
    /// Posts an empty object as that page does.
    pub(super) fn post(&self, path: &'static str) -> Ask {
        Ask::post(path).with("Origin", self.origin.as_str())
    }
}

impl Site<'_> {
    /// Looks at everything that can be seen without signing in.
    pub(super) fn look(&self) -> Vec<Finding> {
        let asked = self.clock.now();
        let health = match Ask::get("/healthz").send(self.url) {
            Ok(health) => health,
            Err(error) => return self.with_untold_proxy(self.silent(&error)),
        };
        let answered = self.clock.now();
        if let Some(on) = self.sent_on(&health) {
            return on;
        }
        if let Some(finding) = self.elsewhere(&health).or_else(|| self.not_ours(&health)) {
            return self.with_untold_proxy(finding);
        }
        let mut found = vec![Finding::ok("url", format!("a doorward answers at {}", self.url))];
        found.extend(clock(&health, asked, answered));
        found.extend(self.another());
        found.extend(self.public_url());
        let site = Page { url: self.url, origin: self.page() };
        let (cookies, may_post) = cookie::look(&site, self.config);
        found.extend(cookies);
        found.extend(if may_post { proxy::look(&site, self.config) } else { self.untold_proxy() });
        found
    }

    /// The origin of the pages. Who names this machine's own address looks past the proxy, and browsers don't.
    fn page(&self) -> &Origin {
        self.config.public_url.as_ref().filter(|_| self.url.is_loopback()).unwrap_or(self.url)
    }

    fn untold_proxy(&self) -> Vec<Finding> {
        proxy::untold(self.config, self.page())
    }

    fn with_untold_proxy(&self, finding: Finding) -> Vec<Finding> {
        [finding].into_iter().chain(self.untold_proxy()).collect()
    }

    fn silent(&self, error: &NoAnswer) -> Finding {
        let text = format!("{}: {error}", self.url);
        match error {
            NoAnswer::NoCurl => Finding::warning("no_curl", text, "apt install curl"),
            NoAnswer::Certificate(_) => {
                let mend = "renew the certificate in the proxy, or let this machine trust who signed it";
                Finding::problem("certificate", text, mend)
            }
            NoAnswer::Unreachable(_) | NoAnswer::NotHttp => Finding::problem(
                "unreachable",
                text,
                "start the server and the proxy; see that name and port are right",
            ),
        }
    }

    /// A redirect to the right place, as from http to https: that is looked at instead.
    fn sent_on(&self, health: &Answer) -> Option<Vec<Finding>> {
        let public = self.config.public_url.as_ref().filter(|public| *public != self.url)?;
        let (_, origin) = redirect(health)?;
        (origin.as_ref() == Some(public)).then(|| {
            let on =
                Finding::ok("redirect", format!("{} sends browsers on to {public}, which is public_url", self.url));
            [on].into_iter().chain(Site { url: public, ..*self }.look()).collect()
        })
    }

    /// A redirect: a browser loses the body of what it posts.
    fn elsewhere(&self, health: &Answer) -> Option<Finding> {
        let (target, origin) = redirect(health)?;
        let text = format!("{} sends browsers on to {target}", self.url);
        let mend = match origin.filter(|origin| origin != self.url) {
            Some(origin) => format!("public_url = \"{origin}\""),
            None => format!("let the proxy pass everything to {}", self.upstream()),
        };
        Some(Finding::problem("redirect", text, mend))
    }

    fn not_ours(&self, health: &Answer) -> Option<Finding> {
        if health.status == 200 && health.json().get("status").is_some_and(|status| status == "ok") {
            return None;
        }
        let (status, upstream) = (health.status, self.upstream());
        let (what, mend) = match status {
            502..=504 => ("the proxy there doesn't reach doorward", format!("proxy_pass {upstream};")),
            _ => ("that is not doorward", format!("let the proxy pass everything to {upstream}")),
        };
        Some(Finding::problem("not_doorward", format!("{} answers {status} at /healthz: {what}", self.url), mend))
    }

    fn upstream(&self) -> String {
        format!("http://{}", self.config.listen)
    }

    /// A doorward, and not the one of this database: it has no key in common.
    fn another(&self) -> Option<Finding> {
        let jwks = Ask::get("/.well-known/jwks.json").send(self.url).ok()?.json();
        let theirs: Vec<_> = jwks.get("keys")?.as_array()?.iter().filter_map(|key| key.get("kid")?.as_str()).collect();
        let common = theirs.iter().any(|kid| self.kids.iter().any(|own| own == kid));
        (!theirs.is_empty() && !self.kids.is_empty() && !common).then(|| {
            let text = format!("the doorward at {} has another database: none of its keys is one of these", self.url);
            Finding::problem(
                "other_server",
                text,
                "--data DIR, with the folder of that server; or --url, with this one's",
            )
        })
    }

    /// What the settings hold the URL to be.
    fn public_url(&self) -> Option<Finding> {
        let mend = format!("public_url = \"{}\"", self.url);
        match &self.config.public_url {
            Some(public) if public == self.url => None,
            // Nobody but this machine comes that way: a look past the proxy.
            _ if self.url.is_loopback() => None,
            Some(public) => {
                let text = format!("public_url is {public}, and browsers come by {}", self.url);
                Some(Finding::problem("public_url", text, mend))
            }
            None => {
                let base = self.config.base_url(self.config.listen.port());
                let text = format!("no public_url is set, so links lead to {base} and tokens name it as their issuer");
                Some(Finding::problem("public_url", text, mend))
            }
        }
    }
}

/// Where an answer sends browsers, and the origin there.
fn redirect(answer: &Answer) -> Option<(&str, Option<Origin>)> {
    let target = answer.header("location").filter(|_| (300..400).contains(&answer.status))?;
    Some((target, target.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").parse().ok()))
}

/// How far the clock here is off that of the answer, which was made between two moments.
fn clock(answer: &Answer, asked: Timestamp, answered: Timestamp) -> Option<Finding> {
    let date = OffsetDateTime::parse(answer.header("date")?, &Rfc2822).ok()?;
    let date = Timestamp::from_secs(date.unix_timestamp());
    // A date has whole seconds, rounded down.
    let (behind, ahead) = (date - answered, asked - (date + Ttl::from_secs(1)));
    let off = behind.max(ahead).max(Ttl::ZERO);
    let text = |way: &str| format!("this machine's clock is {} s {way} the one of the URL", off.secs());
    let text = if off < Ttl::from_secs(1) {
        return Some(Finding::ok("clock", "this machine's clock and the one of the URL agree"));
    } else if behind > ahead {
        text("behind")
    } else {
        text("ahead of")
    };
    let mend = "timedatectl set-ntp true, where the time is wrong";
    Some(match off {
        _ if off > LEEWAY => Finding::problem("clock", text, mend),
        _ if off > OFF => Finding::warning("clock", text, mend),
        _ => Finding::ok("clock", text),
    })
}
