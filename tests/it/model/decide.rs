//! The table of the contract, row by row, at its edges: the pure decision.

use doorward::base::id::{SessionId, UserId};
use doorward::base::time::{Timestamp, Ttl};
use doorward::domain::client::Client;
use doorward::domain::hash::{DeviceHash, TokenHash};
use doorward::domain::reason::Reason;
use doorward::domain::session::{Decision, Policy, Recoveries, Session, Shown, Transport, decide};
use doorward::domain::version::Version;

const ROTATED: Timestamp = Timestamp::from_secs(1_800_000_000);
const VER: Version = Version { epoch: 3, number: 7 };
const REUSE: Decision = Decision::End(Reason::RefreshReuse);
const ROLLED_BACK: Decision = Decision::End(Reason::RolledBack);
const UNKNOWN: Decision = Decision::Refuse(Reason::Unknown);

fn policy() -> Policy {
    Policy {
        grace: Ttl::from_secs(10),
        late_recovery: Ttl::from_days(1),
        idle_ttl: Ttl::from_days(7),
        absolute_ttl: Ttl::from_days(30),
    }
}

fn device(byte: u8) -> DeviceHash {
    DeviceHash::from_bytes([byte; 32])
}

fn hash(generation: u8) -> TokenHash {
    TokenHash::from_bytes([generation; 32])
}

fn client(address: &str, agent: &str) -> Client {
    Client::new(address.parse().unwrap(), agent, "request".to_owned())
}

/// Everything that a decision is made of; its current generation is 5, on a device, just rotated from home.
struct Case {
    row: Option<Session>,
    present: Result<Version, Reason>,
    shown: Shown,
    is_parent: bool,
    policy: Policy,
    /// Milliseconds since the rotation.
    age: i64,
}

impl Case {
    fn current() -> Self {
        let home = client("192.0.2.1", "Home/1");
        let row = Session {
            id: SessionId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            ver: VER,
            transport: Transport::Cookie,
            device: Some(device(1)),
            generation: 5,
            chain_start: 0,
            hash: hash(5),
            rotated_at: ROTATED,
            exp: ROTATED + Ttl::from_days(7),
            end: ROTATED + Ttl::from_days(20),
            created_at: ROTATED - Ttl::from_days(10),
            auth_time: ROTATED - Ttl::from_days(10),
            client: home.clone(),
            by_device: true,
            recoveries: Recoveries::default(),
            ended: None,
        };
        let shown = Shown {
            generation: 5,
            hash: row.hash,
            exp: row.exp,
            end: row.end,
            ver: VER,
            device: row.device,
            client: home,
        };
        Self { row: Some(row), present: Ok(VER), shown, is_parent: false, policy: policy(), age: 0 }
    }

    fn parent() -> Self {
        let mut case = Self::current();
        (case.shown.generation, case.shown.hash, case.is_parent) = (4, hash(4), true);
        case
    }

    /// The parent, shown by somebody who has nothing else, from elsewhere.
    fn thief() -> Self {
        let mut case = Self::parent();
        (case.shown.device, case.shown.client) = (None, client("198.51.100.1", "Thief/1"));
        case
    }

    fn with(mut self, change: impl FnOnce(&mut Session)) -> Self {
        change(self.row.as_mut().unwrap());
        self
    }

    fn shown(mut self, change: impl FnOnce(&mut Shown)) -> Self {
        change(&mut self.shown);
        self
    }

