use std::sync::Arc;

use countersign_ports::model_provider::{ModelError, ModelProvider, ModelReply};
use countersign_ports::run_journal::Fallback;

use super::actors::{Scripted, reply_with, says};
use super::stage::Stage;
use super::world::World;
use crate::limits::Limits;

fn status(status: u16) -> ModelError {
    ModelError::Status { status, message: "no".to_owned(), retry_after: None }
}

fn unreachable() -> ModelError {
    ModelError::Unreachable("refused".to_owned())
}

fn stage(world: &Arc<World>, models: &[&Arc<Scripted>]) -> Stage {
    let mut models = models.iter().map(|&one| Arc::clone(one) as Arc<dyn ModelProvider>);
    let first = models.next().unwrap();
    Stage::with_fallbacks(Arc::clone(world), (first, models.collect()), Limits::default()).begin()
}

fn asked(model: &Scripted) -> usize {
    model.requests.lock().unwrap().len()
}

fn told(world: &World) -> Vec<String> {
    let fallbacks = world.lock().fallbacks.clone();
    let lines = fallbacks.into_iter();
    lines.map(|Fallback { from, to, reason }| format!("{from} > {to}: {reason}")).collect()
}

fn named(name: &'static str, replies: Vec<Result<ModelReply, ModelError>>) -> Arc<Scripted> {
    Scripted::named(name, replies)
}

#[tokio::test(start_paused = true)]
async fn whoever_is_busy_or_away_makes_way_for_the_next_and_the_run_says_so() {
    for error in [status(429), status(529), status(503), unreachable()] {
        let first = named("a", vec![Err(error.clone())]);
        let second = named("b", vec![Err(status(429))]);
        let third = named("c", vec![says("hello")]);
        let world = World::new("go");
        assert_eq!(stage(&world, &[&first, &second, &third]).output().await, "hello");
        assert_eq!(
            told(&world),
            [format!("a > b: {error}"), "b > c: the model provider answered 429: no".to_owned(),]
        );
        assert_eq!(world.lock().run.spent.last().unwrap().model, "c");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_refuses_or_has_begun_to_answer_makes_way_for_nobody() {
    let broken = ModelError::Broken("half".to_owned());
    let second = named("b", vec![]);
    for (replies, output) in [
        (vec![Err(broken.clone()), says("all")], Some("all")),
        // Also when it is busy after that.
        (vec![Err(broken), Err(status(529)), says("all")], Some("all")),
        (vec![Err(status(401))], None),
        (vec![Err(status(400))], None),
        (vec![Err(ModelError::Declined)], None),
    ] {
        let first = named("a", replies);
        let world = World::new("go");
        let stage = stage(&world, &[&first, &second]);
        match output {
            Some(text) => assert_eq!(stage.output().await, text),
            None => assert!(!stage.failure().await.code.is_empty()),
        }
        assert_eq!((asked(&second), told(&world).len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn when_nobody_answers_all_are_asked_again_and_the_first_ones_words_are_told() {
    let first = named("a", (0..4).map(|_| Err(status(529))).collect());
    let second = named("b", (0..4).map(|_| Err(status(401))).collect());
    let world = World::new("go");
    let failure = stage(&world, &[&first, &second]).failure().await;
    assert_eq!(failure.code, "model_unavailable");
    assert!(failure.message.contains("529") && failure.message.contains("4 attempts"));
    assert_eq!((asked(&first), asked(&second)), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_run_stays_with_who_has_answered() {
    let calls = Ok(reply_with(&[("terminal", "{\"command\": \"x\"}")]));
    let first = named("a", vec![Err(status(529))]);
    let second = named("b", vec![calls, says("done")]);
    let world = World::new("go");
    assert_eq!(stage(&world, &[&first, &second]).output().await, "done");
    assert_eq!((asked(&first), asked(&second), told(&world).len()), (1, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_may_ask_for_one_of_them_or_for_another_model_of_the_first() {
    for (wanted, who, name) in [("b", "b", None), ("z", "a", Some("z")), ("a", "a", None)] {
        let first = named("a", vec![says("a")]);
        let second = named("b", vec![says("b")]);
        let world = World::new("go");
        world.change(|state| state.run.model = Some(wanted.to_owned()));
        assert_eq!(stage(&world, &[&first, &second]).output().await, who);
        let asked = if who == "a" { &first } else { &second };
        let request = asked.requests.lock().unwrap().pop().unwrap();
        assert_eq!(request.model.as_deref(), name);
        assert_eq!(world.lock().run.spent.last().unwrap().model, wanted);
    }
}
