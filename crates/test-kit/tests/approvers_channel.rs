//! The approvers' channel: who is asked there, what they see, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::panic, reason = "an answer that came out otherwise fails the test where it is")]

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Audience, Choice, Delivery, Moment, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::chat::{ChatScope, OwedCard, PlatformName};
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::{Event, RunStatus};
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::config::ApprovalsConfig;
use countersign_gateway::{Admission, ChatSettings, Role, StartRun};
use countersign_ports::platform::{Feature, PlatformError};
use countersign_ports::store::{Change, UnitOfWork};
use countersign_test_kit::{House, Shown, TestingPlatform};

/// What takes an approval.
const ASKS: &str = "run rm -r made";

/// Ann, Bob, Cat and Req may talk.
fn admitted(chat: &mut ChatSettings) {
    let testing: PlatformName = "testing".parse().unwrap();
    let people = ["ann", "bob", "cat", "req"].map(str::to_owned);
    let people = ListedIds::on(&testing, &people);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing, admission);
}

/// Ann, Bob and the operator may approve, and not what they asked for themselves.
fn separated(approvals: &mut ApprovalsConfig) {
    let approvers = ["operator", "testing:ann", "testing:bob"];
    approvals.approvers = approvers.map(str::to_owned).to_vec();
    approvals.separation_of_duties = true;
    approvals.channel = Some("testing:#ops".to_owned());
}

/// Whoever asks may approve; after five minutes others are asked, too.
fn escalated(approvals: &mut ApprovalsConfig) {
    approvals.approvers.push("testing:bob".to_owned());
    approvals.channel = Some("testing:ops".to_owned());
    approvals.remind_after = Some("0".parse().unwrap());
    approvals.escalate_after = Some("5m".parse().unwrap());
}

async fn open(approvals: impl FnOnce(&mut ApprovalsConfig)) -> (House, Arc<TestingPlatform>) {
    open_on(TestingPlatform::new(), approvals).await
}

async fn open_on(
    platform: Arc<TestingPlatform>,
    approvals: impl FnOnce(&mut ApprovalsConfig),
) -> (House, Arc<TestingPlatform>) {
    platform.knows([("c-ops", "ops", ChatScope::Group), ("c-town", "town", ChatScope::Group)]);
    let house = House::with().approvals(approvals).chat(admitted).platform(&platform);
    let house = house.open().await;
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    (house, platform)
}

/// A run that was started with a key asks.
async fn asked(house: &House) -> (RunId, ApprovalId) {
    let input = vec![(Role::User, ASKS.to_owned())];
    let request = StartRun { input, ..StartRun::default() };
    let caller = house.key_holder("req");
    let run = house.gateway.start_run(request, &caller, None).await.unwrap().run_id;
    (run, house.pending(run, 1).await.remove(0).card.approval_id)
}

async fn delivery_now(house: &House, id: ApprovalId) -> Delivery {
    let view = house.gateway.approval(id, &house.operator).await.unwrap();
    let mut audiences = view.card.attention.audiences.into_iter();
    let found = audiences.find_map(|audience| match audience {
        Audience::Approvers { delivery, .. } => Some(delivery),
        Audience::Requester => None,
    });
    found.unwrap_or_else(|| panic!("nobody else is to be asked"))
}

/// What `look` comes to, once it is there.
async fn in_the_end<T>(look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that")
}

/// The delivery, once it is no longer planned.
async fn delivery(house: &House, id: ApprovalId) -> Delivery {
    let look = async || Some(delivery_now(house, id).await).filter(|now| *now != Delivery::Planned);
    in_the_end(look).await
}

async fn changes(house: &House, run: RunId) -> Vec<String> {
    let events = house.events(run).await.into_iter();
    let changes = events.filter_map(|record| {
        if let Event::ApprovalUpdated { change, .. } = record.event { Some(change) } else { None }
    });
    changes.collect()
}

/// The cards that are shown in a chat.
fn cards_in(platform: &TestingPlatform, chat: &str) -> Vec<Shown> {
    let shown = platform.shown().into_iter();
    shown.filter(|one| one.card.is_some() && one.address.chat.as_str() == chat).collect()
}

/// The card in a chat, once it says `words`.
async fn card_in(platform: &TestingPlatform, chat: &str, words: &str) -> Shown {
    let is_it = |one: &&Shown| {
        one.card.is_some() && one.address.chat.as_str() == chat && one.text.contains(words)
    };
    platform.when(|shown| shown.iter().find(is_it).cloned()).await
}

async fn nothing_is_owed(house: &House) {
    let look = async || {
        let owed = house.store().chats().owed_cards().await.unwrap();
        owed.is_empty().then_some(())
    };
    in_the_end(look).await;
}

