//! How long it takes from a click to the stored and answered decision, with many cards open.
//!
//! `cargo run --release -p countersign-mattermost --example click_load -- [CARDS] [CLICKS A SECOND]`
//!
//! The strict server, the adapter and the real gateway on SQLite run in this process; the server signs
//! each click and brings it through the gateway's own HTTP listener. Clicks come at their times,
//! whether or not those before were answered; each is measured from the moment when it was due. It
//! fails if the 99th percentile is above 50 ms or fewer clicks a second were answered than wanted.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by hand")]

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../tests/mattermost/town.rs"]
mod town;

use std::process::ExitCode;
use std::time::Duration;

use countersign_fakes::mattermost::Post;
use tokio::task::JoinSet;
use tokio::time::Instant;

use town::{Town, shown};

/// So many people ask at once while the cards are opened.
const ASK_AT_ONCE: usize = 32;

/// The longest time that one click in a hundred may take.
const LONGEST: Duration = Duration::from_millis(50);

/// Clicks come by so much quicker than they have to be answered, in percent: the last one has its time.
const QUICKER: u32 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u32>().unwrap());
    let cards = arguments.next().unwrap_or(1000);
    let rate = arguments.next().unwrap_or(200);
    let town = Town::open().await;
    let opened = Instant::now();
    let open = open_cards(&town, cards).await;
    println!("{cards} cards opened in {:?}", opened.elapsed());
    let pause = Duration::from_secs(1) * 100 / (rate * (100 + QUICKER));
    let begin = Instant::now();
    let mut clicks = JoinSet::new();
    for (number, card) in (0..).zip(open) {
        let due = begin + pause * number;
        tokio::time::sleep_until(due).await;
        let ann = town.ann.clone();
        clicks.spawn(async move {
            let clicked = ann.clicks(&card.id, "deny").await;
            let told = clicked.ephemeral.as_deref().unwrap_or_default();
            assert!(told.starts_with("Denied"), "{clicked:?}");
            due.elapsed()
        });
    }
    let mut spans: Vec<Duration> = clicks.join_all().await;
    let all = begin.elapsed();
    spans.sort();
    let at =
        |percent: usize| spans.get((spans.len() * percent / 100).min(spans.len() - 1)).unwrap();
    #[expect(clippy::cast_precision_loss, reason = "so many clicks are counted exactly")]
    let answered = spans.len() as f64 / all.as_secs_f64();
    println!(
        "{} clicks in {all:?}, {answered:.1} a second: p50 {:?}, p99 {:?}, most {:?}",
        spans.len(),
        at(50),
        at(99),
        spans.last().unwrap()
    );
    if *at(99) > LONGEST || answered < f64::from(rate) {
        println!("too slow: p99 has to be at most {LONGEST:?}, at {rate} clicks a second or more");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// So many cards that can be decided.
async fn open_cards(town: &Town, cards: u32) -> Vec<Post> {
    for number in 0..cards {
        // Different commands, so that each is a card of its own.
        let text = format!("@signer run rm -r made/{number}");
        town.ann.posts(&town.square, None, &text).await;
        let asked = usize::try_from(number).unwrap() + 1;
        if asked.is_multiple_of(ASK_AT_ONCE) || number + 1 == cards {
            let all = |_: &_| (open_now(town).len() >= asked).then_some(());
            town.server.wait_for("cards", all).await;
        }
    }
    open_now(town)
}

fn open_now(town: &Town) -> Vec<Post> {
    let posts = town.server.posts(&town.square).into_iter();
    posts.filter(|post| !post.buttons().is_empty() && !shown(post).is_empty()).collect()
}
