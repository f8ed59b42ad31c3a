//! People in chats: who is heard, what the gate lets through, and what becomes of answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::chat::{CardNonce, PlatformName};
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_gateway::config::SeverityText;
use countersign_gateway::{
    Admission, BusyMode, ChatSettings, DropReason, InGroups, InSession, NewContent, Saying,
};
use countersign_ports::platform::{Click, Feature, PlatformError, Receipt, SenderKind};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, TestingPlatform};

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

fn ids(people: &[&str]) -> ListedIds {
    let people: Vec<String> = people.iter().map(|&one| one.to_owned()).collect();
    ListedIds::on(&testing(), &people)
}

/// Boss, chief, Ann and Bob may talk everywhere.
fn admitted(chat: &mut ChatSettings) {
    let people = ids(&["boss", "chief", "ann", "bob"]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing(), admission);
}

/// Boss administers direct messages, the chief groups; others may run what is listed.
fn gated(listed: &[&str]) -> impl FnOnce(&mut ChatSettings) {
    let listed: Vec<String> = listed.iter().map(|&one| one.to_owned()).collect();
    move |chat| {
        admitted(chat);
        let scope = |admin| ScopeAccess {
            admins: Some(ids(&[admin])),
            commands: Some(CommandList::new(&listed)),
        };
        let access = PlatformAccess { dm: scope("boss"), group: scope("chief") };
        chat.access = AccessPolicy::new(BTreeMap::from([(testing(), access)]));
    }
}

async fn open(chat: impl FnOnce(&mut ChatSettings)) -> (House, Arc<TestingPlatform>) {
    let platform = TestingPlatform::new();
    let house = House::with().chat(chat).platform(&platform).open().await;
    (house, platform)
}

async fn runs(house: &House) -> Vec<RunId> {
    let page = PageRequest { before: None, limit: 1000 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    found.items.into_iter().map(|view| view.run.id).rev().collect()
}

/// What takes an approval.
const ASKS: &str = "run rm -r made";

fn furnish(house: &House) {
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
}

async fn status(house: &House, approval: ApprovalId) -> Status {
    house.gateway.approval(approval, &house.operator).await.unwrap().status
}

fn in_main(text: &str) -> Saying<'_> {
    Saying { chat: "main", session: InSession::Present, key: None, text }
}

#[tokio::test]
async fn what_is_said_becomes_a_run_and_its_end_is_told_in_the_same_thread() {
    let (house, platform) = open(admitted).await;
    let ann = platform.in_group("ann", "town").in_thread("t7");
    assert_eq!(ann.told("say hello there").await, "");
    let answer = platform.when(|shown| shown.first().cloned()).await;
    assert_eq!(answer.address, ann.origin("x").address);
    let [run] = runs(&house).await.try_into().unwrap();
    let view = house.run(run).await;
    assert_eq!(view.run.requested_by.to_string(), "testing:ann");
}

#[tokio::test]
async fn nothing_of_whoever_may_not_talk_reaches_the_model() {
    let (house, platform) = open(admitted).await;
    let dm = platform.dm("ann");
    for (member, reason) in [
        (platform.dm("stranger"), DropReason::NotAllowed),
        (platform.in_group("stranger", "town"), DropReason::NotAllowed),
        (platform.member(None, "dm", None), DropReason::NobodyKnown),
        (dm.clone().being(SenderKind::Bot), DropReason::Bot),
        (dm.clone().being(SenderKind::Myself), DropReason::OwnMessage),
        (platform.in_group("ann", "town").unnamed(), DropReason::NotMentioned),
    ] {
        let before = house.gateway.dropped().get(&reason).copied().unwrap_or_default();
        for text in ["hello", "/status", "/help"] {
            assert_eq!(member.says(text).await, Receipt::Dropped, "{reason:?}");
        }
        assert_eq!(house.gateway.dropped()[&reason], before + 3);
    }
    assert_eq!(dm.says(" ").await, Receipt::Dropped);
    assert_eq!(dm.says("/stop@other").await, Receipt::Dropped);
    assert_eq!(runs(&house).await, []);
}

