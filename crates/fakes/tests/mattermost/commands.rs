//! Slash commands: registering, typing, answering.

use countersign_fakes::mattermost::{Settings, SiteUrl, SystemRole, TeamRole};
use reqwest::Method;
use serde_json::{Value, json};

use crate::gateway::{Callback, Place, Says, place, place_with};

fn command(place: &Place, changes: &Value) -> Value {
    let mut command = json!({
        "team_id": place.team, "trigger": "cs-status", "method": "P",
        "url": "http://127.0.0.1:1/commands", "auto_complete": true, "auto_complete_desc": "How it is",
    });
    command.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    command
}

/// Registers `/cs-status` at a callback.
async fn registered(place: &Place, callback: &Callback) -> Value {
    let made = place.send("/commands", command(place, &json!({"url": callback.url}))).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body
}

#[tokio::test]
async fn every_command_that_the_server_does_not_take_is_refused_with_its_own_id() {
    let place = place().await;
    let taken = command(&place, &json!({"trigger": "taken"}));
    assert_eq!(place.send("/commands", taken).await.status, 201);
    let duplicate = "api.command.duplicate_trigger.app_error";
    let trigger = "model.command.is_valid.trigger.app_error";
    let rows = [
        (json!({"trigger": "taken"}), 400, duplicate),
        (json!({"trigger": "TAKEN"}), 400, duplicate),
        (json!({"trigger": "status"}), 400, duplicate),
        (json!({"trigger": "help"}), 400, duplicate),
        (json!({"trigger": ""}), 400, trigger),
        (json!({"trigger": "/x"}), 400, trigger),
        (json!({"trigger": "a b"}), 400, trigger),
        (json!({"trigger": "x".repeat(129)}), 400, trigger),
        (json!({"method": "X"}), 400, "model.command.is_valid.method.app_error"),
        (json!({"url": ""}), 400, "model.command.is_valid.url.app_error"),
        (json!({"url": "ftp://x"}), 400, "model.command.is_valid.url_http.app_error"),
        (
            json!({"display_name": "x".repeat(65)}),
            400,
            "model.command.is_valid.display_name.app_error",
        ),
        (
            json!({"description": "x".repeat(129)}),
            400,
            "model.command.is_valid.description.app_error",
        ),
        (json!({"team_id": "nothing"}), 403, "api.context.permissions.app_error"),
    ];
    for (changes, status, id) in rows {
        let answer = place.send("/commands", command(&place, &changes)).await;
        assert_eq!(answer.refusal(), (status, id), "{}", answer.text);
    }
}

#[tokio::test]
async fn only_who_manages_the_team_registers_lists_and_changes_commands() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let made = registered(&place, &callback).await;
    place.server.set_team_role(&place.team, &place.bot, Some(TeamRole::Member));
    let forbidden = (403, "api.context.permissions.app_error");
    let new = place.send("/commands", command(&place, &json!({"trigger": "other"}))).await;
    assert_eq!(new.refusal(), forbidden);
    let list = format!("/commands?team_id={}&custom_only=true", place.team);
    assert_eq!(place.get(&list).await.refusal(), forbidden);
    let path = format!("/commands/{}", made["id"].as_str().unwrap());
    let missing = (404, "store.sql_command.save.get.app_error");
    assert_eq!(place.get(&path).await.refusal(), missing);
    assert_eq!(place.ask(Method::PUT, &path, made.clone()).await.refusal(), missing);
    assert_eq!(place.ask(Method::DELETE, &path, Value::Null).await.refusal(), missing);
    let complete = place.get(&format!("/commands?team_id={}", place.team)).await.body;
    assert_eq!((&complete[0]["trigger"], &complete[0]["token"]), (&json!("cs-status"), &json!("")));
    place.server.grant(&place.bot, SystemRole::Admin);
    assert_eq!(place.get(&list).await.body[0]["token"], made["token"]);
}

#[tokio::test]
async fn some_servers_refuse_lists_and_take_commands_all_the_same() {
    let place = place_with(Settings { refuse_command_lists: true, ..Settings::default() }).await;
    let list = format!("/commands?team_id={}&custom_only=true", place.team);
    assert_eq!(place.get(&list).await.status, 403);
    assert_eq!(place.send("/commands", command(&place, &json!({}))).await.status, 201);
}

