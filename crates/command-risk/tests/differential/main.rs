//! What the interpreter says would run is what bash runs.
//!
//! Programs are generated from a seed, of harmless parts only: stubs that log their words, printers
//! and filters, in a scratch directory that is all of their `PATH`. `SEED` and `COUNT` in the
//! environment choose others and more of them.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::too_many_lines,
    clippy::cast_possible_truncation,
    reason = "a test: it tells what it did, and its lists are read from top to bottom"
)]

mod generate;
mod machine;
mod random;
mod relation;
mod words;

use countersign_command_risk::{Context, Engine, Policy};
use machine::Scratch;
use random::Random;
use relation::Judgement;

/// How many programs a test run compares.
const COUNT: u64 = 1_000;
/// Where they begin.
const SEED: u64 = 20_260_101;
/// How many share one process that runs them.
const BATCH: usize = 50;
/// In how many of a thousand what it says may differ, over many seeds: corners of bash such as the
/// quotes that `@Q` chooses.
const MAX_MISREAD: usize = 1;
/// In how many of a hundred the interpreter may give up, aloud.
const MAX_UNRESOLVED: u64 = 10;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn what_is_said_to_run_is_what_bash_runs() {
    let Some(scratch) = Scratch::new() else {
        println!("not compared: there is no bash on this machine");
        return;
    };
    let (seed, count) = (number("SEED", SEED), number("COUNT", COUNT));
    println!("SEED={seed} COUNT={count}, with {}", scratch.programs.join(" "));
    let engine = Engine::new(Policy::builtin());
    let context = Context {
        cwd: scratch.work(),
        home: scratch.work(),
        workspace: None,
        user: "ana".to_owned(),
    };
    let (mut unresolved, mut wrong, mut ran) = (0_u64, Vec::new(), 0_usize);
    let numbers: Vec<u64> = (0..count).collect();
    for batch in numbers.chunks(BATCH) {
        let programs: Vec<generate::Program> = batch
            .iter()
            .map(|n| generate::program(&mut Random::new(seed.wrapping_add(*n)), &scratch.programs))
            .collect();
        let texts: Vec<&str> = programs.iter().map(|p| p.text.as_str()).collect();
        for ((n, program), calls) in batch.iter().zip(&programs).zip(scratch.run(&texts)) {
            ran += calls.len();
            let analysis = engine.assess(&program.text, &context);
            match relation::judge(&analysis, &calls, program.straight) {
                Judgement::Same => {}
                Judgement::Unresolved => {
                    unresolved += 1;
                    if std::env::var_os("SHOW_UNRESOLVED").is_some() {
                        println!("unresolved, SEED={}\n{}\n", seed.wrapping_add(*n), program.text);
                    }
                }
                Judgement::Wrong(why) => wrong.push(format!(
                    "SEED={} COUNT=1: {why}\n--- program\n{}\n--- bash ran\n{calls:?}\n--- said\n{}\n",
                    seed.wrapping_add(*n),
                    program.text,
                    relation::said(&analysis),
                )),
            }
        }
    }
    println!("{ran} commands ran; {unresolved} of {count} programs were not resolved");
    let shown = number("SHOW", 12);
    for text in wrong.iter().take(usize::try_from(shown).unwrap_or(5)) {
        println!("{text}");
    }
    println!("{} of {count} programs were misread", wrong.len());
    assert!(
        wrong.len() * 1_000 <= usize::try_from(count).unwrap_or(0) * MAX_MISREAD,
        "{} of {count} programs were misread",
        wrong.len()
    );
    assert!(
        count < 100 || unresolved * 100 < count * MAX_UNRESOLVED,
        "{unresolved} of {count} programs were not resolved"
    );
}
