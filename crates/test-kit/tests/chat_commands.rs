//! What people can have the gateway do besides answering: steering, taking back, their own commands,
//! asking nobody for a while, and being let in.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::chat::PlatformName;
use countersign_domain::ids::RunId;
use countersign_domain::runs::{EntryBody, RunStatus};
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_gateway::config::{PlatformsConfig, QuickCommandsConfig, SessionsConfig};
use countersign_gateway::{Admission, BusyMode, ChatSettings, DropReason, PairingMode};
use countersign_ports::duration::HumanDuration;
use countersign_ports::platform::Receipt;
use countersign_ports::run_journal::RunJournal as _;
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, Shown, TestingPlatform};

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

fn ids(people: &[&str]) -> ListedIds {
    let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
    ListedIds::on(&testing(), &people)
}

fn admitted(chat: &mut ChatSettings) {
    let people = ids(&["boss", "ann"]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing(), admission);
}

/// Boss administers; others may run what is listed.
fn gate(chat: &mut ChatSettings, listed: &[&str]) {
    admitted(chat);
    let listed: Vec<String> = listed.iter().map(|&one| one.to_owned()).collect();
    let scope =
        || ScopeAccess { admins: Some(ids(&["boss"])), commands: Some(CommandList::new(&listed)) };
    let access = PlatformAccess { dm: scope(), group: scope() };
    chat.access = AccessPolicy::new(BTreeMap::from([(testing(), access)]));
}

async fn open(chat: impl FnOnce(&mut ChatSettings)) -> (House, Arc<TestingPlatform>) {
    let platform = TestingPlatform::new();
    let house = House::with().chat(chat).platform(&platform).open().await;
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    (house, platform)
}

async fn runs(house: &House) -> Vec<RunId> {
    let page = PageRequest { before: None, limit: 1000 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    found.items.into_iter().map(|view| view.run.id).rev().collect()
}

/// What the model of a run was given to read.
async fn read_by(house: &House, run: RunId) -> Vec<String> {
    let entries = house.gateway.read(run).await.unwrap().entries;
    let said = entries.into_iter().filter_map(|entry| match entry.body {
        EntryBody::User { text } => Some(text),
        EntryBody::System { .. } | EntryBody::ThirdParty { .. } | EntryBody::Assistant { .. } => {
            None
        }
    });
    said.collect()
}

const ASKS: &str = "run rm -r made";

#[tokio::test]
async fn what_a_run_is_told_while_it_works_is_read_before_its_next_step() {
    for busy in [BusyMode::Queue, BusyMode::Steer] {
        let settings = |chat: &mut ChatSettings| {
            admitted(chat);
            chat.busy = busy;
        };
        let (house, platform) = open(settings).await;
        let ann = platform.dm("ann");
        ann.says(ASKS).await;
        let card = platform.open_card().await;
        let text = if busy == BusyMode::Steer { "say steered" } else { "/steer say steered" };
        let told = ann.told(text).await;
        assert!(told.starts_with("Told") && told.contains("not taken as a decision"), "{told}");
        let house = house.crash().await;
        ann.presses(&card, Choice::Deny).await;
        assert!(platform.says("steered").await.card.is_none());
        let [run] = runs(&house).await.try_into().unwrap();
        assert_eq!(read_by(&house, run).await, [ASKS, "say steered"]);
        assert_eq!(house.run_when(run, RunStatus::Completed).await.run.id, run);
    }
}

#[tokio::test]
async fn with_nothing_to_steer_it_is_a_message_and_a_stopped_run_keeps_what_it_was_told() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    assert_eq!(ann.told("/steer say alone").await, "");
    platform.says("alone").await;
    ann.says(ASKS).await;
    platform.open_card().await;
    ann.says("/steer say never").await;
    assert!(ann.told("/stop").await.starts_with("Stop"));
    let run = runs(&house).await[1];
    house.run_when(run, RunStatus::Cancelled).await;
    assert_eq!(read_by(&house, run).await, ["say alone", ASKS, "say never"]);
    assert!(ann.told("/steer").await.starts_with("Say what the agent is to know"));
}

#[tokio::test]
async fn what_is_taken_back_is_not_seen_again() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    for text in ["say one", "say two", "say three"] {
        ann.says(text).await;
        platform.says(text.trim_start_matches("say ")).await;
    }
    assert!(ann.told("/undo 0").await.starts_with("/undo"));
    assert!(ann.told("/undo 2").await.contains("2 of your messages"));
    ann.says("say four").await;
    let fourth = runs(&house).await[3];
    assert_eq!(read_by(&house, fourth).await, ["say one", "say four"]);
    house.run_when(fourth, RunStatus::Completed).await;
    assert_eq!(ann.told("/retry").await, "");
    let fifth = runs(&house).await[4];
    assert_eq!(read_by(&house, fifth).await, ["say one", "say four"]);
    house.run_when(fifth, RunStatus::Completed).await;
    // Also after another conversation.
    ann.says("/new").await;
    assert!(ann.told("/retry").await.contains("Nothing was said"));
    ann.says("/resume").await;
    ann.says("say six").await;
    assert_eq!(read_by(&house, runs(&house).await[5]).await, ["say one", "say four", "say six"]);
}

