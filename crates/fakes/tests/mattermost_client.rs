//! The fake Mattermost, checked by Mattermost's own JavaScript client.

use std::path::{Path, PathBuf};

use countersign_fakes::mattermost::{FakeMattermost, Settings, TeamRole};
use serde_json::{Value, json};
use tokio::process::Command;

/// Where `./test` has put the client.
fn installed() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/mattermost-client");
    assert!(
        own.join("node_modules/@mattermost/client").exists(),
        "the Mattermost client is not installed: ./test installs it below target/tools"
    );
    own
}

#[tokio::test]
async fn the_official_client_logs_in_hears_posts_clicks_types_commands_and_sends_files() {
    let server = FakeMattermost::start(Settings::default()).await;
    let team = server.team("main");
    let (ann, bob, bot) = (server.user("ann"), server.user("bob"), server.bot("signer"));
    server.set_team_role(&team, &bot, Some(TeamRole::Admin));
    let town = server.channel(&team, "town", &[&ann, &bob, &bot]);
    let place = json!({
        "url": server.url(),
        "channel": {"id": town},
        "users": {"ann": {"id": ann.id}},
        "bots": {"signer": {"token": bot.token}},
    });
    let output = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mattermost-client/client.cjs"))
        .arg(installed())
        .arg(place.to_string())
        .kill_on_drop(true)
        .output()
        .await
        .expect("node, which ./test installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let clicked = report["clicked"].clone();
    let expected = json!({
        "wrongPassword": [401, "api.user.login.invalid_credentials_email_username"],
        "login": ["ann", true],
        "teams": "main",
        "channels": ["town"],
        "signingKey": "string",
        "hello": "string",
        "ping": "pong",
        "posted": ["hello @ann", true],
        "thread": 2,
        "edited": "hello again",
        "button": ["Allow once", false],
        "clicked": clicked,
        "update": "decided",
        "ephemeral": ["Thank you.", true],
        "noSuchAction": 404,
        "command": [26, "cs-status"],
        "said": "All is well.",
        "invocation": [true, "now"],
        "notFound": "api.command.execute_command.not_found.app_error",
        "dialog": ["is missing", "kept", true],
        "file": ["note.txt", "mine", 19, "content of the file"],
        "cameBack": [1, 0],
    });
    assert_eq!(report, expected);
    assert_eq!(clicked, json!(["OK", 26]));
}
