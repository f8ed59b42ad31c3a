use std::collections::BTreeSet;
use std::time::Duration;

use countersign_ports::model_provider::{ModelError, ModelMessage};

use super::actors::{Scripted, says};
use super::stage::Stage;
use super::world::World;
use crate::limits::Limits;

fn status(status: u16, retry_after: Option<u64>) -> ModelError {
    ModelError::Status {
        status,
        message: "no".to_owned(),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

fn stage(provider: std::sync::Arc<Scripted>) -> Stage {
    Stage::with(World::new("go"), provider, Limits::default()).begin()
}

#[tokio::test(start_paused = true)]
async fn another_attempt_is_another_message_and_only_the_last_one_counts() {
    let provider = Scripted::new([
        Err(ModelError::Broken("half".to_owned())),
        Err(ModelError::Broken("half".to_owned())),
        says("all of it"),
    ]);
    let stage = stage(provider.clone());
    assert_eq!(stage.output().await, "all of it");
    let deltas = stage.world.lock().deltas.clone();
    let texts: Vec<&str> = deltas.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["half of", "half of", "all of it"]);
    let messages: BTreeSet<_> = deltas.iter().map(|(message, _)| *message).collect();
    assert_eq!(messages.len(), 3);
    assert_eq!(stage.world.lock().entries.len(), 2);
    assert_eq!(
        provider.told(),
        [ModelMessage::System("be careful".to_owned()), ModelMessage::User("go".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_waited_for_up_to_a_limit() {
    for (asked, least, most) in [(7, 7, 8), (100_000, 60, 61)] {
        let before = tokio::time::Instant::now();
        let provider = Scripted::new([Err(status(429, Some(asked))), says("ok")]);
        stage(provider).output().await;
        let waited = before.elapsed().as_secs();
        assert!((least..=most).contains(&waited), "{asked}: {waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_will_not_get_better_is_not_tried_again() {
    for (error, code) in [
        (status(401, None), "model_refused"),
        (status(404, None), "model_not_found"),
        (status(400, None), "model_error"),
        (ModelError::Unreadable("x".to_owned()), "model_error"),
    ] {
        let provider = Scripted::new([Err(error)]);
        assert_eq!(stage(provider).failure().await.code, code);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_last_attempt_the_run_says_what_to_do() {
    let error = ModelError::Unreachable("connection refused".to_owned());
    let provider = Scripted::new((0..4).map(|_| Err(error.clone())));
    let failure = stage(provider.clone()).failure().await;
    assert_eq!(failure.code, "model_unavailable");
    assert_eq!(
        failure.message,
        "The model provider cannot be reached: connection refused (4 attempts). Check \
         `model.base_url`, the network and whether the server runs; then send the message again."
    );
    assert_eq!(provider.requests.lock().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn many_small_pieces_become_few_writes_and_all_come_before_the_reply() {
    let text = "a ".repeat(2000);
    let stage = stage(Scripted::new([says(&text)]));
    assert_eq!(stage.output().await, text);
    let deltas = stage.world.lock().deltas.clone();
    let whole: String = deltas.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(whole, text);
    assert!(deltas.len() <= 8, "{} writes", deltas.len());
}