#[tokio::test]
async fn a_message_that_is_brought_twice_is_taken_once_also_after_a_restart() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    assert_eq!(ann.says_as("say hello", "d1").await, Receipt::Taken(None));
    assert_eq!(ann.says_as("say hello", "d1").await, Receipt::Dropped);
    assert!(matches!(ann.says_as("/title One", "d2").await, Receipt::Taken(Some(_))));
    let house = house.crash().await;
    for delivery in ["d1", "d2"] {
        assert_eq!(ann.says_as("say hello", delivery).await, Receipt::Dropped);
    }
    assert_eq!(runs(&house).await.len(), 1);
    assert_eq!(house.gateway.dropped()[&DropReason::Duplicate], 2);
}

#[tokio::test]
async fn a_refused_stop_stops_nothing_and_is_audited() {
    let (house, platform) = open(gated(&[])).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let run = runs(&house).await[0];
    for told in
        [ann.told("/stop").await, ann.told("/STOP@signer").await, ann.calls("stop", "").await]
    {
        assert!(told.contains("/stop is admin") && told.contains('⛔'), "{told}");
    }
    assert_eq!(house.run_when(run, RunStatus::WaitingForApproval).await.run.id, run);
    let audited = house.audited(AuditKind::CommandRefused).await;
    assert_eq!(audited.len(), 3);
    assert_eq!(audited[0].actor.to_string(), "testing:ann");
    assert_eq!(status(&house, card.card.unwrap().approval).await, Status::Pending);
    // The status of one's own work is everybody's to see.
    assert!(ann.told("/status").await.contains("waiting for a decision"));
}

#[tokio::test]
async fn neither_a_word_nor_a_button_decides_for_who_may_not_approve() {
    let (house, platform) = open(gated(&["stop"])).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let approval = card.card.as_ref().unwrap().approval;
    for told in [
        ann.told("yes").await,
        ann.told("/approve").await,
        ann.told(&format!("/approve {approval} always")).await,
        ann.presses(&card, Choice::Once).await,
        ann.calls("approve", "all").await,
    ] {
        assert!(told.contains("/approve is admin"), "{told}");
    }
    for told in [ann.told("no").await, ann.presses(&card, Choice::Deny).await] {
        assert!(told.contains("/deny is admin"), "{told}");
    }
    assert_eq!(status(&house, approval).await, Status::Pending);
    assert!(house.has("made"));
    assert_eq!(house.audited(AuditKind::CommandRefused).await.len(), 7);
}

#[tokio::test]
async fn an_admin_in_direct_messages_is_nobody_in_a_group() {
    let (house, platform) = open(gated(&[])).await;
    let (dm, group) = (platform.dm("boss"), platform.in_group("boss", "town"));
    assert!(dm.told("/stop").await.contains("does nothing here"));
    assert!(group.told("/stop").await.contains("admin"));
    assert!(platform.in_group("chief", "town").told("/stop").await.contains("does nothing"));
    assert!(dm.told("/whoami").await.contains("Tier: admin"));
    assert!(group.told("/whoami").await.contains("Tier: user"));
    drop(house);
}

#[tokio::test]
async fn a_button_decides_and_every_later_click_is_told_what_happened() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let id = card.card.as_ref().unwrap().id;
    assert!(card.text.contains("rm -r made") && card.text.contains("test-host"), "{}", card.text);
    assert!(ann.presses(&card, Choice::Once).await.starts_with("Approved"));
    let end = platform.card_says(id, "Approved").await;
    assert!(end.card.unwrap().buttons.is_empty());
    platform
        .when(|shown| {
            shown.iter().find(|one| one.card.is_some() && one.text.contains("It ran")).cloned()
        })
        .await;
    assert!(!house.has("made"));
    // The same answer again, another one, and somebody else's.
    assert!(ann.presses(&card, Choice::Once).await.contains("before"));
    let late = ann.presses(&card, Choice::Deny).await;
    assert!(late.contains("testing:ann") && late.contains("Nothing changed"), "{late}");
}