fn with_quick(chat: &mut ChatSettings) {
    let quick: QuickCommandsConfig = serde_json::from_str(
        r#"{"tidy": {"type": "exec", "command": "rm -r made"},
            "look": {"type": "exec", "command": "echo seen"},
            "night": {"type": "alias", "target": "/bg say good"}}"#,
    )
    .unwrap();
    let platforms = PlatformsConfig::new();
    let settings = SessionsConfig::default().chat((&platforms, &quick), &[], |_| None).unwrap();
    chat.quick = settings.quick;
}

#[tokio::test]
async fn a_quick_command_is_judged_like_any_other() {
    let settings = |chat: &mut ChatSettings| {
        gate(chat, &["look", "tidy", "night", "deny"]);
        with_quick(chat);
    };
    let (house, platform) = open(settings).await;
    let (ann, boss) = (platform.dm("ann"), platform.dm("boss"));
    ann.says("/look").await;
    assert_eq!(platform.says("seen").await.address, ann.origin("x").address);
    assert!(ann.told("/look at me").await.contains("takes nothing"));
    ann.says("/TIDY").await;
    let card = platform.open_card().await;
    assert!(card.text.contains("rm -r made"), "{}", card.text);
    assert!(ann.presses(&card, Choice::Once).await.contains("/approve is admin"));
    ann.presses(&card, Choice::Deny).await;
    assert!(house.has("made"));
    // An alias passes the gate as what it stands for.
    assert!(ann.told("/night night").await.contains("/background is admin"));
    assert!(boss.told("/night night").await.contains("beside"));
    platform.says("good night").await;
    let menu: Vec<String> = platform.commands().into_iter().map(|one| one.name).collect();
    assert!(["tidy", "look", "night"].iter().all(|name| menu.contains(&(*name).to_owned())));
    let help = ann.told("/help").await;
    assert!(help.contains("/look") && !help.contains("/night"), "{help}");
}

#[tokio::test]
async fn for_a_while_nobody_is_asked_in_one_conversation() {
    let (house, platform) = open(|chat| gate(chat, &["yolo", "new"])).await;
    let (ann, boss) = (platform.dm("ann"), platform.dm("boss"));
    // It is an admin's where there are admins, whatever is listed.
    assert!(ann.told("/yolo").await.contains("/yolo is admin"));
    assert!(boss.told("/yolo nonsense").await.starts_with("/yolo "));
    assert!(boss.told("/yolo 5").await.starts_with("Until"));
    assert!(boss.told("/status").await.contains("NOBODY IS ASKED"));
    boss.says("run rm -r made/deep").await;
    platform.when(|shown| (!shown.is_empty()).then_some(())).await;
    assert!(!house.has("made/deep"));
    // What is forbidden stays so, and elsewhere people are asked.
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    assert_eq!(card.address, ann.origin("x").address);
    house.clock.advance(Duration::from_mins(6));
    assert!(!boss.told("/status").await.contains("NOBODY"));
    boss.says(ASKS).await;
    platform
        .when(|shown| (shown.iter().filter(|one| one.card.is_some()).count() == 2).then_some(()))
        .await;
    boss.says("/yolo").await;
    assert_eq!(boss.told("/yolo off").await, "From now on people are asked again.");
    assert_eq!(boss.told("/yolo off").await, "People are asked here already.");
    for kind in [AuditKind::YoloOn, AuditKind::YoloOff] {
        let audited = house.audited(kind).await;
        assert_eq!(audited[0].actor.to_string(), "testing:boss");
    }
}

#[tokio::test]
async fn what_is_begun_beside_is_asked_about_as_long_as_it_is_there() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    ann.says("/yolo 5").await;
    ann.says("/background run rm -r made/deep").await;
    platform.says("terminal ok").await;
    assert!(!house.has("made/deep"));
    assert_eq!(house.audited(AuditKind::YoloOn).await.len(), 2);
    // It waits beside, and is asked about when people are asked again meanwhile.
    ann.says("/background ask Really?\nrun rm -r made").await;
    platform.says("Really?").await;
    ann.says("/yolo off").await;
    let waiting = runs(&house).await[1];
    house.gateway.answer_question(waiting, None, "yes", &house.operator).await.unwrap();
    platform.open_card().await;
    assert!(house.has("made"));
    // Elsewhere nothing was handed on.
    platform.dm("boss").says(&format!("/background {ASKS}")).await;
    let open = |shown: &[Shown]| {
        let cards = shown.iter().filter(|one| one.card.is_some());
        (cards.count() == 2).then_some(())
    };
    platform.when(open).await;
}

