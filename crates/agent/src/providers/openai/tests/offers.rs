use countersign_ports::model_provider::{ModelError, ModelProvider as _};
use serde_json::json;

use super::server::{Answer, KEY, Server};
use crate::providers::openai::OpenAi;

async fn offered(answer: Answer) -> Result<Option<Vec<String>>, ModelError> {
    let server = Server::start([answer]).await;
    let offered = OpenAi::new(server.impatient()).unwrap().offered().await;
    let asked = server.asked.lock().unwrap();
    let asked = asked.first().unwrap();
    assert_eq!(asked.path, "/v1/models");
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    offered
}

#[tokio::test]
async fn the_models_of_a_server_are_listed() {
    let list = json!({"object": "list", "data": [{"id": "a", "object": "model"}, {"id": "b"}]});
    let expected = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(offered(Answer::json(200, &list)).await, Ok(Some(expected)));
    let empty = Answer::json(200, &json!({"data": []}));
    assert_eq!(offered(empty).await, Ok(Some(Vec::new())));
}

#[tokio::test]
async fn a_list_that_is_none_is_an_error_without_secrets() {
    let refused = Answer::json(401, &json!({"error": {"message": format!("bad key {KEY}")}}));
    let error = offered(refused).await.unwrap_err().to_string();
    assert_eq!(error, "the model provider answered 401: bad key …");
    let other = offered(Answer::json(200, &json!({"hello": 1}))).await;
    assert!(matches!(other, Err(ModelError::Unreadable(_))), "{other:?}");
    let silent = offered(Answer::json(200, &json!({"data": []})).then_hang()).await;
    assert!(matches!(silent, Err(ModelError::Silent(_))), "{silent:?}");
}