#[tokio::test]
async fn clicks_that_were_made_up_decide_nothing() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let shown = platform.open_card().await;
    let card = shown.card.clone().unwrap();
    let click = Click {
        origin: ann.origin("c"),
        message: shown.message.clone(),
        card: card.id,
        nonce: card.nonce.clone(),
        choice: Choice::Once,
        reason: None,
    };
    let elsewhere = platform.in_group("ann", "town");
    for (member, made_up) in [
        (&ann, Click { nonce: CardNonce::new([9; 16]), ..click.clone() }),
        (&ann, Click { message: "message-99".parse().unwrap(), ..click.clone() }),
        (
            &ann,
            Click {
                card: "card_00000000000000000000000000000001".parse().unwrap(),
                ..click.clone()
            },
        ),
        (&elsewhere, Click { origin: elsewhere.origin("c"), ..click.clone() }),
    ] {
        let told = member.clicks(made_up).await;
        assert!(told.contains("no card of this chat"), "{told}");
    }
    let stranger = platform.dm("stranger");
    let told = stranger.clicks(Click { origin: stranger.origin("c"), ..click.clone() }).await;
    assert!(told.contains("may not use"), "{told}");
    // Somebody who may talk but is no approver of this.
    let bob = Click { origin: platform.dm("ann").origin("c"), ..click };
    let mut bob = bob;
    bob.origin.sender = platform.dm("bob").origin("c").sender;
    let told = ann.clicks(bob).await;
    assert!(told.contains("not an approver"), "{told}");
    assert_eq!(status(&house, card.approval).await, Status::Pending);
}

#[tokio::test]
async fn a_card_follows_what_is_decided_elsewhere_and_what_expires() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await.card.unwrap();
    house.decide(card.approval, Choice::Deny).await;
    platform.card_says(card.id, "Denied").await;
    let run = runs(&house).await[0];
    house.run_when(run, RunStatus::Completed).await;

    ann.says(ASKS).await;
    let card = platform.open_card().await.card.unwrap();
    house.clock.advance(Duration::from_mins(16));
    let shown = platform.card_says(card.id, "Expired").await;
    assert!(shown.card.unwrap().buttons.is_empty());
}

#[tokio::test]
async fn after_a_crash_the_same_card_is_answered_and_edited() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let house = house.crash().await;
    assert!(ann.presses(&card, Choice::Once).await.starts_with("Approved"));
    platform.card_says(card.card.unwrap().id, "Approved").await;
    platform
        .when(|shown| (shown.iter().any(|one| one.text.contains("It ran"))).then_some(()))
        .await;
    assert!(!house.has("made"));
    let cards = platform.shown().iter().filter(|one| one.card.is_some()).count();
    assert_eq!(cards, 1);
}

#[tokio::test]
async fn posts_and_edits_are_tried_again_when_the_platform_fails() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    let away = || PlatformError::Unavailable("502".to_owned());
    let slow = || PlatformError::SlowDown(Duration::from_millis(1));
    platform.fail_with([away(), slow(), away()]);
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    platform.fail_with([slow(), away(), slow()]);
    ann.presses(&card, Choice::Deny).await;
    platform.card_says(card.card.unwrap().id, "Denied").await;
    drop(house);
}

#[tokio::test]
async fn a_plain_word_decides_only_when_exactly_one_waits_in_that_chat_and_thread() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let (ann, other) = (platform.dm("ann"), platform.dm("ann").in_thread("t2"));
    ann.says(ASKS).await;
    let first = platform.open_card().await.card.unwrap();
    // In another thread nothing waits: there it is text for the agent.
    assert_eq!(other.told("yes").await, "");
    other.says(ASKS).await;
    let both = |shown: &[countersign_test_kit::Shown]| {
        let open = shown.iter().filter(|one| one.card.is_some()).count();
        (open == 2).then_some(())
    };
    platform.when(both).await;
    assert!(ann.told("maybe").await.contains("not taken as a decision"));
    assert_eq!(status(&house, first.approval).await, Status::Pending);
    assert!(ann.told(" Yes. ").await.starts_with("Approved"));
    assert_ne!(status(&house, first.approval).await, Status::Pending);
}

#[tokio::test]
async fn in_groups_plain_words_count_only_where_that_is_configured() {
    for (in_groups, told) in [(InGroups::Off, "Queued"), (InGroups::On, "Denied")] {
        let settings = |chat: &mut ChatSettings| {
            admitted(chat);
            chat.words.in_groups = in_groups;
        };
        let (house, platform) = open(settings).await;
        furnish(&house);
        let ann = platform.in_group("ann", "town");
        ann.says(ASKS).await;
        platform.open_card().await;
        let answer = ann.told("no").await;
        assert!(answer.starts_with(told), "{answer}");
    }
}

