//! Service conversations from a chat: commands, cards, and the provider's words where the user is.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;

use countersign_domain::access::Scope;
use countersign_domain::approvals::Choice;
use countersign_domain::chat::PlatformName;
use countersign_domain::service_conversations::Switch;
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_fakes::whatsapp_bridge::FakeBridge;
use countersign_gateway::{Admission, Caller, ChatSettings, InSession, Saying};
use countersign_test_kit::{House, TestingPlatform};

/// Boss administers, Ann may run what is listed, both may talk.
fn gated(chat: &mut ChatSettings) {
    let platform: PlatformName = "testing".parse().unwrap();
    let ids = |people: &[&str]| {
        let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
        ListedIds::on(&platform, &people)
    };
    let people = ids(&["boss", "ann"]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(platform.clone(), admission);
    let listed = ["service".to_owned(), "chats".to_owned()];
    let scope =
        || ScopeAccess { admins: Some(ids(&["boss"])), commands: Some(CommandList::new(&listed)) };
    let access = PlatformAccess { dm: scope(), group: scope() };
    chat.access = AccessPolicy::new(BTreeMap::from([(platform.clone(), access)]));
}

#[tokio::test]
async fn a_conversation_is_led_from_the_chat_in_which_it_was_begun() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows("34600111222", "Movistar");
    let platform = TestingPlatform::new();
    let house = House::with()
        .chat(gated)
        .platform(&platform)
        .bridge(&bridge)
        .service(|settings| settings.enabled = Switch::On)
        .open()
        .await;
    let boss = platform.dm("boss");
    let listed = boss.told("/chats").await;
    assert!(listed.contains("Movistar") && listed.contains("+34600111222"), "{listed}");
    let refused = boss.told("/service start Orange | Hello").await;
    assert!(refused.contains("no recent chat"), "{refused}");
    boss.says("/service start movistar | Hello, my line is down").await;
    let card = platform.open_card().await;
    boss.presses(&card, Choice::Once).await;
    assert_eq!(bridge.sent_when(1).await[0].text, "Hello, my line is down");
    let listed = boss.told("/service").await;
    assert!(listed.contains("approved, draft"), "{listed}");

    // What the provider says is shown here, and decides nothing here.
    movistar.says("/service revoke Movistar");
    platform.says("/service revoke Movistar").await;
    movistar.says("reply We call you");
    platform.says("reply We call you").await;
    let card = platform.open_card().await;
    boss.presses(&card, Choice::Deny).await;
    let thread = boss.told("/service show Movistar").await;
    assert!(thread.contains("Hello, my line is down") && thread.contains("provider: "), "{thread}");

    for (command, told) in [
        ("/service mode Movistar autonomous", "approved, autonomous"),
        ("/service mode Movistar loud", "is not accepted"),
        ("/service pause Movistar", "approved, paused"),
        ("/service resume Movistar", "approved, autonomous"),
        ("/service revoke Movistar", "revoked"),
        ("/service pause Movistar", "Nothing was changed"),
        ("/service approve Movistar", "approved, draft"),
        ("/service approve Orange", "no recent chat"),
        ("/service dance", "/service list"),
    ] {
        let said = boss.told(command).await;
        assert!(said.contains(told), "{command}: {said}");
    }
    assert_eq!(bridge.sent().len(), 1);
    drop(house);
}

#[tokio::test]
async fn who_is_no_admin_runs_none_of_it() {
    let bridge = FakeBridge::listen().await;
    bridge.knows("34600111222", "Movistar");
    let platform = TestingPlatform::new();
    let house = House::with()
        .chat(gated)
        .platform(&platform)
        .bridge(&bridge)
        .service(|settings| settings.enabled = Switch::On)
        .open()
        .await;
    let ann = platform.dm("ann");
    for command in ["/chats", "/service", "/service start Movistar | Hello"] {
        let said = ann.told(command).await;
        assert!(!said.contains("34600111222") && !said.contains("drafted"), "{command}: {said}");
    }
    assert!(bridge.sent().is_empty());
    drop(house);
}

#[tokio::test]
async fn a_key_does_by_commands_what_it_may_do_by_routes() {
    let bridge = FakeBridge::listen().await;
    bridge.knows("34600111222", "Movistar");
    let house = House::with()
        .bridge(&bridge)
        .service(|settings| settings.enabled = Switch::On)
        .open()
        .await;
    let with = |scopes: &[Scope]| Caller {
        scopes: scopes.iter().copied().collect(),
        ..house.key_holder("ci")
    };
    let say = async |scopes: &[Scope], text: &str| {
        let saying = Saying { chat: "main", session: InSession::Present, key: None, text };
        house.gateway.say(saying, &with(scopes)).await.unwrap().reply.unwrap()
    };
    for text in ["/chats", "/service", "/service show Movistar", "/service pause Movistar"] {
        let told = say(&[Scope::Runs], text).await;
        assert!(told.contains("approvals:read") && !told.contains("Movistar"), "{text}: {told}");
    }
    let reading = [Scope::Runs, Scope::ApprovalsRead];
    assert!(say(&reading, "/chats").await.contains("Movistar"));
    let told = say(&reading, "/service pause Movistar").await;
    assert!(told.contains("approvals:decide"), "{told}");
    assert!(say(&reading, "/service start Movistar | Hello").await.contains("is drafted"));
}
