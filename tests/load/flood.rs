//! Requests without a pause.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::others::are_served;
use crate::real::api::{Api, Tokens};

/// How many ask at once.
const CLIENTS: usize = 64;

/// So many clients of their own that do this again and again.
fn flood<F>(addr: SocketAddr, ask: fn(Api, Tokens, usize) -> F, eve: &Tokens) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let (api, eve) = (Api::new(addr), eve.clone());
        tasks.spawn(async move {
            loop {
                ask(api.clone(), eve.clone(), number).await;
            }
        });
    }
    tasks
}

#[test]
fn a_flood_of_sign_ins_keeps_nobody_waiting() {
    are_served("sign-ins", &[], |addr, eve| {
        let ask = |api: Api, _, number: usize| async move {
            // Somebody's right password, and names that are nobody's.
            let name = if number.is_multiple_of(2) { "eve".to_owned() } else { format!("nobody{number}") };
            let answer = api.login(&format!("{name}@example.com")).await.unwrap();
            assert!([200, 401, 429, 503].contains(&answer.status), "{answer:?}");
        };
        flood(addr, ask, &eve)
    });
}

#[test]
fn a_flood_of_refreshes_keeps_nobody_waiting() {
    are_served("refreshes", &[], |addr, eve| {
        let ask = |api: Api, _, _| async move {
            // A chain of one's own; the passwords of all at once may be too many.
            let mut signed_in = api.login("eve@example.com").await.unwrap();
            while signed_in.status == 503 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                signed_in = api.login("eve@example.com").await.unwrap();
            }
            let mut tokens = signed_in.tokens();
            loop {
                tokens = api.refresh(&tokens.refresh).await.unwrap().tokens();
            }
        };
        flood(addr, ask, &eve)
    });
}

#[test]
fn a_flood_of_garbage_keeps_nobody_waiting() {
    are_served("garbage tokens", &[], |addr, eve| {
        let ask = |api: Api, eve: Tokens, number: usize| async move {
            // Long nonsense, and good tokens with another signature.
            let garbage = match number % 3 {
                0 => "x.".repeat(3_000),
                1 => format!("{}AAAA", &eve.refresh[..eve.refresh.len() - 4]),
                _ => format!("{}AAAA", &eve.access[..eve.access.len() - 4]),
            };
            let answer = api.refresh(&garbage).await.unwrap();
            assert!([400, 401].contains(&answer.status), "{answer:?}");
            assert_eq!(api.me(&garbage).await.unwrap().status, 401);
        };
        flood(addr, ask, &eve)
    });
}
