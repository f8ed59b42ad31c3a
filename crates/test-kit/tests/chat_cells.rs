//! Every cell of the permission table through the real dispatcher, and order under load.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::approvals::Choice;
use countersign_domain::chat::{ChatScope, PersonId, PlatformName};
use countersign_domain::commands::{
    Access, Busy, Category, Command, CommandLine, Registry, Source,
};
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::{
    AccessPolicy, Asker, CommandList, ListedIds, Person, PlatformAccess, Ruling, ScopeAccess,
    authorize,
};
use countersign_gateway::config::{PlatformsConfig, QuickCommandsConfig, SessionsConfig};
use countersign_gateway::{Admission, InSession, Saying};
use countersign_ports::platform::Receipt;
use countersign_ports::plugins::{CommandDesk as _, PluginCall, PluginError, Plugins};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, Member, TestingPlatform};

const PEOPLE: [&str; 3] = ["boss", "chief", "ann"];
const CHATS: [Option<&str>; 5] = [None, Some(""), Some("dm"), Some("DIRECT"), Some("Group")];
/// What stops or decides comes last.
const WORDS: [&str; 15] = [
    "weather",
    "Weather_Now",
    "look",
    "night",
    "help",
    "whoami",
    "status",
    "approvals",
    "bg",
    "Q",
    "nonsense",
    "commands",
    "Approve",
    "deny",
    "stop",
];

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

fn ids(people: &[&str]) -> ListedIds {
    let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
    ListedIds::on(&testing(), &people)
}

/// A quick command, and an alias for `/background`.
fn quick() -> Vec<Command> {
    let quick: QuickCommandsConfig = serde_json::from_str(
        r#"{"look": {"type": "exec", "command": "echo seen"},
            "night": {"type": "alias", "target": "/bg say good"}}"#,
    )
    .unwrap();
    let platforms = PlatformsConfig::new();
    SessionsConfig::default().chat((&platforms, &quick), &[], |_| None).unwrap().quick
}

/// A plugin's command.
fn plugin() -> Command {
    Command {
        name: "weather".parse().unwrap(),
        description: "Tells the weather.".to_owned(),
        category: Category::Tools,
        aliases: vec!["weather-now".parse().unwrap()],
        arguments: String::new(),
        busy: Busy::Allowed,
        access: Access::Listed,
        source: Source::Plugin("sky".to_owned()),
    }
}

fn registry() -> Registry {
    let mut registry = Registry::builtin();
    for command in quick().into_iter().chain([plugin()]) {
        registry.register(command).unwrap();
    }
    registry
}

/// A plugin that answers.
struct Sky;

#[async_trait]
impl Plugins for Sky {
    async fn call(&self, _: &str, _: PluginCall) -> Result<String, PluginError> {
        Ok("sunny".to_owned())
    }
}

fn policy(admins: Option<(&str, &str)>) -> AccessPolicy {
    let Some((dm, group)) = admins else { return AccessPolicy::default() };
    let listed = ["/Background", "approvals", "weather-now"].map(str::to_owned);
    let listed = || Some(CommandList::new(&listed));
    let access = PlatformAccess {
        dm: ScopeAccess { admins: Some(ids(&[dm])), commands: None },
        group: ScopeAccess { admins: Some(ids(&[group])), commands: listed() },
    };
    AccessPolicy::new(BTreeMap::from([(testing(), access.clone()), (PlatformName::api(), access)]))
}

/// What the pure gate, whose table is a golden file, says.
fn expected(
    policy: &AccessPolicy,
    (platform, who): (&PlatformName, &str),
    chat: Option<&str>,
    word: &str,
) -> &'static str {
    let platform = platform.clone();
    let asker = Asker::Person(Person {
        id: PersonId::on(&platform, who),
        platform,
        scope: ChatScope::of(chat),
    });
    let line = CommandLine::new(word.parse().unwrap(), "");
    match authorize(policy, &registry(), &asker, &line) {
        Ruling::Authorized(_) => "run",
        Ruling::Refused(_) => "refused",
        Ruling::Unknown => "text",
    }
}

/// Why a run that should be there waits.
const ASKS: &str = "run rm -r made";

async fn cells(house: &House, platform: &Arc<TestingPlatform>, policy: &AccessPolicy, busy: bool) {
    for chat in CHATS {
        for who in PEOPLE {
            let place = format!("{who}-{}-{busy}", chat.unwrap_or("none"));
            let member = platform.member(Some(who), &place, chat);
            if busy {
                member.says(ASKS).await;
                let here = &member.origin("x").address;
                let card = platform
                    .when(|shown| {
                        let mine = |one: &&countersign_test_kit::Shown| one.address == *here;
                        shown.iter().filter(|one| one.card.is_some()).find(mine).cloned()
                    })
                    .await;
                // A button is the command, for who may run that and for who may not.
                let told = member.presses(&card, Choice::Deny).await;
                let want = expected(policy, (&testing(), who), chat, "deny");
                assert_eq!(told.contains('⛔'), want == "refused", "{place}: {told}");
                if want == "refused" {
                    house.decide(card.card.unwrap().approval, Choice::Deny).await;
                }
                member.says(ASKS).await;
            }
            for word in WORDS {
                let want = expected(policy, (&testing(), who), chat, word);
                let typed = match member.says(&format!(" /{word}@signer")).await {
                    Receipt::Taken(told) => told.unwrap_or_default(),
                    Receipt::Stray(told) => told,
                    Receipt::Dropped | Receipt::Later => "(not taken)".to_owned(),
                };
                let native = member.calls(word, "").await;
                for told in [typed, native] {
                    let refused = told.contains('⛔') && told.contains("admin");
                    assert_eq!(refused, want == "refused", "{place} /{word}: {told}");
                    assert_ne!(told, "(not taken)");
                }
            }
        }
    }
}