#[tokio::test]
async fn approve_without_an_id_lists_when_more_than_one_waits() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    platform.open_card().await;
    ann.says(&format!("/bg {ASKS}/deep")).await;
    platform
        .when(|shown| (shown.iter().filter(|one| one.card.is_some()).count() == 2).then_some(()))
        .await;
    for word in ["/approve", "/approve once", "/deny"] {
        let told = ann.told(word).await;
        assert!(told.contains("More than one") && told.contains("rm"), "{told}");
    }
    assert_eq!(house.gateway.pending_approvals().await.unwrap(), 2);
    assert!(ann.told("/approve nonsense").await.contains("Nothing was decided"));
    let told = ann.told("/deny all not today").await;
    assert_eq!(told.matches("Denied").count(), 2, "{told}");
    assert_eq!(house.gateway.pending_approvals().await.unwrap(), 0);
}

#[tokio::test]
async fn what_comes_while_the_agent_works_waits_or_interrupts_and_is_said_so() {
    for (busy, told) in [(BusyMode::Queue, "Queued"), (BusyMode::Interrupt, "stopped for this")] {
        let settings = |chat: &mut ChatSettings| {
            admitted(chat);
            chat.busy = busy;
        };
        let (house, platform) = open(settings).await;
        furnish(&house);
        let ann = platform.dm("ann");
        ann.says(ASKS).await;
        platform.open_card().await;
        let answer = ann.told("say next").await;
        assert!(answer.contains(told), "{answer}");
        let all = runs(&house).await;
        if busy == BusyMode::Interrupt {
            house.run_when(all[0], RunStatus::Cancelled).await;
            house.run_when(all[1], RunStatus::Completed).await;
        } else {
            assert_eq!(house.run(all[1]).await.run.status(), RunStatus::Queued);
            assert!(ann.told("/new").await.contains("has to wait"));
            assert!(ann.told("/stop").await.contains("Stopp"));
            house.run_when(all[1], RunStatus::Completed).await;
        }
    }
}

#[tokio::test]
async fn conversations_are_begun_named_left_and_gone_back_to() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    ann.says("say one").await;
    platform.when(|shown| (shown.len() == 1).then_some(())).await;
    assert!(ann.told("/title First @all").await.contains("`First @all`"));
    assert!(ann.told("/new Second").await.contains("new conversation"));
    ann.says("say two").await;
    platform.when(|shown| (shown.len() == 2).then_some(())).await;
    let listed = ann.told("/sessions").await;
    assert!(listed.contains("Second") && listed.contains("First @all"), "{listed}");
    assert!(ann.told("/resume first @all").await.contains("First"));
    ann.says("say three").await;
    platform.when(|shown| (shown.len() == 3).then_some(())).await;
    let all = runs(&house).await;
    let mut sessions = Vec::new();
    for run in all {
        sessions.push(house.run(run).await.run.session_id);
    }
    assert_eq!(sessions[0], sessions[2]);
    assert_ne!(sessions[0], sessions[1]);
    assert!(ann.told("/usage").await.contains("2 runs"));
}

#[tokio::test]
async fn in_groups_everybody_has_a_conversation_of_their_own() {
    let (house, platform) = open(admitted).await;
    platform.in_group("ann", "town").says("say a").await;
    platform.in_group("bob", "town").says("say b").await;
    platform.when(|shown| (shown.len() == 2).then_some(())).await;
    let all = runs(&house).await;
    let (first, second) = (house.run(all[0]).await.run, house.run(all[1]).await.run);
    assert_ne!(first.session_id, second.session_id);
}

#[tokio::test]
async fn help_lists_what_one_can_run_and_an_unknown_word_is_text() {
    let (house, platform) = open(gated(&["stop"])).await;
    let (ann, boss) = (platform.dm("ann"), platform.dm("boss"));
    let (few, all) = (ann.told("/help").await, boss.told("/help").await);
    assert!(few.contains("/stop") && !few.contains("/approve"), "{few}");
    assert!(all.contains("/approve"), "{all}");
    assert!(boss.told("/commands 2").await.contains("Page 2 of"));
    assert_eq!(ann.told("/nonsense and more").await, "");
    assert_eq!(runs(&house).await.len(), 1);
    assert!(platform.commands().iter().any(|command| command.name == "whoami"));
}

