//! Commands of plugins, in chats.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::chat::PlatformName;
use countersign_domain::commands::{Access, Busy, Category, Command, Source};
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_gateway::{Admission, ChatSettings};
use countersign_ports::platform::Feature;
use countersign_ports::plugins::{CommandDesk as _, PluginCall, PluginError, Plugins};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, Shown, TestingPlatform};

/// Boss administers; others may have the weather.
fn gate(chat: &mut ChatSettings) {
    let testing: PlatformName = "testing".parse().unwrap();
    let ids = |people: &[&str]| {
        let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
        ListedIds::on(&testing, &people)
    };
    let people = ids(&["boss", "ann"]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing.clone(), admission);
    let listed = ["weather".to_owned()];
    let scope =
        || ScopeAccess { admins: Some(ids(&["boss"])), commands: Some(CommandList::new(&listed)) };
    let access = PlatformAccess { dm: scope(), group: scope() };
    chat.access = AccessPolicy::new(BTreeMap::from([(testing.clone(), access)]));
}

async fn open(platform: &Arc<TestingPlatform>) -> House {
    House::with().chat(gate).platform(platform).open().await
}

fn command(name: &str, access: Access) -> Command {
    Command {
        name: name.parse().unwrap(),
        description: "Tells the weather.".to_owned(),
        category: Category::Tools,
        aliases: Vec::new(),
        arguments: String::new(),
        busy: Busy::Allowed,
        access,
        source: Source::Plugin("sky".to_owned()),
    }
}

/// A plugin that answers as it is told to.
struct Moody;

#[async_trait]
impl Plugins for Moody {
    async fn call(&self, _: &str, call: PluginCall) -> Result<String, PluginError> {
        match call.arguments.as_str() {
            "hang" => Err(PluginError::Late(call.time)),
            "ponder" => {
                tokio::time::sleep(Duration::from_millis(2100)).await;
                Ok("it will **rain**".to_owned())
            }
            "die" => Err(PluginError::Gone),
            "flood" => Ok("x".repeat(1_000_000)),
            told => Ok(format!("@all **{told}** \u{202e} by {}", call.by)),
        }
    }
}

#[tokio::test]
async fn a_plugin_answers_in_the_chat_and_whatever_it_does_is_its_own_problem() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    house.gateway.attach_plugins(Arc::new(Moody));
    house.gateway.register(command("weather", Access::Listed)).unwrap();
    house.gateway.register(command("storm", Access::Admins)).unwrap();
    let refused = house.gateway.register(command("approve", Access::Listed)).unwrap_err();
    assert_eq!(refused.to_string(), "`/approve` is taken by `/approve`");
    let (ann, boss) = (platform.dm("ann"), platform.dm("boss"));
    let told = ann.told("/weather today").await;
    assert!(told.contains("today") && told.contains("testing:ann"), "{told}");
    assert!(told.starts_with("```") && !told.contains('\u{202e}'), "{told}");
    assert!(ann.told("/weather hang").await.contains("did not answer"));
    assert!(ann.told("/weather die").await.contains("not running"));
    // What comes when the platform waits no more is posted: in a group to who asked alone.
    assert!(ann.told("/weather ponder").await.contains("takes its time"));
    let town = platform.in_group("ann", "town");
    assert!(town.told("/weather ponder").await.contains("takes its time"));
    let late = |shown: &[Shown]| {
        let late: Vec<Shown> =
            shown.iter().filter(|one| one.text.contains("will **rain**")).cloned().collect();
        <[Shown; 2]>::try_from(late).ok()
    };
    let [alone, in_group] = platform.when(late).await;
    assert_eq!((alone.only_for, alone.address), (None, ann.origin("x").address));
    assert_eq!(in_group.only_for, town.origin("x").sender);
    assert_eq!(in_group.address, town.origin("x").address);
    assert!(ann.told("/weather flood").await.len() < 3000);
    assert!(ann.told("/storm").await.contains("/storm is admin"));
    assert!(boss.told("/storm coming").await.contains("coming"));
    // The platform's own menu follows.
    let has = |name: &str| platform.commands().iter().any(|command| command.name == name);
    for _ in 0..500 {
        if has("weather") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(has("weather") && has("storm"));
    house.gateway.withdraw("sky");
    assert_eq!(ann.told("/weather today").await, "");
    let page = PageRequest { before: None, limit: 10 };
    let said = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    assert_eq!(said.items.len(), 1);
}

#[tokio::test]
async fn what_was_called_unseen_is_answered_unseen_or_not_at_all() {
    for direct in [true, false] {
        let platform = TestingPlatform::with(|about| {
            about.features.remove(&Feature::Ephemerals);
            if direct {
                about.features.insert(Feature::DirectChats);
            }
        });
        let house = open(&platform).await;
        house.gateway.attach_plugins(Arc::new(Moody));
        house.gateway.register(command("weather", Access::Listed)).unwrap();
        let town = platform.in_group("ann", "town");
        let told = town.calls("weather", "ponder").await;
        let says = if direct { "you alone are shown" } else { "cannot be shown to you alone" };
        assert!(told.contains(says), "{told}");
        // Whoever asks before everybody is answered before everybody, and here later than the other.
        assert!(town.told("/weather ponder").await.contains("the answer is posted here"));
        let openly = |shown: &[Shown]| {
            let rain: Vec<_> = shown.iter().filter(|one| one.text.contains("**rain**")).collect();
            let openly = rain.iter().any(|one| one.only_for.is_none());
            openly.then(|| rain.iter().filter_map(|one| one.only_for.clone()).collect::<Vec<_>>())
        };
        let alone: Vec<_> = town.origin("x").sender.into_iter().filter(|_| direct).collect();
        assert_eq!(platform.when(openly).await, alone);
    }
}