    fn set(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    fn age(mut self, millis: i64) -> Self {
        self.age = millis;
        self
    }

    fn run(self, run: u32, last: i64) -> Self {
        self.with(|row| row.recoveries = Recoveries { last, run })
    }

    #[track_caller]
    fn gives(&self, due: Decision) {
        let now = ROTATED + Ttl::from_millis(self.age);
        let got = decide(self.row.as_ref(), self.present, &self.shown, self.is_parent, &self.policy, now);
        assert_eq!(got, due, "{:?} of {:?}, {} ms after", self.shown, self.row, self.age);
    }
}

fn recover(last: i64, run: u32) -> Decision {
    Decision::Recover(Recoveries { last, run })
}

const DAY: i64 = 86_400_000;

#[test]
fn age_ends_a_session_by_token_row_and_setting_whichever_is_first() {
    let (idle, absolute) = (Decision::Refuse(Reason::IdleExpired), Decision::Refuse(Reason::AbsoluteExpired));
    Case::current().age(7 * DAY - 1).gives(Decision::Rotate);
    Case::current().age(7 * DAY).gives(idle);
    Case::current().shown(|shown| shown.exp = ROTATED + Ttl::from_days(1)).age(DAY).gives(idle);
    Case::current().with(|row| row.exp = ROTATED + Ttl::from_days(1)).age(DAY).gives(idle);
    Case::current().set(|policy| policy.idle_ttl = Ttl::from_days(1)).age(DAY).gives(idle);
    // What came first stays the reason.
    Case::current().age(20 * DAY).gives(idle);
    let used = || Case::current().with(|row| row.exp = row.end).shown(|shown| shown.exp = shown.end);
    used().set(|policy| policy.idle_ttl = Ttl::from_days(20)).age(20 * DAY).gives(absolute);
    Case::current().shown(|shown| shown.end = ROTATED + Ttl::from_days(1)).age(DAY).gives(absolute);
    Case::current().with(|row| row.end = ROTATED + Ttl::from_days(1)).age(DAY).gives(absolute);
    Case::current().set(|policy| policy.absolute_ttl = Ttl::from_days(11)).age(DAY - 1).gives(Decision::Rotate);
    Case::current().set(|policy| policy.absolute_ttl = Ttl::from_days(11)).age(DAY).gives(absolute);
    // The parent of a rotation is bound by its own end too.
    Case::parent().shown(|shown| shown.exp = ROTATED).gives(idle);
    // No row: the token's own times.
    let mut gone = Case::current();
    gone.row = None;
    gone.age(7 * DAY).gives(idle);
    // A reason on the row is a better one, and nothing is written for what is too old.
    let ended = |case: Case| case.with(|row| row.ended = Some((ROTATED, Reason::LoggedOut)));
    ended(Case::current()).age(7 * DAY).gives(Decision::Refuse(Reason::LoggedOut));
    Case::parent().age(7 * DAY).gives(idle);
    Case::current().shown(|shown| shown.generation = 9).age(7 * DAY).gives(idle);
}

#[test]
fn what_was_ended_is_refused_and_nothing_is_written() {
    Case::current()
        .with(|row| row.ended = Some((ROTATED, Reason::LoggedOut)))
        .gives(Decision::Refuse(Reason::LoggedOut));
    for (row, present, due) in [
        (true, Err(Reason::AccountDisabled), Reason::AccountDisabled),
        (true, Err(Reason::AccountDeleted), Reason::AccountDeleted),
        (false, Err(Reason::AccountDeleted), Reason::AccountDeleted),
        (false, Ok(VER), Reason::Unknown),
    ] {
        let mut case = Case::current();
        case.row = case.row.filter(|_| row);
        case.present = present;
        case.gives(Decision::Refuse(due));
    }
    // Version and epoch must be equal: behind and ahead are both void, on the token and on the row.
    for (epoch, number) in [(2, 7), (4, 7), (3, 6), (3, 8), (4, 6), (2, 8)] {
        let other = Version { epoch, number };
        Case::current().shown(|shown| shown.ver = other).gives(UNKNOWN);
        Case::current().with(|row| row.ver = other).gives(UNKNOWN);
        Case::parent().shown(|shown| shown.ver = other).gives(UNKNOWN);
        Case::current().shown(|shown| (shown.ver, shown.generation) = (other, 6)).gives(UNKNOWN);
    }
}

#[test]
fn the_current_token_stays_put_for_the_grace_and_then_rotates() {
    for (age, due) in [
        (0, Decision::Same),
        (9_999, Decision::Same),
        (10_000, Decision::Rotate),
        (-9_999, Decision::Same),
        (-10_000, Decision::Rotate),
        (-DAY, Decision::Rotate),
    ] {
        Case::current().age(age).gives(due);
        // From wherever it is shown.
        let mut elsewhere = Case::thief();
        (elsewhere.shown.generation, elsewhere.shown.hash) = (5, hash(5));
        elsewhere.age(age).gives(due);
        Case::current().set(|policy| policy.grace = Ttl::ZERO).age(age).gives(Decision::Rotate);
        // A first token rotates at any age: of a sign-in, and of a password change.
        Case::current().with(|row| row.chain_start = 5).age(age).gives(Decision::Rotate);
        let first = Case::current().with(|row| (row.generation, row.hash) = (0, hash(0)));
        first.shown(|shown| (shown.generation, shown.hash) = (0, hash(0))).age(age).gives(Decision::Rotate);
    }
}

#[test]
fn the_parent_in_the_grace_from_the_same_place_is_free() {
    for age in [0, 10_000, -10_000] {
        Case::parent().age(age).gives(Decision::Replay);
        Case::parent().shown(|shown| shown.client = client("192.0.2.99", "Home/1")).age(age).gives(Decision::Replay);
        // With a device the user agent is not looked at.
        Case::parent().shown(|shown| shown.client = client("192.0.2.1", "Other/1")).age(age).gives(Decision::Replay);
        Case::parent().run(2, 3).age(age).gives(Decision::Replay);
    }
    for age in [10_001, -10_001, DAY, -DAY] {
        Case::parent().age(age).gives(recover(4, 1));
    }
}

#[test]
fn the_parent_in_the_grace_from_elsewhere_needs_a_recovery() {
    for age in [0, 10_000, -10_000] {
        for (device, address) in [
            (None, "192.0.2.1"),
            (Some(device(9)), "192.0.2.1"),
            (Some(device(1)), "192.0.3.1"),
            (Some(device(1)), "2001:db8::1"),
            (None, "198.51.100.1"),
        ] {
            let shown = |shown: &mut Shown| (shown.device, shown.client) = (device, client(address, "Home/1"));
            Case::parent().shown(shown).age(age).gives(recover(4, 1));
        }
        // The show that rotated came without the device cookie: nobody is in its place.
        Case::parent().with(|row| row.by_device = false).age(age).gives(recover(4, 1));
        Case::thief().with(|row| row.by_device = false).age(age).gives(recover(4, 1));
        // No grace, no recovery from elsewhere.
        Case::thief().set(|policy| policy.grace = Ttl::ZERO).age(age).gives(REUSE);
    }
}

#[test]
fn late_recovery_is_for_the_same_device() {
    for (age, due) in [(10_001, true), (DAY, true), (DAY + 1, false), (-DAY, true), (-DAY - 1, false)] {
        Case::parent().age(age).gives(if due { recover(4, 1) } else { REUSE });
        // From another network: the phone travelled.
        let travelled = Case::parent().shown(|shown| shown.client = client("198.51.100.1", "Home/1"));
        travelled.age(age).gives(if due { recover(4, 1) } else { REUSE });
        Case::thief().age(age).gives(REUSE);
        Case::parent().shown(|shown| shown.device = None).age(age).gives(REUSE);
        Case::parent().shown(|shown| shown.device = Some(device(9))).age(age).gives(REUSE);
        Case::parent().set(|policy| policy.late_recovery = Ttl::ZERO).age(age).gives(REUSE);
    }
    // A late recovery shorter than the grace takes nothing from the grace.
    Case::parent().set(|policy| policy.late_recovery = Ttl::ZERO).age(10_000).gives(Decision::Replay);
}

#[test]
fn both_at_zero_are_the_strict_rule() {
    let strict = |policy: &mut Policy| (policy.grace, policy.late_recovery) = (Ttl::ZERO, Ttl::ZERO);
    for age in [0, 1, -1, 10_000] {
        Case::parent().set(strict).age(age).gives(REUSE);
        Case::thief().set(strict).age(age).gives(REUSE);
        Case::current().set(strict).age(age).gives(Decision::Rotate);
    }
    // Without a grace a lost answer is still recovered from the device, if that is wanted.
    Case::parent().set(|policy| policy.grace = Ttl::ZERO).gives(recover(4, 1));
}

#[test]
fn a_session_without_a_device_compares_the_user_agent() {
    let app = || Case::parent().with(|row| row.device = None).shown(|shown| shown.device = None);
    app().gives(Decision::Replay);
    app().with(|row| row.by_device = false).gives(Decision::Replay);
    app().shown(|shown| shown.device = Some(device(9))).gives(Decision::Replay);
    app().shown(|shown| shown.client = client("192.0.2.1", "Other/1")).gives(recover(4, 1));
    app().shown(|shown| shown.client = client("198.51.100.1", "Home/1")).gives(recover(4, 1));
    app().shown(|shown| shown.client = client("198.51.100.1", "Home/1")).age(10_001).gives(recover(4, 1));
    app().shown(|shown| shown.client = client("192.0.2.1", "Other/1")).age(10_001).gives(REUSE);
}

#[test]
fn the_third_generation_in_a_row_that_needs_a_recovery_ends_it() {
    for late in [false, true] {
        let case = || if late { Case::parent().age(10_001) } else { Case::thief() };
        case().run(0, 0).gives(recover(4, 1));
        case().run(1, 3).gives(recover(4, 2));
        case().run(2, 3).gives(REUSE);
        case().run(3, 3).gives(REUSE);
        // A generation between that needed none begins the count anew.
        case().run(1, 2).gives(recover(4, 1));
        case().run(2, 2).gives(recover(4, 1));
        // The same generation again is free, and writes nothing.
        case().run(1, 4).gives(Decision::Replay);
        case().run(2, 4).gives(Decision::Replay);
    }
    // None yet, and the last is by chance the number of the one shown.
    let first = Case::thief().with(|row| (row.generation, row.hash) = (1, hash(1)));
    first.shown(|shown| (shown.generation, shown.hash) = (0, hash(0))).gives(recover(0, 1));
}

#[test]
fn older_tokens_and_false_parents_are_reuse() {
    for generation in 0..4 {
        Case::parent().shown(|shown| shown.generation = generation).gives(REUSE);
    }
    let mut stray = Case::parent();
    stray.is_parent = false;
    stray.gives(REUSE);
    // A recovery that was noted does not cover another token of its generation.
    stray.run(1, 4).gives(REUSE);
}

#[test]
fn tokens_newer_than_the_row_are_a_database_that_went_back() {
    Case::current().shown(|shown| shown.hash = hash(6)).gives(ROLLED_BACK);
    for generation in [6, 7, 100, i64::MAX] {
        Case::current().shown(|shown| (shown.generation, shown.hash) = (generation, hash(6))).gives(ROLLED_BACK);
        Case::current().shown(|shown| shown.generation = generation).gives(ROLLED_BACK);
    }
}
