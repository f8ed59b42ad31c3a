//! Service conversations with the real program, over the HTTP of a bridge.

use std::os::unix::fs::PermissionsExt as _;
use std::{fs, thread};

use countersign_fakes::whatsapp_bridge::FakeBridge;

use crate::support::{Home, until};

const TOKEN: &str = "whatsapp-bridge.token";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_written_to_read_and_left_from_the_command_line() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows("34600111222", "Movistar");
    let home = Home::new().made();
    let token = home.root().join(TOKEN);
    fs::write(&token, bridge.token()).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let url = bridge.url();
    home.write_config(&format!(
        "whatsapp:\n  bridge: {{url: '{url}'}}\n  service_conversations: {{enabled: true}}\n"
    ));
    thread::scope(|scope| {
        scope.spawn(|| {
            let gateway = home.up(&[]);
            let chats = gateway.cli(&["chats"]);
            assert!(
                chats.out.contains("Movistar") && chats.out.contains("+34600111222"),
                "{chats:?}"
            );
            let list = gateway.cli(&["service", "list"]);
            assert!(list.out.contains("begun within 24 h: 0 of 3"), "{list:?}");
            let started = gateway.cli(&["service", "start", "movistar", "Hello"]);
            assert!(started.out.contains("drafted by run_"), "{started:?}");
            until("the draft waits", || {
                gateway.cli(&["service", "list"]).out.contains("pending_first_contact")
            });
            assert!(bridge.sent().is_empty());
            // Whoever approves the first message names its card, which shows all of it.
            let refused = gateway.cli(&["service", "approve", "+34 600 111 222"]);
            let card = refused.err.split('`').find(|word| word.starts_with("appr_")).unwrap();
            let approved = gateway.cli(&["approvals", "approve", card]);
            assert_eq!(approved.code, Some(0), "{approved:?}");
            until("it is sent", || bridge.sent().len() == 1);
            movistar.says("What is your number?");
            until("it is heard", || {
                gateway.cli(&["service", "show", "Movistar"]).out.contains("What is your number?")
            });
            let thread = gateway.cli(&["service", "show", "Movistar", "--json"]).json();
            assert_eq!(thread["messages"][0]["model"], "given");
            assert_eq!(thread["messages"][1]["outcome"], "sent");
            for (args, told) in [
                (&["service", "mode", "Movistar", "autonomous"][..], "mode: autonomous"),
                (&["service", "pause", "Movistar"], "mode: paused"),
                (&["service", "resume", "Movistar"], "mode: autonomous"),
                (&["service", "revoke", "Movistar"], "is revoked"),
            ] {
                let said = gateway.cli(args);
                assert!(said.out.contains(told), "{said:?}");
            }
            let refused = gateway.cli(&["service", "pause", "Movistar"]);
            assert_eq!(refused.code, Some(1), "{refused:?}");
            gateway.terminate();
        });
    });
}

#[test]
fn a_start_makes_the_token_of_the_bridge_and_refuses_a_bridge_elsewhere() {
    let home = Home::new().made();
    home.write_config("whatsapp: {bridge: {url: 'http://127.0.0.1:1'}}\n");
    let gateway = home.up(&[]);
    let token = home.root().join(TOKEN);
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    let made = fs::read_to_string(&token).unwrap();
    assert!(made.starts_with("cs_bridge_"), "{made}");
    let off = gateway.cli(&["chats"]);
    assert!(off.code == Some(1) && !off.err.contains(&made), "{off:?}");
    gateway.terminate();
    for (text, key) in [
        ("whatsapp: {bridge: {url: 'http://10.0.0.1:8790'}}\n", "whatsapp.bridge.url"),
        (
            "whatsapp: {service_conversations: {approved_patterns: ['*']}}\n",
            "whatsapp.service_conversations.approved_patterns",
        ),
        (
            "whatsapp: {service_conversations: {default_mode: loud}}\n",
            "whatsapp.service_conversations.default_mode",
        ),
        ("platforms: {whatsapp: {allow_from: ['+34600111222']}}\n", "platforms.whatsapp"),
        (
            "whatsapp: {bridge: {url: 'http://127.0.0.1:1'}}\n\
             platforms: {whatsapp: {pairing: code}}\n",
            "platforms.whatsapp.pairing",
        ),
        (
            "whatsapp:\n  bridge: {url: 'http://127.0.0.1:1'}\n  service_conversations:\n    \
             approved_chats: ['34600111222@s.whatsapp.net']\n\
             platforms: {whatsapp: {allow_from: ['+34 600 111 222']}}\n",
            "platforms.whatsapp.allow_from",
        ),
    ] {
        home.write_config(text);
        let refused = home.cli(&["up", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(key), "{refused:?}");
        assert_eq!(home.cli(&["config", "check"]).code, Some(2), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_talks_with_the_real_program_in_their_own_chat() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger("34600999888", "Ann");
    let home = Home::new().made();
    let token = home.root().join(TOKEN);
    fs::write(&token, bridge.token()).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let url = bridge.url();
    home.write_config(&format!(
        "whatsapp: {{bridge: {{url: '{url}'}}}}\n\
         platforms: {{whatsapp: {{allow_from: ['+34 600 999 888']}}}}\n"
    ));
    thread::scope(|scope| {
        scope.spawn(|| {
            let gateway = home.up(&[]);
            ann.says("/whoami");
            bridge.stranger("34611000111", "Somebody").says("/whoami");
            until("she is answered", || !bridge.sent().is_empty());
            until("both are heard", || bridge.unacknowledged() == 0);
            let [answer] = bridge.sent().try_into().unwrap();
            assert_eq!(answer.chat_id, "34600999888@s.whatsapp.net");
            assert!(answer.text.contains("34600999888@s.whatsapp.net"), "{answer:?}");
            let listed = gateway.cli(&["platforms", "list"]);
            // The bot and the link of its account are one.
            assert_eq!(listed.out.matches("whatsapp").count(), 1, "{listed:?}");
            gateway.terminate();
        });
    });
}