#[tokio::test]
async fn a_platform_without_edits_is_told_the_end_in_a_new_message() {
    let platform = TestingPlatform::with(|about| {
        about.features.remove(&Feature::Edits);
        about.most_buttons = 3;
        about.longest_text = 1024;
    });
    let house = House::with().chat(admitted).platform(&platform).open().await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    assert!(card.card.as_ref().unwrap().buttons.contains(&Choice::Deny));
    ann.presses(&card, Choice::Deny).await;
    platform
        .when(|shown| {
            shown.iter().find(|one| one.card.is_none() && one.text.starts_with("Denied")).cloned()
        })
        .await;
}

#[tokio::test]
async fn what_has_no_room_on_a_card_cannot_be_approved_there() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(&format!("run rm -r made {}", "x".repeat(5000))).await;
    let card = platform.open_card().await;
    let shown = card.card.as_ref().unwrap();
    assert_eq!(shown.buttons, [Choice::Deny]);
    assert!(card.text.contains("not shown"), "{}", card.text);
    let by_id = format!("/approve {}", shown.approval);
    for said in ["yes", "/approve", "/approve all", &by_id] {
        let told = ann.told(said).await;
        assert!(told.contains("does not show all of it"), "{said}: {told}");
    }
    // A button that is not there can be made up by who knows the one that is.
    let told = ann.presses(&card, Choice::Once).await;
    assert!(told.contains("does not show all of it"), "{told}");
    assert_eq!(status(&house, shown.approval).await, Status::Pending);
    assert!(ann.told("no").await.starts_with("Denied"));
}

#[tokio::test]
async fn what_was_changed_is_approved_where_the_change_can_be_seen_only() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    let place = tempfile::tempdir().unwrap().keep().join("note.txt");
    ann.says(&format!("write {} | first words", place.display())).await;
    let card = platform.open_card().await;
    let id = card.card.as_ref().unwrap().approval;
    let view = house.gateway.approval(id, &house.operator).await.unwrap();
    // The platform does not change the card: an answer to it is still about what it shows.
    platform.fail_with([PlatformError::Refused("no".to_owned())]);
    let new = NewContent { content: "other words".to_owned(), digest: view.card.digest };
    let edited = house.gateway.edit_approval(id, &new, &house.operator).await.unwrap();
    platform.has_failed().await;
    for said in ["yes", "/approve", &format!("/approve {id}")] {
        let told = ann.told(said).await;
        assert!(told.contains("was not decided"), "{said}: {told}");
    }
    assert!(ann.presses(&card, Choice::Once).await.contains("was not decided"));
    assert_eq!(status(&house, id).await, Status::Pending);
    // Where there is no card it has to be said what was seen.
    let told = |text: String| {
        let house = &house;
        async move {
            let said = house.gateway.say(in_main(&text), &house.operator).await;
            said.unwrap().reply.unwrap()
        }
    };
    assert!(told(format!("/approve {id}")).await.contains("was not decided"));
    assert_eq!(status(&house, id).await, Status::Pending);
    let seen = told(format!("/approve {id} once {}", edited.digest)).await;
    assert!(seen.starts_with("Approved"), "{seen}");
}

#[tokio::test]
async fn a_click_that_is_brought_again_after_an_edit_decides_nothing() {
    let platform = TestingPlatform::new();
    let house = House::with()
        .chat(admitted)
        .platform(&platform)
        .approvals(|approvals| {
            approvals.quorum.insert(SeverityText::High, 2);
        })
        .open()
        .await;
    let ann = platform.in_group("ann", "town");
    let place = tempfile::tempdir().unwrap().keep().join("note.txt");
    ann.says(&format!("write {} | first words", place.display())).await;
    let shown = platform.open_card().await;
    let card = shown.card.clone().unwrap();
    let click = Click {
        origin: ann.origin("click"),
        message: shown.message.clone(),
        card: card.id,
        nonce: card.nonce.clone(),
        choice: Choice::Once,
        reason: None,
    };
    let told = ann.clicks(click.clone()).await;
    assert!(told.starts_with("Your vote counts"), "{told}");
    let view = house.gateway.approval(card.approval, &house.operator).await.unwrap();
    let new = NewContent { content: "other words".to_owned(), digest: view.card.digest };
    house.gateway.edit_approval(card.approval, &new, &house.operator).await.unwrap();
    let changed = platform.says("other words").await;
    // In other words until it is noted that the card shows something else.
    let told = ann.clicks(click).await;
    let refused = ["nothing was decided", "was not decided"];
    assert!(refused.iter().any(|words| told.contains(words)), "{told}");
    // What she sees now she can decide, also before it is noted that she sees it.
    let told = ann.presses(&changed, Choice::Once).await;
    assert!(told.starts_with("Your vote counts: 1 of 2"), "{told}");
    assert_eq!(status(&house, card.approval).await, Status::Pending);
}

