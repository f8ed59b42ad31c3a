//! Several teams, and several bots of one house.

use countersign_domain::approvals::Status;
use countersign_fakes::mattermost::{Post, TeamRole};
use countersign_mattermost::AccountConfig;

use crate::town::{Plan, Town, shown};

#[tokio::test(flavor = "multi_thread")]
async fn each_team_has_its_commands_with_tokens_of_their_own() {
    let town = Town::built(Plan {
        before: Box::new(|server| {
            let second = server.team("second");
            server.set_team_role(&second, &server.bot("signer").id, Some(TeamRole::Admin));
        }),
        ..Plan::default()
    })
    .await;
    let second = town.server.team("second");
    let there = |server: &countersign_fakes::mattermost::FakeMattermost| {
        let of = |team| server.commands(team).into_iter().find(|one| one.trigger == "whoami");
        Some((of(&town.team)?, of(&second)?))
    };
    let (first, other) = town.server.wait_for("both teams", there).await;
    assert_ne!(first.token, other.token);
    // Noted when all of them are registered.
    town.registered("whoami").await;
    let room = town.server.channel(&second, "room", &[&town.ann, &town.bot]);
    town.ann.posts(&room, None, "@signer run rm -r made").await;
    let card = town
        .server
        .wait_for("a card", |server| {
            server.posts(&room).into_iter().find(|post| !post.buttons().is_empty())
        })
        .await;
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.card_says(&card, "It ran: well").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bots_of_one_house_hear_what_names_them_and_take_no_clicks_of_each_other() {
    let account = AccountConfig { teams: vec!["main".to_owned()], ..AccountConfig::default() };
    let town = Town::built(Plan { account, ..Plan::default() }).await;
    let helper = town.server.bot("helper");
    town.server.join(&town.square, &helper);
    town.joined_by("second", &helper).await;
    town.ann.posts(&town.square, None, "@helper run rm -r made").await;
    let card = town.card().await;
    assert_eq!(card.user_id, helper.id);
    let (url, body) = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    assert!(url.contains("/platforms/mattermost/second/"), "{url}");
    // The other bot's address does not take it: its seals are others.
    let answer = town.server.forge_json(&url.replace("/second/", "/main/"), &body).await;
    let text = answer.body["ephemeral_text"].as_str().unwrap();
    assert!(text.contains("nothing was decided"), "{text}");
    let id = Town::approval(&card);
    let found = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    assert_eq!(found.status, Status::Pending);
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.card_says(&card, "It ran: well").await;
    // And the first bot was never asked, and says nothing.
    let of_the_first = |post: &&Post| post.user_id == town.bot.id;
    assert_eq!(town.server.posts(&town.square).iter().filter(of_the_first).count(), 0);
    town.ann.posts(&town.square, None, "@signer say hello").await;
    let answer = town.server.wait_for_post(&town.square, |post| post.user_id == town.bot.id).await;
    assert!(shown(&answer).is_empty());
}
