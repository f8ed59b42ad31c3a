//! The program itself with a business number on the Cloud API.

use countersign_fakes::whatsapp_cloud::{FakeCloud, Settings};
use serde_json::Value;

use crate::support::Home;

const ANN: &str = "34600000001";

fn section(cloud: &FakeCloud, more: &str) -> String {
    let given = cloud.settings();
    format!(
        "platforms:\n  whatsapp:\n    accounts:\n      main: {{ transport: cloud, \
         phone_number_id: '{}', access_token: {}, app_secret: {}, verify_token: a-word, \
         graph_url: '{}'{more} }}\n    allow_from: ['+{ANN}']\n",
        given.phone_number_id,
        given.access_token,
        given.app_secret,
        cloud.url(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_number_is_tested_called_and_puts_a_list_that_is_tapped() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let cloud = FakeCloud::start(Settings::default()).await;
    let ann = cloud.person(ANN, "Ann");
    let home = Home::new().made();
    home.write_config(&section(&cloud, ""));
    let gateway = tokio::task::block_in_place(|| home.up(&[]));
    // Where it listens is known by now.
    let about = std::fs::read_to_string(home.root().join("gateway.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    let here = format!("http://{}", about["address"].as_str().unwrap());
    home.write_config(&section(&cloud, &format!(", callback_url: '{here}'")));
    let tested =
        tokio::task::block_in_place(|| gateway.cli(&["platforms", "test", "whatsapp", "--json"]));
    assert_eq!(tested.code, Some(0), "{tested:?}");
    let checks: Vec<Value> = tested.json()["data"].as_array().unwrap().clone();
    let is = |what: &str, status: &str| {
        checks.iter().any(|check| check["check"] == what && check["status"] == status)
    };
    // The gateway answers; Meta itself would want https.
    assert!(is("token", "ok") && is("number", "ok") && is("callback", "warning"), "{checks:?}");
    let webhook = format!("{here}/platforms/whatsapp/main/webhook");
    assert!(cloud.subscribes(&webhook, "another-word").await.is_err());
    cloud.subscribes(&webhook, "a-word").await.unwrap();
    std::fs::create_dir_all(home.workspace().join("made")).unwrap();
    assert_eq!(ann.writes("run rm -r made").await.status, 200);
    let card = cloud.wait_for_list(&ann).await;
    ann.taps(&card, "Allow once").await;
    cloud.wait_for_text(&ann, "It ran: well").await;
    assert!(!home.workspace().join("made").exists());
    let listed = tokio::task::block_in_place(|| gateway.cli(&["chats"]));
    assert!(
        listed.out.contains("Ann") && listed.out.contains("only chats are known"),
        "{listed:?}"
    );
    // Whoever has no signature changes nothing.
    assert_eq!(cloud.posts(b"{}", None).await, 401);
    cloud.revokes_token();
    let tested = tokio::task::block_in_place(|| gateway.cli(&["platforms", "test", "whatsapp"]));
    assert_eq!(tested.code, Some(1), "{tested:?}");
    for said in [&tested, &listed] {
        assert!(!said.out.contains(&cloud.settings().access_token), "{said:?}");
    }
    tokio::task::block_in_place(|| gateway.terminate());
}

#[test]
fn its_secrets_are_never_shown_and_what_is_wrong_names_its_key() {
    let home = Home::new().made();
    let account = |fields: &str| {
        format!("platforms:\n  whatsapp:\n    accounts:\n      main: {{ {fields} }}\n")
    };
    home.write_config(&account(
        "phone_number_id: '106540352242922', access_token: qwertz12345, app_secret: asdfgh12345, \
         verify_token: yxcvbn12345",
    ));
    for args in
        [&["config", "get"][..], &["config", "get", "platforms", "--json"], &["config", "check"]]
    {
        let said = home.cli(args);
        assert_eq!(said.code, Some(0), "{said:?}");
        for secret in ["qwertz12345", "asdfgh12345", "yxcvbn12345"] {
            assert!(!said.out.contains(secret) && !said.err.contains(secret), "{said:?}");
        }
    }
    let two = account("phone_number_id: '106540352242922'");
    home.write_config(&format!("{two}whatsapp: {{bridge: {{url: 'http://127.0.0.1:1'}}}}\n"));
    let said = home.cli(&["config", "check"]);
    assert!(said.code == Some(2) && said.err.contains("whatsapp.bridge"), "{said:?}");
    for (fields, key) in [
        ("phone_number_id: '+34600111222'", "accounts.main.phone_number_id"),
        ("graph_url: 'http://graph.example.org'", "accounts.main.graph_url"),
        ("app_secret: 'as dfgh12345'", "accounts.main.app_secret"),
        ("transport: pigeon", "accounts.main.transport"),
    ] {
        home.write_config(&account(fields));
        let said = home.cli(&["config", "check"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(key) && !said.err.contains("dfgh12345"), "{said:?}");
    }
}
