//! The rotation against a model of it: any order of anything, and after each step the same answer, the
//! same tokens and the same events as the contract's table says.

mod check;
mod decide;
mod history;
mod reference;
mod scenarios;
mod step;
mod world;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::model::step::story;
use crate::model::world::World;

/// So many stories unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 48;

/// From the environment; the same stories at each run unless `PROPTEST_RNG_SEED` is set.
fn config() -> Config {
    let unset = |name: &str| std::env::var_os(name).is_none();
    let mut config = Config { failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    if unset("PROPTEST_CASES") {
        config.cases = CASES;
    }
    if unset("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(20_270_115);
    }
    config
}

#[test]
fn whatever_happens_the_rotation_does_what_the_table_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = TestRunner::new(config()).run(&story(), |steps| {
        runtime.block_on(async {
            let mut world = World::begin().await;
            for (at, step) in steps.iter().enumerate() {
                let done = world.step(step).await;
                done.map_err(|wrong| TestCaseError::fail(format!("step {at}, {step:?}: {wrong}")))?;
            }
            world.epilogue().await.map_err(|wrong| TestCaseError::fail(format!("at the end: {wrong}")))
        })
    });
    match told {
        Ok(()) => {}
        Err(TestError::Abort(why)) => panic!("{why}"),
        Err(TestError::Fail(why, steps)) => {
            let steps: Vec<_> = steps.iter().enumerate().map(|(at, step)| format!("{at}: {step:?}")).collect();
            panic!("{why}\nof:\n{}", steps.join("\n"));
        }
    }
}
