//! How long it takes from a click to the stored and answered decision, with many cards open.
//!
//! `cargo run --release -p countersign-mattermost --example click_load -- [CARDS] [CLICKS A SECOND]`
//!
//! The strict server, the adapter and the real gateway on SQLite run in this process. Clicks come at
//! their times, whether or not those before were answered; each is measured from the moment when it
//! was due.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by hand")]

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../tests/mattermost/town.rs"]
mod town;

use std::time::Duration;

use countersign_fakes::mattermost::Post;
use tokio::task::JoinSet;
use tokio::time::Instant;

use town::{Town, shown};

/// So many people ask at once while the cards are opened.
const ASK_AT_ONCE: usize = 32;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let cards = arguments.next().unwrap_or(1000);
    let rate = arguments.next().unwrap_or(200);
    let town = Town::open().await;
    let opened = Instant::now();
    for first in (0..cards).step_by(ASK_AT_ONCE) {
        let last = (first + ASK_AT_ONCE).min(cards);
        for number in first..last {
            // Different commands, so that each is a card of its own.
            let text = format!("@signer run rm -r made/{number}");
            town.ann.posts(&town.square, None, &text).await;
        }
        town.server
            .wait_for("cards", |server| {
                (open_cards(&server.posts(&town.square)).len() >= last).then_some(())
            })
            .await;
    }
    println!("{cards} cards opened in {:?}", opened.elapsed());
    let open = open_cards(&town.server.posts(&town.square));
    let (begin, pause) = (Instant::now(), Duration::from_secs(1) / u32::try_from(rate).unwrap());
    let mut clicks = JoinSet::new();
    for (number, card) in open.into_iter().enumerate() {
        let due = begin + pause * u32::try_from(number).unwrap();
        tokio::time::sleep_until(due).await;
        let ann = town.ann.clone();
        clicks.spawn(async move {
            let clicked = ann.clicks(&card.id, "deny").await;
            assert!(
                clicked.ephemeral.as_deref().unwrap_or_default().starts_with("Denied"),
                "{clicked:?}"
            );
            due.elapsed()
        });
    }
    let mut spans: Vec<Duration> = clicks.join_all().await;
    let all = begin.elapsed();
    spans.sort();
    let at =
        |percent: usize| spans.get((spans.len() * percent / 100).min(spans.len() - 1)).unwrap();
    println!(
        "{} clicks in {all:?}: p50 {:?}, p99 {:?}, most {:?}",
        spans.len(),
        at(50),
        at(99),
        spans.last().unwrap()
    );
}

fn open_cards(posts: &[Post]) -> Vec<Post> {
    posts
        .iter()
        .filter(|post| !post.buttons().is_empty() && !shown(post).is_empty())
        .cloned()
        .collect()
}
