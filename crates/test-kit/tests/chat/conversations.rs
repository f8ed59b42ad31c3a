//! Words that decide, conversations, and what comes while the agent works.

use countersign_domain::approvals::Status;
use countersign_domain::runs::RunStatus;
use countersign_gateway::{BusyMode, ChatSettings, InGroups};

use super::{ASKS, admitted, furnish, open, runs, status};

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
