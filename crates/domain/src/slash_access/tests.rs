//! Every cell of the permission table, and what holds for every policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::chat::{ChatScope, PersonId, PlatformName};
use crate::commands::{Access, Busy, Category, Command, CommandLine, Registry, Source};

fn platform(name: &str) -> PlatformName {
    name.parse().unwrap()
}

fn registry() -> Registry {
    let mut registry = Registry::builtin();
    for (name, source) in [
        ("weather", Source::Plugin("sky".to_owned())),
        ("deploy", Source::Quick("make deploy".to_owned())),
    ] {
        let command = Command {
            name: name.parse().unwrap(),
            description: "Does what it says.".to_owned(),
            category: Category::Tools,
            aliases: vec![format!("{name}-now").parse().unwrap()],
            arguments: String::new(),
            busy: Busy::Allowed,
            access: Access::Listed,
            source,
        };
        registry.register(command).unwrap();
    }
    registry
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

/// One admin a scope, and what others may run: in groups `stop`, `bg`, the plugin's and the quick
/// command; in direct messages what groups may.
fn gated(admins_dm: &[&str], admins_group: &[&str]) -> AccessPolicy {
    let chat = platform("chat");
    let listed = CommandList::new(&texts(&["/BG", "weather", "deploy_now"]));
    let dm = ScopeAccess { admins: Some(ListedIds::on(&chat, &texts(admins_dm))), commands: None };
    let group = ScopeAccess {
        admins: Some(ListedIds::on(&chat, &texts(admins_group))),
        commands: Some(listed),
    };
    AccessPolicy::new(BTreeMap::from([(chat, PlatformAccess { dm, group })]))
}

fn asker(id: Option<&str>, chat_type: Option<&str>) -> Asker {
    let platform = platform("chat");
    let id = id.and_then(|id| PersonId::on(&platform, id));
    Asker::Person(Person { platform, id, scope: ChatScope::of(chat_type) })
}

fn rule(policy: &AccessPolicy, by: &Asker, word: &str) -> &'static str {
    let line = CommandLine::new(word.parse().unwrap(), "");
    match authorize(policy, &registry(), by, &line) {
        Ruling::Authorized(_) => "run",
        Ruling::Refused(_) => "refused",
        Ruling::Unknown => "text",
    }
}

#[test]
fn the_permission_table() {
    let policies = [
        ("off", AccessPolicy::default()),
        ("on", gated(&["boss"], &["chief"])),
        ("on, empty", gated(&[], &["", " "])),
    ];
    let chats = [None, Some(""), Some("DM"), Some("private"), Some("Group"), Some("thread")];
    let people = [Some("boss"), Some("chief"), Some("ann"), None];
    let words = [
        "stop",
        "bg",
        "background",
        "approve",
        "weather",
        "weather-now",
        "deploy",
        "nonsense",
        "help",
        "whoami",
        "status",
    ];
    let mut table = String::new();
    for (name, policy) in &policies {
        for chat in chats {
            for person in people {
                let by = asker(person, chat);
                let cells = words.map(|word| format!("{word}={}", rule(policy, &by, word)));
                let place = chat.unwrap_or("none");
                let who = person.unwrap_or("nobody");
                writeln!(table, "{name} | {place:7} | {who:6} | {}", cells.join(" ")).unwrap();
            }
        }
    }
    insta::assert_snapshot!("permission_table", table);
}

#[test]
fn a_platform_says_nothing_about_another() {
    let policy = gated(&["boss"], &["chief"]);
    let elsewhere = platform("other");
    let by = Asker::Person(Person {
        id: PersonId::on(&elsewhere, "ann"),
        platform: elsewhere,
        scope: ChatScope::Dm,
    });
    assert_eq!(tier_of(&policy, &by), Tier::Unrestricted);
}