#[tokio::test]
async fn nobody_gives_away_a_decision_that_is_not_theirs() {
    type Change = fn(&mut countersign_gateway::config::ApprovalsConfig);
    let separated: Change = |approvals| approvals.separation_of_duties = true;
    let named: Change = |approvals| approvals.approvers = vec!["operator".to_owned()];
    let never: Change = |approvals| approvals.yolo_ttl = HumanDuration::from_secs(0);
    for change in [separated, named, never] {
        let platform = TestingPlatform::new();
        let house = House::with().chat(admitted).approvals(change).platform(&platform).open().await;
        let told = platform.dm("ann").told("/yolo").await;
        assert!(told.starts_with("People are still asked"), "{told}");
        assert_eq!(house.audited(AuditKind::YoloOn).await.len(), 0);
    }
}

#[tokio::test]
async fn an_answer_to_a_card_means_that_card() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let first = platform.open_card().await;
    ann.says(&format!("/bg {ASKS}/deep")).await;
    let both = |shown: &[Shown]| {
        let cards = shown.iter().filter(|one| one.card.is_some()).count();
        (cards == 2).then_some(())
    };
    platform.when(both).await;
    let approval = first.card.as_ref().unwrap().approval;
    house.approval_when(approval, Status::Pending).await;
    // The note of which message a card is comes right after the card.
    let pressed = ann.presses(&first, Choice::Session).await;
    assert!(!pressed.contains("no card"), "{pressed}");
    let open = platform.open_card().await;
    let told = ann.clone().answering(&open).told("/deny").await;
    assert!(told.starts_with("Denied"), "{told}");
    assert!(ann.told("/approve").await.contains("Nothing waits"));
}

#[tokio::test]
async fn unknown_people_are_let_in_by_a_code_and_nothing_they_wrote_is_read() {
    let settings = |chat: &mut ChatSettings| {
        admitted(chat);
        chat.admission.get_mut(&testing()).unwrap().pairing = PairingMode::Code;
    };
    let (house, platform) = open(settings).await;
    let stranger = platform.dm("stranger");
    let told = stranger.told("say hello").await;
    let (_, rest) = told.split_once("gateway: ").unwrap();
    let code: String = rest.chars().take(8).collect();
    // Once, and not in groups; others get another one.
    assert_eq!(stranger.says("say hello").await, Receipt::Dropped);
    assert_eq!(stranger.says("/status").await, Receipt::Dropped);
    assert_eq!(platform.in_group("stranger", "town").says("x").await, Receipt::Dropped);
    assert_eq!(house.gateway.dropped()[&DropReason::CodeGiven], 2);
    assert_eq!(runs(&house).await, []);
    let house = house.crash().await;
    let wrong = "AAAAAAAA".parse().unwrap();
    assert!(house.gateway.approve_pairing(&wrong, &house.operator).await.is_err());
    let code = code.parse().unwrap();
    let paired = house.gateway.approve_pairing(&code, &house.operator).await.unwrap();
    assert_eq!(paired.person.as_str(), "stranger");
    assert!(house.gateway.approve_pairing(&code, &house.operator).await.is_err());
    stranger.says("say at last").await;
    platform.says("at last").await;
    assert_eq!(runs(&house).await.len(), 1);
    assert_eq!(platform.in_group("stranger", "town").says("x").await, Receipt::Dropped);
    house.gateway.remove_pairing(paired.id, &house.operator).await.unwrap();
    assert!(stranger.told("hello").await.contains("not known"));
    for kind in [AuditKind::PairingAsked, AuditKind::PairingApproved, AuditKind::PairingRemoved] {
        assert!(!house.audited(kind).await.is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn codes_are_few_and_run_out() {
    let settings = |chat: &mut ChatSettings| {
        admitted(chat);
        chat.admission.get_mut(&testing()).unwrap().pairing = PairingMode::Code;
    };
    let (house, platform) = open(settings).await;
    for number in 0..20 {
        let told = platform.dm(&format!("s{number}")).told("hello").await;
        assert!(told.contains("not known"), "{told}");
    }
    assert_eq!(platform.dm("s20").says("hello").await, Receipt::Dropped);
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(house.gateway.pairings(&house.operator).await.unwrap(), []);
    assert!(platform.dm("s0").told("hello").await.contains("not known"));
    assert_eq!(house.gateway.pairings(&house.operator).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_platform_with_a_limit_gets_everything_in_the_end_and_is_never_pressed() {
    let (house, platform) = open(admitted).await;
    platform.limit(2, Duration::from_millis(200));
    for name in ["ann", "boss"] {
        for thread in ["t1", "t2", "t3"] {
            platform.dm(name).in_thread(thread).says("say done").await;
        }
    }
    platform.when(|shown| (shown.len() == 6).then_some(())).await;
    drop(house);
}

#[tokio::test]
async fn a_conversation_begins_anew_at_its_time_of_the_day() {
    let settings = |chat: &mut ChatSettings| {
        admitted(chat);
        chat.daily_reset = Some(Duration::from_hours(4));
    };
    let (house, platform) = open(settings).await;
    let ann = platform.dm("ann");
    ann.says("say one").await;
    platform.says("one").await;
    house.clock.advance(Duration::from_hours(24));
    ann.says("say two").await;
    let second = runs(&house).await[1];
    assert_eq!(read_by(&house, second).await, ["say two"]);
}