#[tokio::test]
async fn an_update_replaces_every_field_and_keeps_the_token() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let made = registered(&place, &callback).await;
    let path = format!("/commands/{}", made["id"].as_str().unwrap());
    let changes = json!({"id": made["id"], "trigger": "cs-new", "auto_complete_desc": null});
    let updated = place.ask(Method::PUT, &path, command(&place, &changes)).await;
    assert_eq!((updated.status, &updated.body["token"]), (200, &made["token"]));
    assert_eq!(
        (&updated.body["trigger"], &updated.body["auto_complete_desc"]),
        (&json!("cs-new"), &json!(""))
    );
    assert_eq!(updated.body["creator_id"], json!(place.bot.id));
    let other = command(&place, &json!({"id": "another"}));
    assert_eq!(place.ask(Method::PUT, &path, other).await.status, 400);
    let elsewhere = place.server.team("elsewhere");
    let moved = command(&place, &json!({"id": made["id"], "team_id": elsewhere}));
    assert_eq!(
        place.ask(Method::PUT, &path, moved).await.refusal(),
        (400, "api.command.team_mismatch.app_error")
    );
    let token = place.ask(Method::PUT, &format!("{path}/regen_token"), Value::Null).await;
    assert_ne!(token.body["token"], made["token"]);
    assert_eq!(json!(place.server.commands(&place.team)[0].token), token.body["token"]);
    assert_eq!(place.ask(Method::DELETE, &path, Value::Null).await.status, 200);
    assert!(place.server.commands(&place.team).is_empty());
}

#[tokio::test]
async fn an_invocation_is_a_form_with_its_token_in_the_header_too() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"text": "fine"}))).await;
    let made = registered(&place, &callback).await;
    let root = place.ann.posts(&place.town, None, "root").await;
    let text = "/CS-Status a & b for @bob in ~town";
    let typed = place.ann.types_command(&place.town, Some(&root), text).await;
    assert_eq!((typed.status, typed.text.as_str()), (200, "fine"));
    let call = callback.called().await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(call.headers["authorization"], format!("Token {token}"));
    assert_eq!(call.headers["content-type"], "application/x-www-form-urlencoded");
    let mut fields: Vec<(String, String)> =
        url::form_urlencoded::parse(call.body.as_bytes()).into_owned().collect();
    fields.retain(|(name, value)| match name.as_str() {
        "trigger_id" => false,
        "response_url" => {
            assert!(value.starts_with(&format!("{}/hooks/commands/", place.server.url())));
            false
        }
        _ => true,
    });
    let expected = [
        ("channel_id", place.town.as_str()),
        ("channel_mentions", "town"),
        ("channel_mentions_ids", place.town.as_str()),
        ("channel_name", "town"),
        ("command", "/cs-status"),
        ("root_id", root.as_str()),
        ("team_domain", "main"),
        ("team_id", place.team.as_str()),
        ("text", "a & b for @bob in ~town"),
        ("token", token),
        ("user_id", place.ann.id.as_str()),
        ("user_mentions", "bob"),
        ("user_mentions_ids", place.bob.id.as_str()),
        ("user_name", "ann"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let said = place.server.wait_for_ephemeral(&place.ann, "fine").await;
    assert_eq!(
        (said.root_id.as_str(), &said.props["from_webhook"]),
        (root.as_str(), &json!("true"))
    );
}

#[tokio::test]
async fn a_command_with_the_method_g_is_asked_with_everything_in_the_address() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"text": "fine"}))).await;
    let changes = json!({"url": format!("{}?own=1", callback.url), "method": "G"});
    assert_eq!(place.send("/commands", command(&place, &changes)).await.status, 201);
    assert_eq!(place.ann.types_command(&place.town, None, "/cs-status x").await.status, 200);
    let call = callback.called().await;
    assert_eq!((call.method.as_str(), call.body.as_str()), ("GET", ""));
    assert!(call.query.starts_with("own=1&") && call.query.contains("&text=x"), "{}", call.query);
}

#[tokio::test]
async fn what_cannot_be_typed_is_refused_by_the_server_and_never_a_post() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    registered(&place, &callback).await;
    let eve = place.server.user("eve");
    let rows = [
        ("/nothing", 404, "api.command.execute_command.not_found.app_error"),
        ("/approve me", 404, "api.command.execute_command.not_found.app_error"),
        ("/", 400, "api.command.execute_command.start.app_error"),
        ("hello", 400, "api.command.execute_command.start.app_error"),
    ];
    for (text, status, id) in rows {
        let typed = place.ann.types_command(&place.town, None, text).await;
        assert_eq!((typed.status, typed.error.as_deref()), (status, Some(id)), "{text}");
    }
    assert_eq!(eve.types_command(&place.town, None, "/cs-status").await.status, 403);
    assert_eq!(place.ann.types_command(&place.town, None, "/away").await.status, 200);
    place.server.archive(&place.town);
    let typed = place.ann.types_command(&place.town, None, "/cs-status").await;
    assert_eq!(typed.error.as_deref(), Some("api.command.execute_command.deleted.error"));
    assert!(place.server.posts(&place.town).is_empty());
    assert!(callback.calls().is_empty());
}

