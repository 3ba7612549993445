//! What can happen, in any order.

use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// One thing that happens. A number `back` names a token: 0 is the one seen last.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A user signs in.
    Login { user: usize, seat: Seat },
    /// Somebody shows a refresh token; a lost answer reaches nobody.
    Refresh { back: usize, place: Place, lost: bool },
    /// Somebody signs out with a refresh token; one that goes astray is shown by the other way than it travels.
    Logout { back: usize, astray: bool },
    /// Somebody signs out everywhere with an access token.
    LogoutAll { back: usize },
    /// Somebody changes their password with an access token.
    Password { back: usize, lost: bool },
    /// An administrator acts on a user.
    Act { user: usize, act: Act },
    /// An administrator logs everyone out.
    Everyone,
    /// The wall clock moves, by milliseconds.
    Clock(i64),
    /// The server is stopped and started, with short lifetimes or long ones.
    Restart { short: bool },
    /// `doorward keys rotate`, beside the running server or before it starts again.
    NewKeys { beside: bool },
    /// Somebody copies the file of the stopped server, which goes on.
    Copy,
    /// Somebody puts the copy back.
    PutBack,
}

/// Where a user signs in.
#[derive(Clone, Copy, Debug)]
pub enum Seat {
    /// A browser without cookies.
    Fresh,
    /// The browser that got the last device cookie.
    Known,
    /// A browser that still holds this refresh token and its device cookie.
    Still(usize),
    /// A client without cookies.
    App,
}

/// From where a refresh token is shown.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// The browser or the application that has it.
    Home,
    /// The same, elsewhere in the same /24.
    NextDoor,
    /// The same browser, which lost its device cookie.
    Bare,
    /// Another program with the same cookies.
    OtherAgent,
    /// The same browser in another network.
    Travelling,
    /// The same network, with a device cookie of somebody else.
    OtherDevice,
    /// Somebody who has the refresh token and nothing else.
    Thief,
}

/// What an administrator does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Disable,
    Enable,
    ChangeRole,
    Delete,
    LogoutAll,
}

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// Spans at the edges of every rule, and some between.
const SPANS: &[i64] = &[
    500,
    9_999,
    10_000,
    10_001,
    60 * SECOND,
    120 * SECOND,
    15 * 60 * SECOND,
    HOUR,
    24 * HOUR - 10_000,
    24 * HOUR,
    24 * HOUR + 1,
    4 * 24 * HOUR - 1,
    4 * 24 * HOUR,
    3 * 24 * HOUR,
    -500,
    -10_000,
    -10_001,
    -61 * SECOND,
    -HOUR,
    -2 * 24 * HOUR,
];

fn back() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..3_usize, 2 => 0..40_usize]
}

fn seat() -> impl Strategy<Value = Seat> {
    prop_oneof![3 => Just(Seat::Fresh), 2 => Just(Seat::Known), 2 => back().prop_map(Seat::Still), 2 => Just(Seat::App)]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        6 => Just(Place::Home),
        1 => Just(Place::NextDoor),
        2 => Just(Place::Bare),
        1 => Just(Place::OtherAgent),
        1 => Just(Place::Travelling),
        1 => Just(Place::OtherDevice),
        2 => Just(Place::Thief),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Disable),
        4 => Just(Act::Enable),
        2 => Just(Act::ChangeRole),
        1 => Just(Act::Delete),
        2 => Just(Act::LogoutAll),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let spans = proptest::sample::select(SPANS);
    prop_oneof![
        12 => (0..2_usize, seat()).prop_map(|(user, seat)| Step::Login { user, seat }),
        60 => (back(), place(), proptest::bool::weighted(0.3))
            .prop_map(|(back, place, lost)| Step::Refresh { back, place, lost }),
        4 => (back(), proptest::bool::weighted(0.25)).prop_map(|(back, astray)| Step::Logout { back, astray }),
        2 => back().prop_map(|back| Step::LogoutAll { back }),
        3 => (back(), any::<bool>()).prop_map(|(back, lost)| Step::Password { back, lost }),
        4 => (0..2_usize, act()).prop_map(|(user, act)| Step::Act { user, act }),
        1 => Just(Step::Everyone),
        30 => spans.prop_map(Step::Clock),
        2 => any::<bool>().prop_map(|short| Step::Restart { short }),
        2 => any::<bool>().prop_map(|beside| Step::NewKeys { beside }),
        2 => Just(Step::Copy),
        2 => Just(Step::PutBack),
    ]
}

fn refresh(back: usize, place: Place, lost: bool) -> Step {
    Step::Refresh { back, place, lost }
}

/// Things that only matter one after the other, and seldom come so by chance.
fn passage() -> impl Strategy<Value = Vec<Step>> {
    // An answer is lost, and the token shown again.
    let apart = Step::Clock(20 * SECOND);
    let lost = Just(vec![apart, refresh(0, Place::Home, true), apart, refresh(0, Place::Home, false)]);
    // A thief goes first.
    let robbed = place().prop_map(move |thief| vec![apart, refresh(0, thief, false), refresh(1, Place::Home, false)]);
    let again = prop_oneof![lost, robbed];
    let row = (again, 1..4_usize).prop_map(|(steps, times)| steps.repeat(times));
    // The same token rotates in two histories.
    let fork = Just(vec![
        Step::Clock(60 * SECOND),
        Step::Copy,
        refresh(0, Place::Home, false),
        Step::PutBack,
        Step::Clock(60 * SECOND),
        refresh(1, Place::Home, false),
        refresh(1, Place::Home, false),
    ]);
    prop_oneof![4 => row, 1 => fork]
}

/// A story: somebody is signed in, and then some forty things happen.
pub fn story() -> impl Strategy<Value = Vec<Step>> {
    let some = prop_oneof![12 => step().prop_map(|step| vec![step]), 1 => passage()];
    proptest::collection::vec(some, 1..32).prop_map(|steps| steps.concat())
}
