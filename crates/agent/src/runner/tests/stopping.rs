use std::time::Duration;

use countersign_domain::runs::{RunState, RunStatus, ToolCallState, ToolStatus};

use super::stage::Stage;

#[tokio::test(start_paused = true)]
async fn a_stop_cancels_the_tools_at_work_and_ends_the_run() {
    let stage = Stage::new("run& hang\nrun& deaf\nrun& ask a").begin();
    stage.world.until("at work", |state| state.executed.len() == 2).await;
    stage.stop();
    assert!(matches!(stage.until_over().await, RunState::Cancelled(_)));
    assert_eq!(stage.world.status_of("hang"), Some(ToolStatus::Cancelled));
    assert_eq!(stage.world.status_of("deaf"), Some(ToolStatus::Cancelled));
    assert_eq!(stage.world.lock().executed, ["hang", "deaf"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_breaks_off_the_model() {
    let stage = Stage::new("wait 3000000").begin();
    stage.world.until("begun", |state| state.run.status() == RunStatus::Running).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.stop();
    assert!(matches!(stage.until_over().await, RunState::Cancelled(_)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_a_waiting_run_ends_it() {
    let stage = Stage::new("run ask a").begin();
    stage.until_parked().await;
    stage.stop();
    assert!(matches!(stage.until_over().await, RunState::Cancelled(_)));
    assert_eq!(stage.world.lock().executed, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn draining_lets_a_step_end_and_begins_no_other() {
    let stage = Stage::new("run gong\nrun two").begin();
    stage.world.until("at work", |state| state.executed.len() == 1).await;
    let sounding = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.world.gong.notify_one();
    };
    tokio::join!(stage.agent.drain(Duration::from_secs(30)), sounding);
    assert_eq!(stage.world.status_of("gong"), Some(ToolStatus::Ok));
    assert_eq!(stage.world.lock().executed, ["gong"]);
    assert_eq!(stage.world.lock().run.status(), RunStatus::Running);
    assert_eq!(stage.agent.active(), 0);
    stage.decide("gong", super::world::Decision::Approved);
    assert_eq!(stage.agent.active(), 0, "nothing new is taken up");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_time_is_cut_off_and_stays_as_it_is() {
    let stage = Stage::new("run hang").begin();
    stage.world.until("at work", |state| state.executed.len() == 1).await;
    stage.agent.drain(Duration::from_secs(3)).await;
    let call = stage.world.call("hang");
    assert!(matches!(call.state, ToolCallState::Started { .. }), "{:?}", call.state);
    assert_eq!(stage.agent.active(), 0);
}