#[tokio::test]
async fn approvers_are_asked_in_their_channel_and_whoever_may_decides_there() {
    let (house, platform) = open(separated).await;
    let (run, id) = asked(&house).await;
    let card = card_in(&platform, "c-ops", "Approval needed").await;
    assert!(card.text.contains("rm -r made") && card.text.contains("api:req"), "{}", card.text);
    assert!(matches!(delivery(&house, id).await, Delivery::Sent { .. }));
    assert_eq!(changes(&house, run).await, ["routed"]);

    let stranger = platform.in_group("stranger", "c-ops").presses(&card, Choice::Once).await;
    assert!(stranger.contains("may not use this bot"), "{stranger}");
    let no_approver = platform.in_group("cat", "c-ops").presses(&card, Choice::Once).await;
    assert!(no_approver.contains("was not decided"), "{no_approver}");
    let elsewhere = platform.in_group("ann", "c-town").presses(&card, Choice::Once).await;
    assert!(elsewhere.contains("no card of this chat"), "{elsewhere}");
    assert!(house.has("made"), "it ran");

    let told = platform.in_group("ann", "c-ops").presses(&card, Choice::Once).await;
    assert!(told.starts_with("Approved"), "{told}");
    house.run_when(run, RunStatus::Completed).await;
    let settled = card_in(&platform, "c-ops", "It ran: well").await;
    assert_eq!(settled.message, card.message);
    assert!(settled.text.contains("testing:ann"), "{}", settled.text);
    assert_eq!(settled.card.unwrap().buttons, []);
    nothing_is_owed(&house).await;
    assert_eq!(platform.shown().len(), 1, "the channel is told of nothing else");
    platform.check();
}

#[tokio::test]
async fn a_card_in_the_channel_outlives_the_gateway() {
    let (house, platform) = open(separated).await;
    let (run, id) = asked(&house).await;
    let card = card_in(&platform, "c-ops", "Approval needed").await;
    assert!(matches!(delivery(&house, id).await, Delivery::Sent { .. }));
    let house = house.crash().await;
    let bob = platform.in_group("bob", "c-ops");
    assert!(bob.presses(&card, Choice::Once).await.starts_with("Approved"));
    house.run_when(run, RunStatus::Completed).await;
    card_in(&platform, "c-ops", "It ran: well").await;
    assert!(bob.presses(&card, Choice::Deny).await.contains("was decided before"));
    nothing_is_owed(&house).await;
    assert_eq!(cards_in(&platform, "c-ops").len(), 1);
}

#[tokio::test]
async fn what_was_decided_while_the_platform_was_away_is_shown_after_a_restart() {
    let (house, platform) = open(separated).await;
    let (run, id) = asked(&house).await;
    let card = card_in(&platform, "c-ops", "Approval needed").await;
    assert!(matches!(delivery(&house, id).await, Delivery::Sent { .. }));
    house.run_when(run, RunStatus::WaitingForApproval).await;
    platform.fail_with([(); 3].map(|()| PlatformError::Unavailable("away".to_owned())));
    house.decide(id, Choice::Deny).await;
    let house = house.crash().await;
    let settled = card_in(&platform, "c-ops", "Denied").await;
    assert_eq!((settled.message, settled.card.unwrap().buttons), (card.message, vec![]));
    nothing_is_owed(&house).await;
}

#[tokio::test]
async fn silence_is_escalated_once_and_every_card_shows_what_came_of_it() {
    let (house, platform) = open(escalated).await;
    let req = platform.dm("req");
    req.says(ASKS).await;
    let own = card_in(&platform, "dm-req", "Approval needed").await;
    let id = own.card.as_ref().unwrap().approval;
    let run = house.run_of(id).await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    house.clock.advance(Duration::from_mins(4));
    assert!(changes(&house, run).await.is_empty());
    let house = house.reopen().await;
    assert_eq!(cards_in(&platform, "c-ops"), []);
    house.clock.advance(Duration::from_mins(1));
    card_in(&platform, "c-ops", "Approval needed").await;
    assert!(matches!(delivery(&house, id).await, Delivery::Sent { .. }));
    house.clock.advance(Duration::from_mins(5));
    house.gateway.pass_deadlines().await.unwrap();
    assert_eq!(cards_in(&platform, "c-ops").len(), 1);
    assert_eq!(changes(&house, run).await, ["escalated"]);
    assert_eq!(house.audited(AuditKind::ApprovalRouted).await.len(), 1);

    let told = platform.in_group("bob", "c-ops").told("/approve").await;
    assert!(told.starts_with("Approved"), "{told}");
    house.run_when(run, RunStatus::Completed).await;
    for chat in ["c-ops", "dm-req"] {
        let settled = card_in(&platform, chat, "It ran: well").await;
        assert_eq!(settled.card.unwrap().buttons, [], "{chat}");
    }
    nothing_is_owed(&house).await;
    platform.check();
}

#[tokio::test]
async fn a_reminder_does_not_disturb_a_card_in_the_channel() {
    let (house, platform) = open(|approvals| {
        separated(approvals);
        approvals.remind_after = Some("1m".parse().unwrap());
    })
    .await;
    let (run, id) = asked(&house).await;
    card_in(&platform, "c-ops", "Approval needed").await;
    delivery(&house, id).await;
    house.clock.advance(Duration::from_mins(1));
    in_the_end(async || (changes(&house, run).await == ["routed", "reminded"]).then_some(())).await;
    let twice = |shown: &[Shown]| {
        let card = shown.iter().find(|one| one.card.is_some())?;
        (card.card.as_ref()?.versions.len() > 1).then(|| card.clone())
    };
    let card = platform.when(twice).await;
    let told = platform.in_group("ann", "c-ops").presses(&card, Choice::Deny).await;
    assert!(told.starts_with("Denied"), "{told}");
    card_in(&platform, "c-ops", "Denied").await;
    nothing_is_owed(&house).await;
}

