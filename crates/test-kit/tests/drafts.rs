//! Drafts: a person changes the content before deciding.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use countersign_domain::approvals::{Choice, DecideError, EditError, Moment, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::runs::{Event, RunState, RunStatus};
use countersign_gateway::config::{SecretPolicyText, SeverityText, WebhookConfig};
use countersign_gateway::{
    Answer, ApprovalView, EditApprovalError, NewContent, ResolveError, Resolved,
};
use countersign_ports::secret::Secret;
use countersign_test_kit::{FakeRemote, House};

/// An approval for writing `content` to a file outside the workspace, and that file.
async fn draft(house: &House, content: &str) -> (ApprovalView, std::path::PathBuf) {
    let place = tempfile::tempdir().unwrap().keep().canonicalize().unwrap().join("note.txt");
    let run = house.say(&format!("write {} | {content}", place.display())).await;
    (house.pending(run, 1).await.remove(0), place)
}

async fn where_people_decide_about_secrets() -> House {
    House::with().outbound(|outbound| outbound.secret_policy = SecretPolicyText::Ask).open().await
}

fn new(content: &str, view: &ApprovalView) -> NewContent {
    NewContent { content: content.to_owned(), digest: view.card.digest }
}

#[tokio::test]
async fn what_a_person_makes_of_the_content_is_what_is_written_and_the_agent_is_told() {
    let house = House::open().await;
    let (asked, place) = draft(&house, "Dear all, we are down").await;
    assert!(asked.draft.as_deref().unwrap().contains("we are down"));
    let id = asked.card.approval_id;
    let edited =
        house.gateway.edit_approval(id, &new("We are back.", &asked), &house.operator).await;
    let edited = edited.unwrap();
    assert_ne!(edited.digest, asked.card.digest);
    let entry = edited.history.last().unwrap();
    assert_eq!(
        (entry.what, &entry.actor),
        (Moment::Edited, &Actor::Principal(house.operator.principal.clone()))
    );
    let change = entry.edit.unwrap();
    assert_eq!((change.from, change.to), (asked.card.digest, edited.digest));
    // Neither the old digest nor none counts.
    for digest in [Some(asked.card.digest), None] {
        let answer = Answer { choice: Choice::Once, reason: None, digest, count: None };
        let refused = house.gateway.resolve_approval(id, &answer, &house.operator).await;
        assert!(
            matches!(&refused, Err(ResolveError::Refused { error: DecideError::ContentChanged { actual }, .. }) if *actual == edited.digest),
            "{refused:?}"
        );
    }
    let answer =
        Answer { choice: Choice::Once, reason: None, digest: Some(edited.digest), count: None };
    house.gateway.resolve_approval(id, &answer, &house.operator).await.unwrap();
    let done = house.run_when(asked.run_id, RunStatus::Completed).await;
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "We are back.");
    let RunState::Completed { output } = &done.run.state else { panic!("{:?}", done.run.state) };
    assert!(output.contains("changed the content"), "{output}");
    let events = house.events(asked.run_id).await;
    assert!(events.iter().any(|record| matches!(
        &record.event,
        Event::ApprovalUpdated { approval_id, change, .. } if *approval_id == id && change == "edited"
    )));
    let audited = house.audited(AuditKind::ApprovalEdited).await;
    assert_eq!(audited[0].detail["edit"]["to"], edited.digest.to_string());
}

