//! The socket: proving who one is, the order of events, taking over after a cut.

use std::time::Duration;

use countersign_fakes::mattermost::{Clock, Settings};
use serde_json::{Value, json};

use crate::gateway::{Place, Socket, place, place_with};

async fn says(place: &Place, count: usize) {
    for n in 0..count {
        place.ann.posts(&place.town, None, &format!("message {n}")).await;
    }
}

/// Waits until the server has noticed that nobody listens.
async fn alone(place: &Place) {
    let nobody = |server: &countersign_fakes::mattermost::FakeMattermost| {
        (server.open_sockets(&place.bot) == 0).then_some(())
    };
    place.server.wait_for("the socket to be gone", nobody).await;
}

async fn resume(place: &Place, id: &str, sequence: i64) -> Socket {
    let query = format!("?connection_id={id}&sequence_number={sequence}");
    Socket::open(&place.server, Some(&place.bot.token), &query).await
}

#[tokio::test]
async fn a_wrong_token_closes_the_socket_without_a_word() {
    let place = place().await;
    let mut socket = Socket::open(&place.server, None, "").await;
    socket.challenge("nothing").await;
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn a_token_in_the_handshake_needs_no_challenge() {
    let place = place().await;
    let mut socket = Socket::open(&place.server, Some(&place.bot.token), "").await;
    let hello = socket.next().await.unwrap();
    assert_eq!((&hello["event"], &hello["seq"]), (&json!("hello"), &json!(0)));
    assert_eq!(hello["data"]["server_version"], "11.6.0.0000000000.c0ffee.false");
    assert_eq!(place.server.connections(&place.bot).len(), 1);
}

#[tokio::test]
async fn who_says_nothing_for_five_seconds_is_cut_off_and_gets_no_answers_before() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let mut socket = Socket::open(&place.server, None, "").await;
    socket.say(json!({"seq": 1, "action": "ping"})).await;
    socket.challenge(&place.bot.token).await;
    assert_eq!(socket.next().await.unwrap()["event"], "hello", "the ping has no answer");
    let mut silent = Socket::open(&place.server, None, "").await;
    clock.advance(Duration::from_secs(6));
    assert_eq!(silent.next().await, None);
    socket.say(json!({"seq": 2, "action": "ping"})).await;
    assert_eq!(socket.next().await, Some(json!({"status": "OK", "seq_reply": 1})));
    let pong = socket.next().await.unwrap();
    assert_eq!((&pong["seq_reply"], &pong["data"]["text"]), (&json!(2), &json!("pong")));
}

#[tokio::test]
async fn requests_without_action_or_number_or_of_no_kind_are_refused() {
    let place = place().await;
    let mut socket = place.socket().await;
    let rows = [
        (json!({"seq": 5}), "api.web_socket_router.no_action.app_error"),
        (json!({"action": "ping"}), "api.web_socket_router.bad_seq.app_error"),
        (json!({"seq": 5, "action": "dance"}), "api.web_socket_router.bad_action.app_error"),
    ];
    for (request, id) in rows {
        socket.say(request).await;
        let answer = socket.next().await.unwrap();
        assert_eq!((&answer["status"], &answer["error"]["id"]), (&json!("FAIL"), &json!(id)));
    }
}

#[tokio::test]
async fn events_are_numbered_and_answers_are_not() {
    let place = place().await;
    let mut socket = place.socket().await;
    says(&place, 2).await;
    socket.say(json!({"seq": 2, "action": "ping"})).await;
    assert_eq!(socket.event("posted").await["seq"], 1);
    assert_eq!(socket.event("posted").await["seq"], 2);
    assert_eq!(socket.next().await.unwrap()["seq_reply"], 2);
    says(&place, 1).await;
    let event = socket.event("posted").await;
    assert_eq!(event["seq"], 3);
    assert!(event["data"]["post"].is_string(), "a post is JSON in a text");
    assert_eq!(event["data"]["channel_type"], "O");
    assert_eq!(event["data"]["sender_name"], "@ann");
    assert_eq!(event["broadcast"]["channel_id"], json!(place.town));
}

#[tokio::test]
async fn whoever_comes_back_in_time_gets_what_was_missed_and_nothing_twice() {
    let place = place().await;
    let mut socket = place.socket().await;
    says(&place, 2).await;
    socket.event("posted").await;
    let id = socket.connection.clone();
    // The second event was sent and never read.
    place.server.drop_sockets();
    says(&place, 1).await;
    let mut again = resume(&place, &id, 2).await;
    let (second, third) = (again.next().await.unwrap(), again.next().await.unwrap());
    assert_eq!((&second["event"], &second["seq"]), (&json!("posted"), &json!(2)));
    assert_eq!((&third["event"], &third["seq"]), (&json!("posted"), &json!(3)));
    assert!(third["data"]["post"].as_str().unwrap().contains("message 0"));
    assert_eq!(place.server.connections(&place.bot), [id.as_str().into()]);
}