#[tokio::test]
async fn a_conversation_in_the_channel_itself_has_one_card() {
    let (house, platform) = open(separated).await;
    let ann = platform.in_group("ann", "c-ops");
    ann.says(ASKS).await;
    let card = card_in(&platform, "c-ops", "Approval needed").await;
    let id = card.card.as_ref().unwrap().approval;
    assert!(matches!(delivery(&house, id).await, Delivery::Sent { .. }));
    assert!(ann.presses(&card, Choice::Once).await.contains("was not decided"));
    let bob = platform.in_group("bob", "c-ops");
    assert!(bob.presses(&card, Choice::Deny).await.starts_with("Denied"));
    card_in(&platform, "c-ops", "Denied").await;
    assert_eq!(cards_in(&platform, "c-ops").len(), 1);
    nothing_is_owed(&house).await;
}

#[tokio::test]
async fn without_edits_the_channel_is_told_what_became_of_its_card() {
    let platform = TestingPlatform::with(|about| {
        about.features.remove(&Feature::Edits);
    });
    let (house, platform) = open_on(platform, separated).await;
    let (_, id) = asked(&house).await;
    card_in(&platform, "c-ops", "Approval needed").await;
    assert!(matches!(delivery(&house, id).await, Delivery::Sent { .. }));
    house.decide(id, Choice::Deny).await;
    let told = platform.says("Denied").await;
    assert_eq!(told.address.chat.as_str(), "c-ops");
    assert_eq!(platform.shown().len(), 2, "it was put there once");
    nothing_is_owed(&house).await;
}

#[tokio::test]
async fn a_card_never_claims_a_channel_that_it_did_not_reach() {
    for (channel, why) in [
        ("mattermost:ops", "nothing is connected to `mattermost:ops`"),
        ("testing:nowhere", "no bot of testing is in a chat `nowhere`"),
        ("testing:#nowhere", "no bot of testing is in a chat `#nowhere`"),
    ] {
        let (house, _platform) = open(|approvals| {
            separated(approvals);
            approvals.channel = Some(channel.to_owned());
        })
        .await;
        assert_eq!(house.gateway.channel_problem().unwrap().to_string(), why);
        let (run, id) = asked(&house).await;
        let Delivery::NotSent { why: told, .. } = delivery(&house, id).await else {
            panic!("it says sent")
        };
        assert_eq!(told, why);
        assert_eq!(changes(&house, run).await, ["routed"]);
        let view = house.gateway.approval(id, &house.operator).await.unwrap();
        assert_eq!(view.history.last().unwrap().what, Moment::ChannelNotReached);
        assert_eq!(view.status, Status::Pending, "it stays open everywhere else");
    }
}

#[tokio::test]
async fn a_channel_is_named_by_its_id_too_and_of_two_of_one_name_none_is_guessed() {
    let (house, _) = open(|approvals| approvals.channel = Some("testing:c-town".to_owned())).await;
    assert_eq!(house.gateway.channel_problem(), None);
    let platform = TestingPlatform::new();
    platform.knows([("c-1", "ops", ChatScope::Group), ("c-2", "ops", ChatScope::Group)]);
    let house = House::with().approvals(separated).platform(&platform).open().await;
    let why = house.gateway.channel_problem().unwrap().to_string();
    assert!(why.starts_with("more than one chat is called `ops`"), "{why}");
}

#[tokio::test]
async fn a_channel_that_did_not_take_a_card_at_first_gets_it_later() {
    let (house, platform) = open(separated).await;
    platform.fail_with([PlatformError::Refused("not now".to_owned())]);
    let (run_id, approval_id) = asked(&house).await;
    assert!(matches!(delivery(&house, approval_id).await, Delivery::NotSent { .. }));
    let address = platform.in_group("ann", "c-ops").origin("x").address;
    let owed = OwedCard { approval_id, run_id, address };
    let work = UnitOfWork::new().and(Change::AddOwedCard(Box::new(owed)));
    house.store().commit(work).await.unwrap();
    let house = house.reopen().await;
    let card = card_in(&platform, "c-ops", "Approval needed").await;
    let look = async || {
        let now = delivery_now(&house, approval_id).await;
        matches!(now, Delivery::Sent { .. }).then_some(())
    };
    in_the_end(look).await;
    assert_eq!(changes(&house, run_id).await, ["routed", "routed"]);
    let told = platform.in_group("ann", "c-ops").presses(&card, Choice::Deny).await;
    assert!(told.starts_with("Denied"), "{told}");
    card_in(&platform, "c-ops", "Denied").await;
    nothing_is_owed(&house).await;
    assert_eq!(cards_in(&platform, "c-ops").len(), 1);
}
