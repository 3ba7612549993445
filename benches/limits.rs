//! What the processor and the disk allow, without a server: each of the server's parts alone.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use rusqlite::{Connection, params};

use crate::population::COST;

/// The setting of the server's writing connection, but that SQLite moves the WAL by itself.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;";

/// How often a second `work` can be done on this many threads.
pub fn rate(threads: usize, length: Duration, work: impl Fn() + Sync) -> f64 {
    let begun = Instant::now();
    let one = || {
        let mut count = 0.0;
        while begun.elapsed() < length {
            work();
            count += 1.0;
        }
        count / begun.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

/// bcrypt on all cores, at the cost of the population.
pub fn bcrypt(cores: usize, length: Duration) -> f64 {
    rate(cores, length, || {
        black_box(bcrypt::bcrypt(COST, [7; 16], black_box(b"correct horse battery\0")));
    })
}

/// One ES256 token signed, and one checked: how many a second.
pub fn tokens(length: Duration) -> [f64; 2] {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let (key, header) = (EncodingKey::from_ec_der(pkcs8.as_ref()), Header::new(Algorithm::ES256));
    let claims = serde_json::json!({ "iss": "http://localhost:8484", "aud": "doorward", "sub": "x", "exp": 4_000_000_000_u32,
        "sid": "0190a5a0-0000-7000-8000-000000000000", "ver": "0.0", "email": "user1@example.com", "role": "user" });
    let sign = || encode(&header, &claims, &key).unwrap();
    let (token, public) = (sign(), DecodingKey::from_ec_der(pair.public_key().as_ref()));
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["doorward"]);
    let check = || decode::<serde_json::Value>(&token, &public, &validation).unwrap();
    [rate(1, length, || drop(black_box(sign()))), rate(1, length, || drop(black_box(check())))]
}

/// The session row alone, read and updated in place: rotations of sessions in no order, some of them a commit.
pub struct Rows {
    conn: Connection,
    ids: Vec<Vec<u8>>,
    at: usize,
}

impl Rows {
    /// On a database that no server has open.
    pub fn open(file: &Path) -> Self {
        let conn = Connection::open(file).unwrap();
        conn.execute_batch(PRAGMAS).unwrap();
        let ids = conn.prepare("SELECT id FROM sessions ORDER BY hash").unwrap();
        let ids = { ids }.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        Self { conn, ids, at: 0 }
    }

    /// How many rotations a second, so many a commit.
    pub fn rotate(&mut self, together: u32, length: Duration) -> f64 {
        let begun = Instant::now();
        let mut count = 0_u32;
        while begun.elapsed() < length {
            self.conn.execute_batch("BEGIN IMMEDIATE").unwrap();
            (0..together).for_each(|_| self.one());
            self.conn.execute_batch("COMMIT").unwrap();
            count += together;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    }

    fn one(&mut self) {
        let id = &self.ids[self.at % self.ids.len()];
        self.at += 1;
        let row = "SELECT generation, hash, exp, end_at, device, ended_at FROM sessions WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
        let (generation, hash) = self.conn.prepare_cached(row).unwrap().query_row(params![id], read).unwrap();
        let update = "UPDATE sessions SET generation = generation + 1, hash = randomblob(32),
            rotated_at = rotated_at + 1, exp = exp + 1, address = '127.0.0.1', user_agent = 'bench'
            WHERE id = ?1 AND generation = ?2 AND hash = ?3 AND ended_at IS NULL";
        let mut update = self.conn.prepare_cached(update).unwrap();
        let changed = update.execute(params![id, generation, hash]).unwrap();
        assert_eq!(changed, 1);
    }
}
