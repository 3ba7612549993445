//! Commands beside a running server: the real binary twice.

use std::fs::File;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::real::Site;
use crate::real::api::{Api, Tokens};
use crate::real::wait::timed;

const ANN: &str = "ann@example.com";

/// Runs a command to its end, and lets others go on meanwhile.
async fn run(site: &Arc<Site>, args: &'static [&'static str]) -> Output {
    let site = Arc::clone(site);
    tokio::task::spawn_blocking(move || site.run(args)).await.unwrap()
}

fn said(output: &Output) -> (Option<i32>, &str) {
    (output.status.code(), std::str::from_utf8(&output.stderr).unwrap())
}

#[tokio::test]
async fn whom_a_command_signs_out_is_refused_when_it_comes_back() {
    let site = Arc::new(Site::new());
    let server = site.start();
    let api = server.api();
    let ann = api.setup(&server.setup_secret(), ANN).await;
    let bob = api.register("bob@example.com").await;
    let output = run(&site, &["logout-all", ANN]).await;
    let (status, err) = said(&output);
    assert!(status == Some(0) && err.ends_with("the running server refuses what was ended from now on\n"), "{err}");
    assert_eq!(api.me(&ann.access).await.unwrap().code(), "invalid_access_token");
    let refused = api.refresh(&ann.refresh).await.unwrap();
    assert_eq!((refused.code(), refused.reason()), ("session_ended", "ended_by_admin"));
    assert_eq!(api.me(&bob.access).await.unwrap().status, 200);
    let output = run(&site, &["logout-all", "--everyone"]).await;
    assert_eq!(said(&output).0, Some(0));
    assert_eq!(api.me(&bob.access).await.unwrap().code(), "invalid_access_token");
    let refused = api.refresh(&bob.refresh).await.unwrap();
    assert_eq!((refused.code(), refused.reason()), ("session_ended", "everyone_logged_out"));
    server.stop();
}

#[tokio::test]
async fn a_busy_server_lets_a_command_write() {
    let site = Arc::new(Site::new());
    // Without a grace each refresh is a write.
    let server = site.starter().env("DOORWARD_REFRESH__GRACE", "0s").start();
    let api = server.api();
    let mut users = vec![api.setup(&server.setup_secret(), ANN).await];
    for number in 0..7 {
        users.push(api.register(&format!("user{number}@example.com")).await);
    }
    let flood = Flood::begin(&api, users);
    flood.passes(50).await;
    for args in [["user", "add", "kim@example.com"].as_slice(), &["user", "add", "lee@example.com"]] {
        let before = flood.count();
        let (output, took) = timed(run(&site, args)).await;
        assert_eq!(said(&output).0, Some(0), "{output:?}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert!(flood.count() > before, "the server went on");
        flood.passes(20).await;
    }
    flood.end().await;
    server.stop();
}

/// Users who refresh again and again.
struct Flood {
    count: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Flood {
    fn begin(api: &Api, users: Vec<Tokens>) -> Self {
        let (count, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let refresh = |mut user: Tokens| {
            let (api, count, over) = (api.clone(), Arc::clone(&count), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    user = api.refresh(&user.refresh).await.unwrap().tokens();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let tasks = users.into_iter().map(refresh).collect();
        Self { count, over, tasks }
    }

    fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits for so many more refreshes.
    async fn passes(&self, more: u32) {
        let goal = self.count() + more;
        while self.count() < goal {
            assert!(self.tasks.iter().all(|task| !task.is_finished()), "a refresh failed");
            tokio::task::yield_now().await;
        }
    }

    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_command_that_hangs_with_the_turn_costs_the_server_one_wait() {
    let site = Arc::new(Site::new());
    let server = site.starter().env("DOORWARD_REFRESH__GRACE", "0s").start();
    let api = server.api();
    let first = api.setup(&server.setup_secret(), ANN).await;
    let hangs = File::options().write(true).open(site.file("doorward.turn")).unwrap();
    hangs.lock().unwrap();
    let (second, _) = timed(api.refresh(&first.refresh)).await;
    let mut tokens = second.unwrap().tokens();
    let ((), took) = timed(async {
        for _ in 0..10 {
            tokens = api.refresh(&tokens.refresh).await.unwrap().tokens();
        }
    })
    .await;
    assert!(took < Duration::from_secs(5), "each waited: {took:?}");
    let output = run(&site, &["user", "add", "kim@example.com"]).await;
    let (status, err) = said(&output);
    assert_eq!(status, Some(1));
    assert!(err.ends_with("error: the database is locked by another process\n"), "{err}");
    drop(hangs);
    assert_eq!(said(&run(&site, &["user", "add", "kim@example.com"]).await).0, Some(0));
    api.refresh(&tokens.refresh).await.unwrap().tokens();
    server.stop();
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_does_not_start() {
    let site = Arc::new(Site::new());
    let server = site.start();
    let output = run(&site, &["serve"]).await;
    let (status, err) = said(&output);
    let error = format!(
        "error: another doorward already serves {}; stop it first, or give this one a folder of its own with --data\n",
        site.file("doorward.db").display()
    );
    assert_eq!(status, Some(1));
    assert!(err.ends_with(&error), "{err}");
    server.api().setup(&server.setup_secret(), ANN).await;
    server.stop();
}
