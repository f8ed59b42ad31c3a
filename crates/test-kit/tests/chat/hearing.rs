//! Who is heard, and what the gate lets through.

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::runs::RunStatus;
use countersign_gateway::DropReason;
use countersign_ports::platform::{Receipt, SenderKind};

use super::{ASKS, admitted, furnish, gated, in_main, open, runs, status};

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
