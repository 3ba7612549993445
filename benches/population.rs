//! A database as it is after years: many users, many sessions, each with a refresh token that works.

use std::path::Path;

use doorward::base::entropy::{Entropy, NoEntropy, SystemEntropy};
use doorward::base::id::{SessionId, UserId};
use doorward::base::time::{Clock as _, SystemClock, Timestamp, Ttl};
use doorward::config::Config;
use doorward::crypto::access::{self, AccessClaims, CLIENT_ID};
use doorward::crypto::keys::Keyring;
use doorward::crypto::password::hash;
use doorward::crypto::refresh::{Beginning, RefreshToken};
use doorward::domain::client::Client;
use doorward::domain::password::{NewPassword, Rules};
use doorward::domain::reason::Reason;
use doorward::domain::session::{Recoveries, Session, Transport};
use doorward::domain::user::{Role, Status};
use doorward::domain::version::Version;
use doorward::ops::start::start;
use doorward::store::error::Error;
use doorward::store::op::Op;
use doorward::store::rows::User;
use doorward::store::sqlite::handle::Opened;
use doorward::store::tx::Tx;
use sha2::{Digest, Sha256};

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery";

/// The cost of its hash.
pub const COST: u32 = 10;

/// So many rows go into one commit; the WAL is moved into the file after ten of them.
const COMMIT: u32 = 20_000;

/// Who is in a database. Everything of a session follows from its number, so that millions need no memory.
#[derive(Clone)]
pub struct Population {
    /// How many users.
    pub users: u32,
    /// How many sessions.
    pub sessions: u32,
    keys: Keyring,
    password: (String, u32),
    now: Timestamp,
}

/// Chance that is always the same.
struct Same(&'static str, u32);

impl Entropy for Same {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoEntropy> {
        let digest = Sha256::digest(format!("{} {}", self.0, self.1));
        out.copy_from_slice(&digest[..out.len()]);
        Ok(())
    }
}

impl Population {
    /// Fills a new database in this folder, and says how far it is.
    ///
    /// `dead` are sessions that ended so long ago that they are to be purged.
    pub fn fill(folder: &Path, [users, sessions, dead]: [u32; 3], mut progress: impl FnMut(u32)) -> Self {
        let config = Config { data_dir: folder.to_owned(), ..Config::default() };
        let now = SystemClock.now();
        let opened = Opened::new(folder).unwrap();
        let started = start(&opened, &config, "http://localhost", now, &SystemEntropy::default()).unwrap();
        drop(opened);
        let typed = NewPassword::parse(PASSWORD, &Rules { min_length: 8, service_name: String::new() }, None).unwrap();
        let hashed = hash(&typed, COST.try_into().unwrap(), [7; 16]);
        let password = (hashed.as_str().to_owned(), COST);
        let population = Self { users, sessions, keys: started.ring, password, now };
        let all = (0..users).map(Row::User).chain((0..sessions).map(Row::Session));
        let all: Vec<_> = all.chain((sessions..sessions + dead).map(Row::Dead)).collect();
        for (done, many) in all.chunks(COMMIT as usize * 10).enumerate() {
            let opened = Opened::new(folder).unwrap();
            for rows in many.chunks(COMMIT as usize) {
                opened.run(&Fill { population: population.clone(), rows: rows.to_vec() }).unwrap();
            }
            progress(u32::try_from(done + 1).unwrap() * COMMIT * 10);
        }
        population
    }

    /// A user's address.
    pub fn email(number: u32) -> String {
        format!("user{number}@example.com")
    }

    fn user(&self, number: u32) -> User {
        let created_at = self.now - Ttl::from_days(300) + Ttl::from_millis(number.into());
        let email = Self::email(number);
        User {
            id: UserId::new(created_at, &Same("user", number)).unwrap(),
            email_key: email.clone(),
            email,
            password: Some(self.password.clone()),
            role: if number == 0 { Role::admin() } else { Role::user() },
            status: Status::Active,
            version: 0,
            failures: doorward::domain::lockout::Failures::default(),
            created_at,
            signed_in_at: None,
        }
    }

    /// A session's first refresh token, and its row.
    fn begun(&self, number: u32) -> (RefreshToken, Session) {
        let created_at = self.now - Ttl::from_days(1) + Ttl::from_millis(number.into());
        let beginning = Beginning {
            user: self.user(number % self.users).id,
            session: SessionId::new(created_at, &Same("session", number)).unwrap(),
            generation: 0,
            ver: Version { epoch: 0, number: 0 },
            transport: Transport::Cookie,
            iat: created_at,
            exp: created_at + Ttl::from_days(7),
            end: created_at + Ttl::from_days(30),
        };
        let mut random = [0; 16];
        Same("token", number).fill(&mut random).unwrap();
        let token = RefreshToken::first(&self.keys, &beginning, random).unwrap();
        let session = Session {
            id: beginning.session,
            user: beginning.user,
            ver: beginning.ver,
            transport: beginning.transport,
            device: None,
            generation: 0,
            chain_start: 0,
            hash: token.hash(),
            rotated_at: created_at,
            exp: token.link().exp(),
            end: token.link().end(),
            created_at,
            auth_time: created_at,
            client: Client::new([127, 0, 0, 1].into(), "bench", String::new()),
            by_device: true,
            recoveries: Recoveries::default(),
            ended: None,
        };
        (token, session)
    }

    /// The refresh cookie that a session began with.
    pub fn cookie(&self, number: u32) -> String {
        self.begun(number).0.reveal()
    }

    /// An access token of a session, as the server at this port signs it. Each is another, by its `jti`.
    pub fn access_token(&self, number: u32, port: u16, jti: u32) -> String {
        let (user, session) = (self.user(number % self.users), self.begun(number).1);
        let claims = AccessClaims {
            iss: format!("http://localhost:{port}"),
            aud: "doorward".to_owned(),
            sub: user.id,
            sid: session.id,
            ver: session.ver,
            email: user.email,
            role: user.role.as_str().to_owned(),
            iat: self.now,
            exp: self.now + Ttl::from_mins(15),
            jti: format!("{jti:022}"),
            client_id: CLIENT_ID.to_owned(),
            auth_time: session.auth_time,
        };
        access::sign(&self.keys, &claims).unwrap().reveal()
    }
}

#[derive(Clone, Copy)]
enum Row {
    User(u32),
    Session(u32),
    Dead(u32),
}

struct Fill {
    population: Population,
    rows: Vec<Row>,
}

impl Op for Fill {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        for row in &self.rows {
            match row {
                Row::User(number) => {
                    tx.insert_user(&self.population.user(*number))?;
                }
                Row::Session(number) => tx.insert_session(&self.population.begun(*number).1)?,
                Row::Dead(number) => {
                    let session = self.population.begun(*number).1;
                    let ended = Some((session.created_at - Ttl::from_days(40), Reason::LoggedOut));
                    tx.insert_session(&Session { ended, ..session })?;
                }
            }
        }
        Ok(())
    }
}