#[tokio::test]
async fn an_edit_that_does_not_fit_is_refused() {
    let house = House::open().await;
    let (asked, place) = draft(&house, "one").await;
    let id = asked.card.approval_id;
    let edit = async |new: NewContent| match house
        .gateway
        .edit_approval(id, &new, &house.operator)
        .await
    {
        Err(EditApprovalError::Refused { error, .. }) => error,
        other => panic!("{other:?}"),
    };
    let first =
        house.gateway.edit_approval(id, &new("two", &asked), &house.operator).await.unwrap();
    // Of two editors one has seen something else.
    let stale = edit(new("three", &asked)).await;
    assert_eq!(stale, EditError::ContentChanged { actual: first.digest });
    let answer = Answer { choice: Choice::Deny, reason: None, digest: None, count: None };
    house.gateway.resolve_approval(id, &answer, &house.operator).await.unwrap();
    let late = NewContent { content: "four".to_owned(), digest: first.digest };
    assert_eq!(edit(late).await, EditError::NotPending(Status::Denied));
    assert!(!place.exists());
    assert_eq!(house.audited(AuditKind::ApprovalRefused).await.len(), 2, "attempts are logged");

    let run = house.say("run rm -rf ~/x").await;
    let command = house.pending(run, 1).await.remove(0);
    assert_eq!(command.draft, None);
    let id = command.card.approval_id;
    let refused = house.gateway.edit_approval(id, &new("ls", &command), &house.operator).await;
    assert!(
        matches!(refused, Err(EditApprovalError::Refused { error: EditError::NotEditable, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn new_content_is_judged_anew() {
    let house = where_people_decide_about_secrets().await;
    let run = house.say("post https://a.example/hook | hello").await;
    let asked = house.pending(run, 1).await.remove(0);
    assert!(asked.card.choices.contains(&Choice::Always));
    let secret = format!("token ghp_{}", "a1B2".repeat(9));
    let id = asked.card.approval_id;
    house.gateway.edit_approval(id, &new(&secret, &asked), &house.operator).await.unwrap();
    let now = house.gateway.approval(id, &house.operator).await.unwrap();
    assert_eq!(now.card.choices, [Choice::Once, Choice::Deny]);
    assert!(now.card.findings.iter().any(|f| f.id.as_str() == "secret.in_content"), "{now:?}");
    assert_eq!(now.draft, None, "masked content is not offered for editing");
}

#[tokio::test]
async fn who_may_not_approve_may_not_edit() {
    let house = House::with()
        .approvals(|approvals| approvals.approvers = vec!["api:boss".to_owned()])
        .open()
        .await;
    let (asked, _) = draft(&house, "one").await;
    let id = asked.card.approval_id;
    let refused = house.gateway.edit_approval(id, &new("two", &asked), &house.operator).await;
    assert!(matches!(refused, Err(EditApprovalError::NotAnApprover(_))), "{refused:?}");
    assert_eq!(house.audited(AuditKind::ApprovalRefused).await.len(), 1);
    let boss = house.key_holder("boss");
    house.gateway.edit_approval(id, &new("two", &asked), &boss).await.unwrap();
}

#[tokio::test]
async fn of_an_edit_and_an_approval_at_the_same_time_only_what_was_seen_is_carried_out() {
    let (mut first, mut second) = (0, 0);
    for round in 0..24 {
        let house = House::open().await;
        let (asked, place) = draft(&house, "theirs").await;
        let id = asked.card.approval_id;
        let digest = Some(asked.card.digest);
        let answer = Answer { choice: Choice::Once, reason: None, digest, count: None };
        let ann = house.key_holder("ann");
        let approve = async {
            if round % 2 == 0 {
                tokio::task::yield_now().await;
            }
            house.gateway.resolve_approval(id, &answer, &ann).await
        };
        let (new, operator) = (new("ours", &asked), &house.operator);
        let (edited, approved) =
            tokio::join!(house.gateway.edit_approval(id, &new, operator), approve);
        match (edited, approved) {
            (Err(EditApprovalError::Refused { error, .. }), Ok(_)) => {
                assert!(matches!(error, EditError::NotPending(_)), "{error:?}");
                house.run_when(asked.run_id, RunStatus::Completed).await;
                assert_eq!(std::fs::read_to_string(&place).unwrap(), "theirs");
                first += 1;
            }
            (Ok(edited), Err(ResolveError::Refused { error, .. })) => {
                assert_eq!(error, DecideError::ContentChanged { actual: edited.digest });
                assert!(!place.exists(), "what nobody had seen was written");
                let left = house.gateway.approval(id, &house.operator).await.unwrap();
                assert_eq!((left.status, left.card.digest), (Status::Pending, edited.digest));
                second += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(first + second, 24);
}

#[tokio::test]
async fn a_lasting_choice_on_an_edited_draft_covers_what_it_says_and_holds_no_secret() {
    let house = where_people_decide_about_secrets().await;
    let run = house.say("post https://a.example/hook | hello").await;
    let asked = house.pending(run, 1).await.remove(0);
    let id = asked.card.approval_id;
    let secret = format!("token ghp_{}", "a1B2".repeat(9));
    let bad = house.gateway.edit_approval(id, &new(&secret, &asked), &house.operator).await;
    let bad = bad.unwrap();
    for choice in [Choice::Session, Choice::Always] {
        let answer = Answer { choice, reason: None, digest: Some(bad.digest), count: None };
        let refused = house.gateway.resolve_approval(id, &answer, &house.operator).await;
        assert!(
            matches!(
                &refused,
                Err(ResolveError::Refused { error: DecideError::NotOffered(_), .. })
            ),
            "{refused:?}"
        );
    }
    // Nothing that is stored or told holds it.
    let told = format!("{:?}", house.events(run).await);
    assert!(!told.contains("a1B2a1B2"), "{told}");
    let logged = format!("{:?}", house.audited(AuditKind::ApprovalEdited).await);
    assert!(!logged.contains("a1B2a1B2"), "{logged}");

    let masked = NewContent { content: "bye".to_owned(), digest: bad.digest };
    let good = house.gateway.edit_approval(id, &masked, &house.operator).await.unwrap();
    let now = house.gateway.approval(id, &house.operator).await.unwrap();
    assert_eq!(now.card.choices, asked.card.choices, "harmless content is offered them again");
    assert_eq!(now.card.covers.always, asked.card.covers.always);
    let stale = Some(asked.card.digest);
    for digest in [None, stale] {
        let answer = Answer { choice: Choice::Always, reason: None, digest, count: None };
        let refused = house.gateway.resolve_approval(id, &answer, &house.operator).await;
        assert!(matches!(refused, Err(ResolveError::Refused { .. })), "{refused:?}");
    }
    let digest = Some(good.digest);
    let answer = Answer { choice: Choice::Always, reason: None, digest, count: None };
    house.gateway.resolve_approval(id, &answer, &house.operator).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    // The rule is about the place, and what is sent there with a secret is still asked about.
    let same = house.say("post https://a.example/hook | again").await;
    house.run_when(same, RunStatus::Completed).await;
    assert!(house.approvals_of(same, None).await.is_empty());
    let other = house.say("post https://b.example/hook | again").await;
    house.pending(other, 1).await;
    let leaking = house.say(&format!("post https://a.example/hook | {secret}")).await;
    house.pending(leaking, 1).await;
}

#[tokio::test]
async fn an_edit_takes_back_the_votes_and_is_asked_for_again() {
    let house = House::with()
        .approvals(|approvals| {
            approvals.quorum.insert(SeverityText::High, 2);
            approvals.approvers = ["api:ann", "api:bob"].map(str::to_owned).to_vec();
        })
        .open()
        .await;
    let (asked, place) = draft(&house, "one").await;
    let id = asked.card.approval_id;
    let (ann, bob) = (house.key_holder("ann"), house.key_holder("bob"));
    let agree = |digest| Answer { choice: Choice::Once, reason: None, digest, count: None };
    let voted = house.gateway.resolve_approval(id, &agree(Some(asked.card.digest)), &ann).await;
    assert!(matches!(voted, Ok(Resolved::Counted(_))), "{voted:?}");
    let edited = house.gateway.edit_approval(id, &new("two", &asked), &bob).await.unwrap();
    // Her vote was for something else; it does not complete his.
    let voted = house.gateway.resolve_approval(id, &agree(Some(edited.digest)), &bob).await;
    assert!(matches!(voted, Ok(Resolved::Counted(_))), "{voted:?}");
    assert!(!place.exists());
    let voted = house.gateway.resolve_approval(id, &agree(Some(edited.digest)), &ann).await;
    assert!(matches!(voted, Ok(Resolved::Now(_))), "{voted:?}");
    house.run_when(asked.run_id, RunStatus::Completed).await;
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "two");
}

#[tokio::test]
async fn an_edited_message_is_what_leaves_and_a_secret_put_into_it_does_not() {
    let remote = FakeRemote::listen().await;
    let url = remote.url("/hook");
    let house = House::with()
        .outbound(|outbound| {
            let secret = Some(Secret::new("webhook-secret-0123456789"));
            let hook = WebhookConfig { url, secret, secret_env: None, idempotent: false };
            outbound.webhooks.insert("ops".to_owned(), hook);
        })
        .open()
        .await;
    let run = house.say("send ops | We are doun").await;
    let asked = house.pending(run, 1).await.remove(0);
    assert_eq!(asked.draft.as_deref(), Some("We are doun"));
    let id = asked.card.approval_id;
    let secret = format!("token ghp_{}", "a1B2".repeat(9));
    let refused = house.gateway.edit_approval(id, &new(&secret, &asked), &house.operator).await;
    assert!(
        matches!(
            &refused,
            Err(EditApprovalError::Refused { error: EditError::Forbidden(why), .. })
                if why.starts_with("Would send a secret")
        ),
        "{refused:?}"
    );
    let edited =
        house.gateway.edit_approval(id, &new("We are down", &asked), &house.operator).await;
    let edited = edited.unwrap();
    let now = house.gateway.approval(id, &house.operator).await.unwrap();
    assert_eq!(now.card.destination, asked.card.destination);
    assert_eq!(now.card.content.as_deref(), Some("We are down"));
    assert_eq!(remote.connections(), 0);
    let digest = Some(edited.digest);
    let answer = Answer { choice: Choice::Once, reason: None, digest, count: None };
    house.gateway.resolve_approval(id, &answer, &house.operator).await.unwrap();
    let done = house.run_when(run, RunStatus::Completed).await;
    let RunState::Completed { output } = &done.run.state else { panic!("{:?}", done.run.state) };
    assert!(output.contains("changed the content"), "{output}");
    let received = remote.received();
    let [request] = received.as_slice() else { panic!("{received:?}") };
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["text"], "We are down");
}
