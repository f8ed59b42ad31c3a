//! The program itself with a bot on a Mattermost server.

use countersign_fakes::mattermost::{FakeMattermost, Settings, TeamRole};
use serde_json::Value;

use crate::support::Home;

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_bot_is_tested_connects_and_puts_a_card_that_is_clicked() {
    let server = FakeMattermost::start(Settings::default()).await;
    let team = server.team("main");
    let (ann, bot) = (server.user("ann"), server.bot("signer"));
    server.set_team_role(&team, &bot, Some(TeamRole::Admin));
    let square = server.channel(&team, "square", &[&ann, &bot]);
    let home = Home::new().made();
    home.write_config(&format!(
        "platforms:\n  mattermost:\n    accounts:\n      main: {{ url: '{}', token: {} }}\n    \
         group_allow_from: [{}]\n",
        server.url(),
        bot.token,
        ann.id
    ));
    let gateway = tokio::task::block_in_place(|| home.up(&[]));
    let tested =
        tokio::task::block_in_place(|| gateway.cli(&["platforms", "test", "mattermost", "--json"]));
    assert_eq!(tested.code, Some(0), "{tested:?}");
    let checks: Vec<Value> = tested.json()["data"].as_array().unwrap().clone();
    assert!(
        checks.iter().any(|check| check["check"] == "callback" && check["status"] == "ok"),
        "{checks:?}"
    );
    assert!(!tested.out.contains(&bot.token));
    server.wait_until_connected(&bot).await;
    std::fs::create_dir_all(home.workspace().join("made")).unwrap();
    ann.posts(&square, None, "@signer run rm -r made").await;
    let card = server.wait_for_post(&square, |post| !post.buttons().is_empty()).await;
    let clicked = ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    server
        .wait_for("the command to have run", |_| {
            (!home.workspace().join("made").exists()).then_some(())
        })
        .await;
    tokio::task::block_in_place(|| gateway.terminate());
}

#[test]
fn a_token_in_the_configuration_is_never_shown() {
    let home = Home::new().made();
    home.write_config(
        "platforms:\n  mattermost:\n    accounts:\n      main: { url: 'https://chat.example.org', token: qwertz12345 }\n",
    );
    for args in
        [&["config", "get"][..], &["config", "get", "platforms", "--json"], &["config", "check"]]
    {
        let said = home.cli(args);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(!said.out.contains("qwertz12345") && !said.err.contains("qwertz12345"), "{said:?}");
    }
    home.write_config("platforms:\n  mattermost:\n    accounts:\n      main: { url: chat, token: 'qw ertz12345' }\n");
    let said = home.cli(&["config", "check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("platforms.mattermost.accounts.main.url")
            && !said.err.contains("ertz12345"),
        "{said:?}"
    );
    home.write_config("platforms:\n  mattermost:\n    accounts:\n      main: { url: 'http://chat', token: 'qw ertz12345' }\n");
    let said = home.cli(&["config", "check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("accounts.main.token") && !said.err.contains("ertz12345"),
        "{said:?}"
    );
}
