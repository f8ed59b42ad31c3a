//! What goes wrong on the way, and what arrives all the same.

use std::time::Duration;

use countersign_fakes::mattermost::PostId;
use countersign_gateway::{ChatSettings, DropReason};
use countersign_mattermost::{AccountConfig, ReplyMode};
use countersign_ports::platform::{AccountState, Platform as _};
use serde_json::json;

use crate::town::{ASKS, Plan, Town, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_card_arrives_once_although_the_server_wants_pauses_and_loses_answers() {
    let town = Town::open().await;
    town.registered("whoami").await;
    town.server.limit_next("/posts", 1);
    town.server.lose_answer("/posts", 500);
    let (_, card) = town.asked().await;
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.server.fail_next(&format!("/posts/{}/patch", card.id), 503);
    town.card_says(&card, "It ran: well").await;
    let cards = town.server.posts(&town.square).into_iter().filter(|post| !shown(post).is_empty());
    assert_eq!(cards.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_told_and_nothing_else_breaks() {
    let town = Town::open().await;
    let mut states = town.adapter.states();
    states.wait_for(|state| *state == AccountState::Connected).await.unwrap();
    town.server.revoke(&town.bot.token);
    town.server.drop_sockets();
    let refused = states.wait_for(|state| matches!(state, AccountState::Refused { .. }));
    let refused =
        tokio::time::timeout(Duration::from_secs(20), refused).await.unwrap().unwrap().clone();
    let AccountState::Refused { why } = refused else { unreachable!() };
    assert!(why.contains("token") && !why.contains(&town.bot.token), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_meets_a_refused_token_is_owed_and_the_account_says_so() {
    let town = Town::open().await;
    town.registered("whoami").await;
    let mut states = town.adapter.states();
    states.wait_for(|state| *state == AccountState::Connected).await.unwrap();
    for _ in 0..4 {
        town.server.fail_next("/posts", 401);
    }
    let refused = async {
        let state = states.wait_for(|state| matches!(state, AccountState::Refused { .. })).await;
        drop(state.unwrap());
    };
    let ((_, card), ()) = tokio::join!(town.asked(), refused);
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.card_says(&card, "It ran: well").await;
    assert_eq!(town.adapter.state(), AccountState::Connected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_be_read_takes_nothing_from_others_and_is_read_later() {
    let town = Town::open().await;
    let room = town.server.channel(&town.team, "room", &[&town.ann, &town.bot]);
    let later = |by: Duration| {
        town.house.clock.advance(by);
        town.server.clock().advance(by);
    };
    let answered = async |channel, said: &PostId| {
        town.server
            .wait_for_post(channel, |post| {
                post.user_id == town.bot.id && post.root_id == said.as_str()
            })
            .await;
    };
    // It is away until the bot cannot but meet the failure.
    town.server.stop().await;
    town.server.fail_next(&format!("/channels/{}/posts", town.square), 401);
    later(Duration::from_secs(1));
    // Nobody is connected when they speak.
    let unread = town.bob.posts(&town.square, None, "@signer say hello").await;
    let read = town.ann.posts(&room, None, "@signer say hello").await;
    town.server.start_again();
    town.connected().await;
    answered(&room, &read).await;
    later(Duration::from_mins(2));
    let heard = town.ann.posts(&town.square, None, "@signer say hello").await;
    answered(&town.square, &heard).await;
    // The next connection finds it.
    town.server.restart().await;
    town.connected().await;
    answered(&town.square, &unread).await;
    let answers = town.server.posts(&town.square);
    let to = |said: &PostId| answers.iter().filter(|post| post.root_id == said.as_str()).count();
    assert_eq!((to(&unread), to(&heard)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_names_the_bot_is_heard_in_channels() {
    let town = Town::open().await;
    for text in ["say hello", "@signer2 say hello", "mail x@signer.org", "@signer.two hi"] {
        town.ann.posts(&town.square, None, text).await;
    }
    let props = |name: &str| serde_json::Map::from_iter([(name.to_owned(), json!("true"))]);
    town.ann
        .posts_with_props(&town.square, None, "@signer say hello", props("from_webhook"))
        .await
        .unwrap();
    town.stranger.posts(&town.square, None, "@signer say hello").await;
    let last = town.ann.posts(&town.square, None, "hey @Signer, say hello").await;
    let answer = town.server.wait_for_post(&town.square, |post| post.user_id == town.bot.id).await;
    assert_eq!(answer.root_id, last.as_str());
    let dropped = town.house.gateway.dropped();
    assert_eq!(dropped[&DropReason::NotMentioned], 4);
    assert_eq!((dropped[&DropReason::Bot], dropped[&DropReason::NotAllowed]), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_channel_is_a_group_and_its_admins_are_those_of_groups() {
    let town = Town::open().await;
    let room = town.server.private_channel(&town.team, "room", &[&town.ann, &town.bot]);
    town.ann.posts(&room, None, "say hello").await;
    town.ann.posts(&room, None, "@signer !status").await;
    town.server
        .wait_for_post(&room, |post| {
            post.message.contains("nothing was said here yet")
                || post.message.contains("The agent is")
        })
        .await;
    assert_eq!(town.house.gateway.dropped()[&DropReason::NotMentioned], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn flat_answers_go_into_the_channel_unless_a_thread_was_written_in() {
    let account = AccountConfig { reply_mode: ReplyMode::Flat, ..AccountConfig::default() };
    let town = Town::built(Plan { account, ..Plan::default() }).await;
    let said = town.ann.posts(&town.square, None, &format!("@signer {ASKS}")).await;
    let card = town.card().await;
    assert_eq!(card.root_id, "");
    town.ann.clicks(&card.id, "deny").await;
    town.card_says(&card, "Denied").await;
    town.bob.posts(&town.square, Some(&said), "@signer say hello").await;
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.root_id == said.as_str()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_says_calls_nobody() {
    let town = Town::open().await;
    town.ann.posts(&town.square, None, "@signer say @all @bob look").await;
    let answer = town.server.wait_for_post(&town.square, |post| post.user_id == town.bot.id).await;
    assert!(
        answer.message.contains("@\u{200b}all") && answer.message.contains("@\u{200b}bob"),
        "{}",
        answer.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_finds_the_channels_that_the_bot_is_in() {
    let town = Town::open().await;
    let direct = town.ann.direct_with(&town.bot);
    let chats = town.adapter.chats().await.unwrap();
    let of = |id: &str| chats.iter().find(|chat| chat.id.as_str() == id).unwrap().name.clone();
    assert_eq!(of(town.square.as_str()).as_deref(), Some("square"));
    assert_eq!(of(direct.as_str()).as_deref(), Some("ann"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_sends_is_fetched_and_no_more_of_it_than_was_asked_for() {
    use countersign_ports::platform::BroughtFile;
    let town = Town::open().await;
    let file = ("notes.txt", "text/plain", b"milk and bread".as_slice());
    let post = town.ann.posts_file(&town.square, None, "@signer say hello", file).await.unwrap();
    let id = town.server.post(&post).unwrap().file_ids.pop().unwrap();
    let brought = BroughtFile { id, name: "notes.txt".to_owned(), media_type: None, size: None };
    assert_eq!(town.adapter.fetch_file(&brought, 100).await.unwrap(), "milk and bread");
    assert!(town.adapter.fetch_file(&brought, 5).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_command_is_shown_whole_or_cannot_be_approved_in_the_chat() {
    for (length, approvable) in [(6_000, true), (15_900, false)] {
        let page = |chat: &mut ChatSettings| {
            chat.web_page = Some("https://signer.example.org/".to_owned());
        };
        let town = Town::built(Plan { chat: Box::new(page), ..Plan::default() }).await;
        let text = format!("@signer run rm -r made/{}", "`@all` ".repeat(length / 7));
        town.ann.posts(&town.square, None, &text).await;
        let card = town.card().await;
        let text = shown(&card);
        assert!(text.chars().count() <= 16_383);
        assert_eq!(card.action_ids().contains(&"allowonce".to_owned()), approvable, "{length}");
        assert!(card.action_ids().contains(&"deny".to_owned()));
        // Who cannot see all of it there is told where.
        let link = format!("<https://signer.example.org/approvals/{}>", Town::approval(&card));
        assert_eq!(text.contains(&link), !approvable, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_came_with_a_message_lies_in_the_workspace() {
    let town = Town::open().await;
    let file = ("notes.txt", "text/plain", b"milk and bread".as_slice());
    town.ann.posts_file(&town.square, None, "@signer say hello", file).await.unwrap();
    town.server.wait_for_post(&town.square, |post| post.user_id == town.bot.id).await;
    let mut folders = vec![town.house.workspace()];
    let mut found = None;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with("notes.txt") {
                found = Some(path);
            }
        }
    }
    assert_eq!(std::fs::read(found.unwrap()).unwrap(), b"milk and bread");
}