/// What comes through the API passes the same gate, as `api:NAME`.
async fn cells_of_the_api(house: &House, policy: &AccessPolicy, busy: bool) {
    for who in PEOPLE {
        let (caller, chat) = (house.key_holder(who), format!("{busy}"));
        let say = |text: String| {
            let (chat, caller) = (chat.clone(), caller.clone());
            async move {
                house
                    .gateway
                    .say(
                        Saying { chat: &chat, session: InSession::Present, key: None, text: &text },
                        &caller,
                    )
                    .await
                    .unwrap()
            }
        };
        if busy {
            say(ASKS.to_owned()).await;
        }
        for word in WORDS {
            let want = expected(policy, (&PlatformName::api(), who), None, word);
            let told = say(format!("/{word}")).await.reply.unwrap_or_default();
            let refused = told.contains('⛔') && told.contains("admin");
            assert_eq!(refused, want == "refused", "api:{who} {busy} /{word}: {told}");
        }
    }
}

/// Whoever the platform does not name is not heard, whatever the policy.
async fn cells_of_nobody(platform: &Arc<TestingPlatform>) {
    for chat in CHATS {
        let nobody = platform.member(None, "nobody", chat);
        for word in WORDS {
            assert_eq!(nobody.says(&format!("/{word}")).await, Receipt::Dropped);
            assert_eq!(nobody.calls(word, "").await, "(dropped)");
        }
    }
}

#[tokio::test]
async fn every_cell_holds_in_the_dispatcher() {
    for admins in [None, Some(("boss", "chief")), Some((" ", ""))] {
        let policy = policy(admins);
        let platform = TestingPlatform::new();
        let settings = |chat: &mut countersign_gateway::ChatSettings| {
            let people = ids(&PEOPLE);
            let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
            chat.admission.insert(testing(), admission);
            chat.access = policy.clone();
            chat.quick = quick();
        };
        let house = House::with().chat(settings).platform(&platform).open().await;
        std::fs::create_dir_all(house.workspace().join("made")).unwrap();
        house.gateway.register(plugin()).unwrap();
        house.gateway.attach_plugins(Arc::new(Sky));
        cells_of_nobody(&platform).await;
        for busy in [false, true] {
            cells(&house, &platform, &policy, busy).await;
            cells_of_the_api(&house, &policy, busy).await;
        }
    }
}

const SESSIONS: usize = 25;
const MESSAGES: usize = 12;

/// What everybody says, commands among it; the platform delivers all of it again after a crash.
async fn all_say(members: &[Member], from: usize, to: usize) {
    for number in from..to {
        for (place, member) in members.iter().enumerate() {
            let text = match number % 4 {
                3 => "/usage".to_owned(),
                _ => format!("say {place}:{number}"),
            };
            let receipt = member.says_as(&text, &format!("{place}-{number}")).await;
            assert_ne!(receipt, Receipt::Later);
        }
    }
}

#[tokio::test]
async fn order_is_kept_and_nothing_is_lost_or_doubled_across_a_crash() {
    let platform = TestingPlatform::new();
    let names: Vec<String> = (0..SESSIONS).map(|place| format!("p{place}")).collect();
    let people: Vec<&str> = names.iter().map(String::as_str).collect();
    let settings = |chat: &mut countersign_gateway::ChatSettings| {
        let (dm, group) = (ids(&people), ListedIds::default());
        let admission = Admission { dm, group, ..Admission::default() };
        chat.admission.insert(testing(), admission);
    };
    let house = House::with().chat(settings).platform(&platform).open().await;
    let members: Vec<Member> = people.iter().map(|name| platform.dm(name)).collect();
    all_say(&members, 0, MESSAGES / 2).await;
    let house = house.crash().await;
    all_say(&members, 0, MESSAGES).await;
    let said = (0..MESSAGES).filter(|number| number % 4 != 3).count();
    platform.when(|shown| (shown.len() == SESSIONS * said).then_some(())).await;
    let page = PageRequest { before: None, limit: 10_000 };
    let runs = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    assert_eq!(runs.items.len(), SESSIONS * said);
    assert!(runs.items.iter().all(|view| view.run.status() == RunStatus::Completed));
    for (place, member) in members.iter().enumerate() {
        let here = member.origin("x").address;
        let shown = platform.shown();
        let told: Vec<usize> = shown
            .iter()
            .filter(|one| one.address == here)
            .map(|one| {
                let (_, rest) = one.text.split_once(&format!("{place}:")).unwrap();
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().unwrap()
            })
            .collect();
        let wanted: Vec<usize> = (0..MESSAGES).filter(|number| number % 4 != 3).collect();
        assert_eq!(told, wanted, "{place}");
    }
}
