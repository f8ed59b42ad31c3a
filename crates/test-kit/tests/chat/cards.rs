//! Cards: clicks, edits, and what they show when something else is to be decided.

use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::chat::CardNonce;
use countersign_domain::runs::RunStatus;
use countersign_gateway::NewContent;
use countersign_gateway::config::SeverityText;
use countersign_ports::platform::{Click, Feature, PlatformError};
use countersign_test_kit::{House, TestingPlatform};

use super::{ASKS, admitted, furnish, gated, in_main, open, runs, status};

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