#[tokio::test]
async fn settings_that_commands_need() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"text": "fine"}))).await;
    registered(&place, &callback).await;
    place.server.change(|settings| settings.site_url = SiteUrl::Unset);
    let typed = place.ann.types_command(&place.town, None, "/cs-status").await;
    let unset = "api.command.execute_command.site_url_required.app_error";
    assert_eq!((typed.status, typed.error.as_deref()), (400, Some(unset)));
    assert_eq!(place.get("/config/client?format=old").await.body["SiteURL"], "");
    place.server.change(|settings| settings.site_url = SiteUrl::Own);
    place.server.change(|settings| settings.enable_commands = false);
    let disabled = (501, Some("api.command.disabled.app_error"));
    let typed = place.ann.types_command(&place.town, None, "/cs-status").await;
    assert_eq!((typed.status, typed.error.as_deref()), disabled);
    let made = place.send("/commands", command(&place, &json!({"trigger": "other"}))).await;
    assert_eq!(made.refusal(), (501, "api.command.disabled.app_error"));
    assert_eq!(place.get("/config/client?format=old").await.body["EnableCommands"], "false");
    assert!(callback.calls().is_empty());
}

#[tokio::test]
async fn answers_are_shown_to_one_or_posted_as_the_one_who_typed() {
    let rows = [
        (Says::Json(json!({"text": "fine"})), 200, 1, 0),
        (Says::Json(json!({"response_type": "ephemeral", "text": "fine"})), 200, 1, 0),
        (Says::Json(json!({"response_type": "in_channel", "text": "fine"})), 200, 0, 1),
        (Says::Json(json!({"text": "one", "extra_responses": [{"text": "fine"}]})), 200, 2, 0),
        (Says::Json(json!({})), 200, 0, 0),
        (Says::With(200, "text/plain", "fine"), 200, 1, 0),
        (Says::With(200, "application/json", "fine"), 500, 0, 0),
        (Says::With(202, "application/json", "{}"), 500, 0, 0),
    ];
    for (says, status, told, posted) in rows {
        let place = place().await;
        let callback = Callback::saying(says.clone()).await;
        registered(&place, &callback).await;
        let typed = place.ann.types_command(&place.town, None, "/cs-status").await;
        assert_eq!(typed.status, status, "{says:?}");
        assert_eq!(place.server.ephemerals(&place.ann).len(), told, "{says:?}");
        let posts = place.server.posts(&place.town);
        assert_eq!(posts.len(), posted, "{says:?}");
        assert!(posts.iter().all(|post| post.user_id == place.ann.id), "{says:?}");
    }
}

#[tokio::test]
async fn late_answers_come_five_times_within_half_an_hour() {
    let clock = countersign_fakes::mattermost::Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    registered(&place, &callback).await;
    place.ann.types_command(&place.town, None, "/cs-status").await;
    let fields = callback.called().await.body;
    let (_, url) = url::form_urlencoded::parse(fields.as_bytes())
        .into_owned()
        .find(|(name, _)| name == "response_url")
        .unwrap();
    let late = |text: &str| {
        let body = json!({"text": text});
        let url = url.clone();
        let server = place.server.clone();
        async move { server.forge_json(&url, &body).await.status }
    };
    for _ in 0..5 {
        assert_eq!(late("late").await, 200);
    }
    assert_eq!(late("once more").await, 400);
    assert_eq!(place.server.ephemerals(&place.ann).len(), 5);
    clock.advance(std::time::Duration::from_secs(1_801));
    assert_eq!(late("too late").await, 404);
}

#[tokio::test]
async fn in_a_direct_channel_commands_are_those_of_the_team_that_one_looks_from() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"text": "fine"}))).await;
    registered(&place, &callback).await;
    let direct = place.ann.direct_with(&place.bot);
    assert_eq!(place.ann.types_command(&direct, None, "/cs-status").await.status, 200);
    assert!(callback.called().await.body.contains(&format!("team_id={}", place.team)));
}