#[tokio::test]
async fn who_cannot_be_resumed_gets_another_connection() {
    enum Reason {
        FarBehind,
        AnotherUser,
        Restart,
        Challenge,
        TooLate,
        StillThere,
    }
    use Reason::{AnotherUser, Challenge, FarBehind, Restart, StillThere, TooLate};
    for reason in [FarBehind, AnotherUser, Restart, Challenge, TooLate, StillThere] {
        let clock = Clock::standing_at(1_700_000_000_000);
        let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
        let mut socket = place.socket().await;
        let id = socket.connection.clone();
        let query = |sequence: i64| format!("?connection_id={id}&sequence_number={sequence}");
        let other = place.server.bot("other").token;
        if !matches!(reason, StillThere) {
            place.server.drop_sockets();
        }
        let mut again = match reason {
            FarBehind => {
                // 128 events that were sent are kept: the first ones are gone.
                for _ in 0..3 {
                    let mut reader = resume(&place, &id, 0).await;
                    says(&place, 60).await;
                    for _ in 0..60 {
                        reader.event("posted").await;
                    }
                    drop(reader);
                    alone(&place).await;
                }
                resume(&place, &id, 100_000).await
            }
            AnotherUser => Socket::open(&place.server, Some(&other), &query(1)).await,
            Restart => {
                place.server.restart().await;
                resume(&place, &id, 1).await
            }
            Challenge => {
                let mut again = Socket::open(&place.server, None, &query(1)).await;
                again.challenge(&place.bot.token).await;
                again
            }
            TooLate => {
                clock.advance(Duration::from_secs(301));
                resume(&place, &id, 1).await
            }
            StillThere => resume(&place, &id, 1).await,
        };
        let hello = again.next().await.unwrap();
        assert_eq!((&hello["event"], &hello["seq"]), (&json!("hello"), &json!(0)));
        assert_ne!(hello["data"]["connection_id"], json!(id));
        drop(socket.next());
    }
}

#[tokio::test]
async fn a_connection_id_that_is_none_or_has_no_number_closes_the_socket() {
    let place = place().await;
    let id = place.socket().await.connection;
    for query in
        ["?connection_id=short&sequence_number=1".to_owned(), format!("?connection_id={id}")]
    {
        let mut socket = Socket::open(&place.server, Some(&place.bot.token), &query).await;
        assert_eq!(socket.next().await, None, "{query}");
    }
}

#[tokio::test]
async fn a_listener_who_does_not_come_back_is_given_up_after_256_events() {
    let place = place().await;
    let id = place.socket().await.connection;
    place.server.drop_sockets();
    says(&place, 256).await;
    assert_eq!(place.server.connections(&place.bot), [id.as_str().into()]);
    says(&place, 1).await;
    assert!(place.server.connections(&place.bot).is_empty());
}

#[tokio::test]
async fn the_server_asks_every_minute_and_hangs_up_on_who_does_not_answer() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let mut socket = place.socket().await;
    for n in 0..5 {
        clock.advance(Duration::from_secs(61));
        socket.is_asked().await;
        socket.say(json!({"seq": n + 2, "action": "ping"})).await;
        assert_eq!(socket.next().await.unwrap()["seq_reply"], n + 2);
    }
    clock.advance(Duration::from_secs(61));
    socket.ignores_question().await;
    clock.advance(Duration::from_secs(41));
    alone(&place).await;
}

#[tokio::test]
async fn events_go_to_those_whom_they_concern() {
    let place = place().await;
    let mut socket = place.socket().await;
    let room = place.server.private_channel(&place.team, "room", &[&place.ann]);
    place.ann.posts(&room, None, "secret").await;
    let direct = place.ann.direct_with(&place.bot);
    let added = socket.next().await.unwrap();
    assert_eq!((&added["event"], &added["seq"]), (&json!("direct_added"), &json!(1)));
    place.ann.types_in(&direct).unwrap();
    let typing = socket.next().await.unwrap();
    assert_eq!(
        (&typing["event"], &typing["data"]["user_id"]),
        (&json!("typing"), &json!(place.ann.id))
    );
    let post = place.ann.posts(&direct, None, "hi").await;
    let posted = socket.next().await.unwrap();
    assert_eq!(
        (&posted["data"]["channel_type"], &posted["data"]["team_id"]),
        (&json!("D"), &json!(""))
    );
    assert_eq!(posted["data"]["mentions"], json!([place.bot.id]).to_string());
    place.ann.edits(&post, "ho").unwrap();
    assert_eq!(socket.next().await.unwrap()["event"], "post_edited");
    place.ann.deletes(&post).unwrap();
    assert_eq!(socket.next().await.unwrap()["event"], "post_deleted");
    socket.say(json!({"seq": 9, "action": "user_typing", "data": {"channel_id": direct}})).await;
    assert_eq!(socket.next().await.unwrap()["seq_reply"], 9);
    let seen = place.server.seen(&place.ann);
    assert!(matches!(seen.as_slice(), [countersign_fakes::mattermost::Seen::Typing { .. }]));
}

#[tokio::test]
async fn only_names_that_stand_alone_are_mentions() {
    let place = place().await;
    let mut socket = place.socket().await;
    let rows = [
        ("@signer please", true),
        ("well, @signer.", true),
        ("@signers", false),
        ("@SIGNER", true),
        ("signer", false),
        ("@channel", true),
    ];
    for (text, mentioned) in rows {
        place.ann.posts(&place.town, None, text).await;
        let posted = socket.event("posted").await;
        assert_eq!(posted["data"]["mentions"] != Value::Null, mentioned, "{text}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_takes_no_sockets_until_it_is_up_again() {
    let place = place().await;
    let mut socket = place.socket().await;
    place.server.stop().await;
    assert_eq!(socket.next().await, None);
    let address = place.server.url().replace("http://", "");
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
    place.server.start_again();
    let again = place.socket().await;
    assert_ne!(again.connection, socket.connection);
    assert_eq!(place.server.posts(&place.town).len(), 0);
}
