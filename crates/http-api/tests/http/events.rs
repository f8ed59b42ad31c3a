//! Event streams.

use countersign_domain::access::Scope;
use countersign_domain::ids::RunId;
use countersign_gateway::Caller;
use futures::future::join_all;
use serde_json::json;

use crate::house::{Answer, House, header, request_to};
use crate::stream::{Events, Piece};

fn path(run: RunId) -> String {
    format!("/v1/runs/{run}/events")
}

async fn story(house: &House, run: RunId, pieces: usize) {
    house.calls_tool(run, "clarify").await;
    for n in 0..pieces {
        house.says(run, &format!("piece {n}")).await;
    }
    house.ends(run).await;
}

#[tokio::test]
async fn a_record_has_its_number_its_name_and_all_of_it_in_the_data() {
    let house = House::open().await;
    let run = house.run("talk").await;
    house.calls_tool(run, "clarify").await;
    let mut events = Events::open(house.operator("GET", &path(run))).await;
    assert_eq!(events.head["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(events.head["cache-control"], "no-cache");
    assert_eq!(events.head["x-accel-buffering"], "no");
    assert_eq!(events.head["x-content-type-options"], "nosniff");
    let (id, name, data) = events.next().await.unwrap();
    assert_eq!((id, name.as_str()), (1, "run.started"));
    for (field, wanted) in [
        ("event", json!("run.started")),
        ("run_id", json!(run)),
        ("seq", json!(1)),
        ("timestamp", json!("2026-11-18T11:06:40.000Z")),
        ("model", json!("rehearsal")),
    ] {
        assert_eq!(data[field], wanted, "{field}");
    }
}

#[tokio::test]
async fn ten_readers_one_that_reconnects_and_one_who_comes_late_read_the_same() {
    let house = House::open().await;
    let run = house.run("talk").await;
    let readers = join_all((0..10).map(|_| Events::open(house.operator("GET", &path(run))))).await;
    let reading = tokio::spawn(join_all(readers.into_iter().map(Events::all)));
    let restless = restless(&house, run);
    let (same, ()) = tokio::join!(restless, story(&house, run, 300));
    let late = Events::open(house.operator("GET", &path(run))).await.all().await;
    assert_eq!(late.last().unwrap().1, "run.completed");
    let numbers: Vec<u64> = late.iter().map(|(id, ..)| *id).collect();
    assert_eq!(numbers, (1..=late.len() as u64).collect::<Vec<_>>());
    for read in reading.await.unwrap() {
        assert_eq!(read, late);
    }
    assert_eq!(same, late);
}

/// Reads a few records at a time, and goes on from the last one over a new connection.
async fn restless(house: &House, run: RunId) -> Vec<(u64, String, serde_json::Value)> {
    let mut seen: Vec<(u64, String, serde_json::Value)> = Vec::new();
    for patience in (1..).map(|n| 1 + n * 7 % 23) {
        let last = seen.last().map_or(0, |(id, ..)| *id);
        let request = if patience % 2 == 0 {
            header(house.operator("GET", &path(run)), "last-event-id", &last.to_string())
        } else {
            house.operator("GET", &format!("{}?after={last}", path(run)))
        };
        let mut events = Events::open(request).await;
        for _ in 0..patience {
            match events.next().await {
                Some(record) => seen.push(record),
                None => return seen,
            }
        }
    }
    seen
}

#[tokio::test]
async fn a_reader_who_has_seen_the_end_gets_an_empty_stream() {
    let house = House::open().await;
    let run = house.run("talk").await;
    story(&house, run, 1).await;
    let all = Events::open(house.operator("GET", &path(run))).await.all().await;
    for after in [all.len() as u64, 1_000_000, u64::MAX] {
        let request = house.operator("GET", &format!("{}?after={after}", path(run)));
        assert_eq!(Events::open(request).await.all().await, []);
    }
}

#[tokio::test]
async fn a_place_that_is_no_number_is_refused() {
    let house = House::open().await;
    let run = house.run("talk").await;
    for path in [path(run), "/v1/approvals/events".to_owned()] {
        let answer = house.get(&format!("{path}?after=x")).await;
        answer.refused(400, "invalid_value", Some("after"));
        let request = header(house.operator("GET", &path), "last-event-id", "-1");
        Answer::of(request).await.refused(400, "invalid_value", Some("Last-Event-ID"));
    }
}

#[tokio::test]
async fn the_approvals_stream_begins_now_and_replays_only_on_request() {
    let house = House::open().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let run = house.run("do it").await;
        house.says(run, "a delta is no approval").await;
        ids.push(house.wants(run, request_to(&format!("{n}.example"))).await.1);
    }
    let mut live = Events::open(house.operator("GET", "/v1/approvals/events")).await;
    let mut all = Events::open(house.operator("GET", "/v1/approvals/events?after=0")).await;
    let mut last = 0;
    for id in &ids {
        let (number, name, data) = all.next().await.unwrap();
        assert_eq!((name.as_str(), &data["approval_id"]), ("approval.required", &json!(id)));
        assert_eq!(data["seq"], number);
        assert!(number > last);
        last = number;
    }
    let resolve = format!("/v1/approvals/{}/resolve", ids[1]);
    house.post(&resolve, json!({"choice": "deny"})).await.expect(200);
    for events in [&mut live, &mut all] {
        let (number, name, data) = events.next().await.unwrap();
        assert_eq!((name.as_str(), &data["approval_id"]), ("approval.resolved", &json!(ids[1])));
        assert!(number > last);
    }
}

#[tokio::test]
async fn streams_end_when_the_gateway_stops() {
    let house = House::open().await;
    let run = house.run("talk").await;
    let run = Events::open(house.operator("GET", &path(run))).await;
    let approvals = Events::open(house.operator("GET", "/v1/approvals/events")).await;
    house.shutdown.cancel();
    assert_eq!((run.all().await, approvals.all().await), (vec![], vec![]));
    tokio::time::timeout(crate::house::LIMIT, house.server).await.unwrap().unwrap().unwrap();
}

// The time of the runtime passes at once when nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn a_quiet_stream_says_that_it_lives_and_ends_with_its_key() {
    let house = House::open().await;
    let key = house.key("ci", &[Scope::ApprovalsRead]).await;
    let mut events = Events::open(house.with_key(&key, "GET", "/v1/approvals/events")).await;
    for _ in 0..3 {
        assert_eq!(events.piece().await, Some(Piece::Comment("keep-alive".to_owned())));
    }
    let name = "ci".parse().unwrap();
    house.gateway.revoke_key(&name, &Caller::operator()).await.unwrap();
    assert_eq!(events.all().await, []);
}
