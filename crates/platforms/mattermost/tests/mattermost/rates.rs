//! A server that takes only so much at a time.

use countersign_fakes::mattermost::{Post, RateLimit, Settings};
use countersign_mattermost::{AccountConfig, SignedClicks};

use crate::town::{ASKS, Plan, Town};

/// So many people want to hear something at once.
const FLOOD: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn a_card_passes_a_flood_of_answers_and_none_of_them_is_lost() {
    // The server's clock is the real one here, and the house's is not.
    let account =
        AccountConfig { require_signed_click: SignedClicks::Never, ..AccountConfig::default() };
    let town =
        Town::built(Plan { settings: Settings::default(), account, ..Plan::default() }).await;
    town.registered("whoami").await;
    town.server.rate_limit(Some(RateLimit { per_second: 8, burst: 14 }));
    for number in 0..FLOOD {
        town.bob.posts(&town.square, None, &format!("@signer say number {number}.")).await;
    }
    town.ann.posts(&town.square, None, &format!("@signer {ASKS}")).await;
    let card = town.card().await;
    let answers = |posts: &[Post]| {
        let answers = posts
            .iter()
            .filter(|post| post.user_id == town.bot.id && post.message.contains("number "));
        answers.count()
    };
    let before = answers(&town.server.posts(&town.square));
    assert!(before < FLOOD, "the card came after all {before} answers");
    town.ann.clicks(&card.id, "allowonce").await;
    town.card_says(&card, "It ran: well").await;
    town.server
        .wait_for("every answer", |server| {
            (answers(&server.posts(&town.square)) >= FLOOD).then_some(())
        })
        .await;
    // Each of them once, however often the server wanted a pause.
    for number in 0..FLOOD {
        let words = format!("number {number}.");
        let said = town
            .server
            .posts(&town.square)
            .into_iter()
            .filter(|post| post.user_id == town.bot.id && post.message.contains(&words));
        assert_eq!(said.count(), 1, "{words}");
    }
}
