use std::time::Duration;

use countersign_fakes::anthropic::{Answer, Block, End, FakeAnthropic, KEY};
use countersign_ports::model_provider::ModelError;

use super::{Effort, complete, request, settings, user};
use crate::config::Secret;

async fn error(answer: Answer) -> ModelError {
    let fake = FakeAnthropic::start([answer]).await;
    complete(settings(&fake, Effort::Unsaid), &request([user("hi")])).await.0.unwrap_err()
}

#[tokio::test]
async fn an_answer_with_an_error_says_whether_and_when_to_come_back() {
    for (kind, status, transient) in [
        ("overloaded_error", 529, true),
        ("rate_limit_error", 429, true),
        ("api_error", 500, true),
        ("invalid_request_error", 400, false),
        ("permission_error", 403, false),
        ("not_found_error", 404, false),
        ("request_too_large", 413, false),
    ] {
        for retry_after in [Some("7"), None] {
            let error = error(Answer::Refusal { kind, message: "no", retry_after }).await;
            let expected = ModelError::Status {
                status,
                message: "no".to_owned(),
                retry_after: retry_after.map(|_| Duration::from_secs(7)),
            };
            assert_eq!(error, expected);
            assert_eq!(error.is_transient(), transient, "{kind}");
        }
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_has_the_status_of_its_kind() {
    for (kind, expected) in [("overloaded_error", 529), ("rate_limit_error", 429)] {
        let error = error(Answer::Message(vec![Block::Text("half")], End::Error(kind))).await;
        assert!(
            matches!(error, ModelError::Status { status, .. } if status == expected),
            "{error}"
        );
    }
    let error = error(Answer::Message(vec![Block::Text("half")], End::Error("odd_error"))).await;
    assert_eq!(error, ModelError::Broken("in the middle".to_owned()));
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_told() {
    let fake = FakeAnthropic::start([]).await;
    let mut settings = settings(&fake, Effort::Unsaid);
    settings.server.api_key = Some(Secret::new(format!("{KEY}-other")));
    let error = complete(settings, &request([user("hi")])).await.0.unwrap_err();
    assert_eq!(error.to_string(), "the model provider answered 401: invalid x-api-key");
}
