//! Whoever ends or pauses a chat while a message is on its way out.

use countersign_domain::runs::ToolCallState;
use countersign_domain::runs::ToolStatus;
use countersign_domain::service_conversations::ChatState;
use countersign_ports::store::Change;

use super::*;

/// A draft that somebody has approved, and whose use waits to be committed.
async fn claiming(
    house: &House,
    session: SessionId,
) -> (RunId, ApprovalId, std::sync::Arc<countersign_test_kit::Gate>) {
    let run = house.say_in(Some(session), "reply My number is 123").await;
    let draft = asked(house, run).await;
    let gate = house.breakable.hold(|change| matches!(change, Change::UseGrant(_)));
    house.decide(draft, Choice::Once).await;
    gate.reached().await;
    (run, draft, gate)
}

/// What the tool was told.
async fn ended(house: &House, run: RunId) -> ToolStatus {
    house.run_when(run, RunStatus::Completed).await;
    let state = house.calls(run).await.remove(0).state;
    let ToolCallState::Done { result } = &state else { panic!("{state:?}") };
    result.status
}

#[tokio::test]
async fn who_revokes_or_pauses_before_the_claim_is_committed_is_in_time() {
    for (what, left) in [(ChatChange::Revoke, Status::Lapsed), (ChatChange::Pause, Status::Lapsed)]
    {
        let bridge = FakeBridge::listen().await;
        let house = House::with().bridge(&bridge).service(on).open().await;
        let session = talking(&house).await;
        let (run, draft, gate) = claiming(&house, session).await;
        change(&house, what).await;
        gate.open();
        house.approval_when(draft, left).await;
        assert_ne!(ended(&house, run).await, ToolStatus::Ok, "{what:?}");
        assert_eq!((bridge.sent().len(), bridge.attempts()), (1, 1), "{what:?}");
    }
}

#[tokio::test]
async fn who_claims_before_the_revoke_is_committed_is_found_by_it() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let run = house.say_in(Some(session), "reply My number is 123").await;
    let draft = asked(&house, run).await;
    let revokes = |change: &Change| {
        let Change::UpdateServiceChat(chat, _) = change else { return false };
        matches!(chat.state, ChatState::Revoked { .. })
    };
    let gate = house.breakable.hold(revokes);
    let (gateway, operator) = (house.gateway.clone(), house.operator.clone());
    let revoking = tokio::spawn(async move {
        gateway.change_service_chat(NUMBER, ChatChange::Revoke, &operator).await
    });
    gate.reached().await;
    house.decide(draft, Choice::Once).await;
    bridge.sent_when(2).await;
    gate.open();
    revoking.await.unwrap().unwrap();
    assert_eq!(ended(&house, run).await, ToolStatus::Ok);
    house.approval_when(draft, Status::Executed).await;
    assert_eq!(status(&house, NUMBER).await, (ChatStatus::Revoked, None));
    assert_eq!(bridge.sent().len(), 2);
}

#[tokio::test]
async fn what_may_have_arrived_is_not_tried_again_once_the_chat_is_closed() {
    for what in [ChatChange::Revoke, ChatChange::Pause] {
        let bridge = FakeBridge::listen().await;
        let house = House::with().bridge(&bridge).service(on).open().await;
        let session = talking(&house).await;
        let run = house.say_in(Some(session), "reply My number is 123").await;
        let draft = asked(&house, run).await;
        bridge.holds_sends(true);
        bridge.breaks_off(1);
        house.decide(draft, Choice::Once).await;
        bridge.attempted(2).await;
        change(&house, what).await;
        bridge.holds_sends(false);
        assert_eq!(ended(&house, run).await, ToolStatus::Indeterminate, "{what:?}");
        assert_eq!(bridge.attempts(), 2, "{what:?}");
        let (_, thread) = house.gateway.service_chat(NUMBER, None, &house.operator).await.unwrap();
        assert_eq!(thread[0].outcome, Some("unknown"), "{thread:?}");
        let told = format!("{:?}", house.calls(run).await[0].state);
        assert!(told.contains("not tried again"), "{told}");
    }
}

#[tokio::test]
async fn what_was_let_go_into_a_chat_that_is_paused_by_default_goes() {
    let bridge = FakeBridge::listen().await;
    let house = House::with()
        .bridge(&bridge)
        .service(|settings| {
            on(settings);
            settings.default_mode = ChatMode::Paused;
        })
        .open()
        .await;
    talking(&house).await;
    assert_eq!(bridge.sent().len(), 1);
    assert_eq!(status(&house, NUMBER).await, (ChatStatus::Approved, Some(ChatMode::Paused)));
}