#[test]
fn the_operator_may_run_everything() {
    let policy = gated(&[], &[]);
    assert_eq!(tier_of(&policy, &Asker::Operator), Tier::Admin);
    assert_eq!(rule(&policy, &Asker::Operator, "stop"), "run");
}

#[test]
fn a_refusal_says_what_one_can_run_or_what_an_admin_would_set() {
    let told = |policy: &AccessPolicy, by: &Asker| {
        let line = CommandLine::new("stop".parse().unwrap(), "");
        match authorize(policy, &registry(), by, &line) {
            Ruling::Refused(refusal) => refusal.to_string(),
            Ruling::Authorized(_) | Ruling::Unknown => String::new(),
        }
    };
    let policy = gated(&["boss"], &[]);
    assert_eq!(
        told(&policy, &asker(Some("ann"), None)),
        "⛔ /stop is admin-only here. You can run: /background, /deploy, /weather. See /whoami."
    );
    let bare = ScopeAccess { admins: Some(ListedIds::default()), commands: None };
    let both = PlatformAccess { dm: bare.clone(), group: bare };
    let policy = AccessPolicy::new(BTreeMap::from([(platform("chat"), both)]));
    assert_eq!(
        told(&policy, &asker(Some("ann"), Some("channel"))),
        "⛔ /stop is admin-only here. No commands are enabled for you here; an admin would set \
         `group_allow_admin_from` or `group_user_allowed_commands`."
    );
}

#[test]
fn a_long_list_is_cut_after_twelve() {
    let can_run = (0..13).map(|n| format!("c{n}").parse().unwrap()).collect();
    let refusal = Refusal { name: "stop".parse().unwrap(), scope: ChatScope::Dm, can_run };
    let text = refusal.to_string();
    assert!(text.contains("/c11, …. See /whoami."), "{text}");
    assert!(!text.contains("/c12"), "{text}");
}

fn any_items() -> impl Strategy<Value = Option<Vec<String>>> {
    let item = prop_oneof![
        Just("stop".to_owned()),
        Just("/BG".to_owned()),
        Just("reset".to_owned()),
        Just("ann".to_owned()),
        Just(" ".to_owned()),
        "[a-z/_@-]{0,8}",
    ];
    proptest::option::of(proptest::collection::vec(item, 0..5))
}

fn any_scope() -> impl Strategy<Value = ScopeAccess> {
    (any_items(), any_items()).prop_map(|(admins, commands)| ScopeAccess {
        admins: admins.map(|items| ListedIds::on(&platform("chat"), &items)),
        commands: commands.map(|items| CommandList::new(&items)),
    })
}

proptest! {
    #[test]
    fn an_alias_is_its_command_and_a_longer_list_allows_no_less(
        dm in any_scope(),
        group in any_scope(),
        person in proptest::option::of("ann|bob|stop"),
        chat_type in proptest::option::of("dm|group|.{0,5}"),
        more in "[a-z/_-]{1,10}",
    ) {
        let registry = registry();
        let by = asker(person.as_deref(), chat_type.as_deref());
        let policy = |dm: &ScopeAccess, group: &ScopeAccess| {
            let access = PlatformAccess { dm: dm.clone(), group: group.clone() };
            AccessPolicy::new(BTreeMap::from([(platform("chat"), access)]))
        };
        let before = policy(&dm, &group);
        let (mut longer_dm, mut longer_group) = (dm, group);
        for scope in [&mut longer_dm, &mut longer_group] {
            if let Some(list) = &scope.commands {
                scope.commands = Some(list.and(&more));
            }
        }
        let after = policy(&longer_dm, &longer_group);
        for command in registry.iter() {
            let canonical = rule(&before, &by, command.name.as_str());
            for alias in &command.aliases {
                prop_assert_eq!(rule(&before, &by, alias.as_str()), canonical);
            }
            if canonical == "run" {
                prop_assert_eq!(rule(&after, &by, command.name.as_str()), "run");
            }
        }
    }
}