#[tokio::test]
async fn without_edits_a_card_that_has_changed_comes_anew_and_the_old_one_decides_nothing() {
    let platform = TestingPlatform::with(|about| {
        about.features.remove(&Feature::Edits);
    });
    let house = House::with().chat(admitted).platform(&platform).open().await;
    let ann = platform.dm("ann");
    let place = tempfile::tempdir().unwrap().keep().join("note.txt");
    ann.says(&format!("write {} | first words", place.display())).await;
    let old = platform.open_card().await;
    let id = old.card.as_ref().unwrap().approval;
    let view = house.gateway.approval(id, &house.operator).await.unwrap();
    let new = NewContent { content: "other words".to_owned(), digest: view.card.digest };
    house.gateway.edit_approval(id, &new, &house.operator).await.unwrap();
    let new = platform.says("other words").await;
    // Until it is noted which message shows what, it is the old one that the old button is about.
    let told = ann.presses(&old, Choice::Once).await;
    let refused = ["no card of this chat", "the content is not what was shown"];
    assert!(refused.iter().any(|words| told.contains(words)), "{told}");
    assert!(ann.presses(&new, Choice::Once).await.starts_with("Approved"));
}

#[tokio::test]
async fn an_admin_of_direct_messages_decides_nothing_that_was_asked_in_a_group() {
    let (house, platform) = open(gated(&["approve"])).await;
    furnish(&house);
    platform.in_group("ann", "town").says(ASKS).await;
    let card = platform.open_card().await;
    let id = card.card.unwrap().approval;
    let told = platform.dm("boss").told(&format!("/approve {id}")).await;
    assert!(told.contains("was not decided"), "{told}");
    assert_eq!(status(&house, id).await, Status::Pending);
    let told = platform.in_group("chief", "town").told(&format!("/approve {id}")).await;
    assert!(told.starts_with("Approved"), "{told}");
}

#[tokio::test]
async fn only_so_much_waits_for_the_agent_in_one_conversation() {
    let (house, platform) = open(admitted).await;
    furnish(&house);
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    platform.open_card().await;
    for _ in 0..20 {
        assert!(ann.told("say more").await.contains("Queued"));
    }
    let told = ann.told("say more").await;
    assert!(told.contains("not taken"), "{told}");
    assert_eq!(runs(&house).await.len(), 21);
}

#[tokio::test]
async fn the_terminal_passes_the_same_dispatcher() {
    let (house, _platform) = open(gated(&[])).await;
    let said = |text: &'static str| house.gateway.say(in_main(text), &house.operator);
    assert!(said("/whoami").await.unwrap().reply.unwrap().contains("Tier: admin"));
    let started = said("say hello").await.unwrap();
    house.run_when(started.run_id.unwrap(), RunStatus::Completed).await;
    assert!(said("/usage").await.unwrap().reply.unwrap().contains("1 runs"));
}

#[tokio::test]
async fn a_key_that_may_not_decide_decides_nothing_by_a_command_either() {
    use countersign_domain::access::Scope;
    let (house, _platform) = open(admitted).await;
    furnish(&house);
    let mut key = house.key_holder("ci");
    key.scopes = std::collections::BTreeSet::from([Scope::Runs]);
    let run = house.gateway.say(in_main(ASKS), &key).await.unwrap().run_id.unwrap();
    let approval = house.pending(run, 1).await.remove(0).card.approval_id;
    for text in ["/approve", "yes", "/deny", "/approve all"] {
        let told = house.gateway.say(in_main(text), &key).await.unwrap().reply.unwrap();
        assert!(told.contains("lacks the scope"), "{told}");
    }
    assert_eq!(status(&house, approval).await, Status::Pending);
}
