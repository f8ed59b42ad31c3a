//! Files that the agent sends: approved, uploaded, and in the post.

use countersign_fakes::mattermost::{Post, Settings};
use countersign_ports::platform::{BroughtFile, Platform as _};

use crate::town::{Plan, Town, shown};

/// Ann has the agent send a file into the square; the card.
async fn sends(town: &Town, content: &[u8]) -> Post {
    std::fs::write(town.house.workspace().join("notes.txt"), content).unwrap();
    let text = format!("@signer send mattermost:{} | Here it is.\nattach notes.txt", town.square);
    town.ann.posts(&town.square, None, &text).await;
    town.card().await
}

fn with_files(town: &Town) -> Vec<Post> {
    let posts = town.server.posts(&town.square);
    posts.into_iter().filter(|post| !post.file_ids.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_agent_sends_is_shown_approved_and_arrives_as_it_was_shown() {
    let town = Town::open().await;
    let card = sends(&town, b"milk and bread").await;
    let text = shown(&card);
    assert!(text.contains("notes.txt") && text.contains("milk and bread"), "{text}");
    assert!(with_files(&town).is_empty(), "nothing leaves before it is approved");
    // What was shown goes, whatever has become of the file.
    std::fs::write(town.house.workspace().join("notes.txt"), "something else").unwrap();
    town.ann.clicks(&card.id, "allowonce").await;
    town.card_says(&card, "It ran: well").await;
    let [post] = with_files(&town).try_into().unwrap();
    assert_eq!(
        (post.user_id.clone(), post.message.contains("Here it is")),
        (town.bot.id.clone(), true)
    );
    let [id] = post.file_ids.clone().try_into().unwrap();
    let file = BroughtFile { id, name: String::new(), media_type: None, size: None };
    assert_eq!(town.adapter.fetch_file(&file, 100).await.unwrap(), "milk and bread");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_denied_or_larger_than_the_server_takes_goes_nowhere() {
    let town = Town::open().await;
    let card = sends(&town, b"milk").await;
    town.ann.clicks(&card.id, "deny").await;
    town.card_says(&card, "Denied").await;
    assert!(with_files(&town).is_empty());

    let plan = Plan::default();
    let settings = Settings { max_file_bytes: 10, ..plan.settings };
    let town = Town::built(Plan { settings, ..Plan::default() }).await;
    let card = sends(&town, b"more than ten bytes").await;
    town.ann.clicks(&card.id, "allowonce").await;
    town.card_says(&card, "it failed").await;
    assert!(with_files(&town).is_empty());
    let said = |post: &Post| post.message.contains("Maximum File Size");
    town.server.wait_for_post(&town.square, said).await;
}
