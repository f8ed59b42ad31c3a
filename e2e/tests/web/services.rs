use anyhow::{Result, ensure};
use countersign_e2e::{Stage, artifacts, play_at, until};
use countersign_fakes::whatsapp_bridge::{FakeBridge, Provider};
use serde_json::{Value, json};

const NUMBER: &str = "+34600111222";
const PAGE: &str = "/services/%2B34600111222";

/// Plays `test` on a gateway whose bridge is `bridge`.
async fn play_with(
    name: &str,
    bridge: &FakeBridge,
    test: impl AsyncFnOnce(&mut Stage) -> Result<()>,
) -> Result<()> {
    let config = format!(
        "whatsapp:\n  bridge: {{url: '{}'}}\n  service_conversations: {{enabled: true}}\n",
        bridge.url()
    );
    let files = [("config.yaml", config.as_str()), ("whatsapp-bridge.token", bridge.token())];
    play_at(name, &files, &[], test).await
}

/// A conversation with Movistar, who has answered once.
async fn talking(stage: &Stage, bridge: &FakeBridge, movistar: &Provider<'_>) -> Result<()> {
    let start = json!({"target": NUMBER, "message": "Hello, my line is down.", "purpose": "the line is down"});
    stage.gateway.post("/v1/whatsapp/service-chats", &start).await?;
    for id in stage.gateway.pending(1).await? {
        stage.gateway.resolve(&id, "once").await?;
    }
    bridge.sent_when(1).await;
    movistar.says("What is your <b>customer</b> number?");
    until("the answer", async || {
        let path = format!("/v1/whatsapp/service-chats/{}", NUMBER.replace('+', "%2B"));
        let shown = stage.gateway.get(&path).await?;
        let said = shown.get("messages").and_then(Value::as_array).map_or(0, Vec::len);
        Ok((said == 2).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_written_to_from_the_page_and_everything_takes_one_click() -> Result<()> {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows("34600111222", "Movistar");
    play_with("services", &bridge, async |stage| {
        stage.sign_in().await?;
        stage.visit("/services").await?;
        stage.page.sees("Begun within 24 hours: 0 of 3.").await?;
        stage.page.press(".approval-page", "Show recent chats").await?;
        stage.page.press(".approval-page", "Movistar").await?;
        let message = stage.page.element(".service-form textarea").await?;
        message.send_keys("Hello, my line is down.").await?;
        stage.page.press(".service-form", "Draft it").await?;
        stage.page.card("Hello, my line is down.").await?;
        ensure!(bridge.sent().is_empty(), "it went before anybody decided");

        // The draft is edited where the chat is shown, and sent as it was made.
        stage.visit(PAGE).await?;
        stage.page.sees("First message waits").await?;
        let card = stage.page.card("Hello, my line is down.").await?;
        card.press("Edit the content").await?;
        let area = stage.page.element("textarea.draft").await?;
        area.clear().await?;
        area.send_keys("Good morning, my line is down.").await?;
        card.press("Save the new content").await?;
        let card = stage.page.card("Good morning, my line is down.").await?;
        card.press("Approve once").await?;
        let sent = bridge.sent_when(1).await;
        ensure!(sent[0].text == "Good morning, my line is down.", "{sent:?}");
        stage.page.sees("Approved, every message is shown first").await?;
        stage.page.sees("Chats begun within 24 hours: 1 of 3.").await?;
        stage.page.sees("Sent by itself this hour: 0 of 6.").await?;
        stage.page.sees("Last activity").await?;

        // What they say is shown as theirs, and what they write is no markup.
        movistar.says("What is your <b>customer</b> number?");
        stage.page.sees("What is your <b>customer</b> number?").await?;
        stage.page.sees("They").await?;
        stage.page.sees("under this approval").await?;
        let text = stage.page.element(".history + .service-form textarea").await?;
        text.send_keys("It is 123.").await?;
        stage.page.press(".history + .service-form", "Send").await?;
        let card = stage.page.card("It is 123.").await?;
        card.press("Approve once").await?;
        ensure!(bridge.sent_when(2).await[1].text == "It is 123.", "something else was sent");

        for (click, shown) in [
            ("Let texts go by themselves", "Approved, texts go by themselves"),
            ("Pause", "Approved, paused"),
            ("Resume", "Approved, texts go by themselves"),
            ("Show me every message", "Approved, every message is shown first"),
            ("Revoke", "Revoked"),
            ("Approve again", "Approved, every message is shown first"),
        ] {
            stage.page.press(".audit-buttons", click).await?;
            stage.page.sees(shown).await?;
        }
        stage.visit("/services").await?;
        stage.page.sees("Movistar").await?;
        stage.page.sees("Sent by itself this hour: 0 of 6, last activity").await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_writes_in_a_draft_is_not_lost_when_the_provider_answers() -> Result<()> {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows("34600111222", "Movistar");
    play_with("services-draft", &bridge, async |stage| {
        stage.sign_in().await?;
        talking(stage, &bridge, &movistar).await?;
        let again = json!({"target": NUMBER, "message": "It is 123."});
        stage.gateway.post("/v1/whatsapp/service-chats", &again).await?;
        stage.visit(PAGE).await?;
        let card = stage.page.card("It is 123.").await?;
        card.press("Edit the content").await?;
        stage.page.element("textarea.draft").await?.send_keys(" And 456.").await?;
        movistar.says("Are you still there?");
        stage.page.sees("Are you still there?").await?;
        card.press("Save the new content").await?;
        let card = stage.page.card("It is 123. And 456.").await?;
        card.press("Approve once").await?;
        let sent = bridge.sent_when(2).await;
        ensure!(sent[1].text == "It is 123. And 456.", "{sent:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_fits_a_phone_and_names_its_controls() -> Result<()> {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows("34600111222", "Movistar of the very long name in the contacts");
    play_with("services-looks", &bridge, async |stage| {
        stage.sign_in().await?;
        talking(stage, &bridge, &movistar).await?;
        let again = json!({"target": NUMBER, "message": "My number is 0123456789".repeat(9)});
        stage.gateway.post("/v1/whatsapp/service-chats", &again).await?;
        stage.gateway.pending(1).await?;
        for (name, path, there) in
            [("services", "/services", "[data-chat]"), ("service", PAGE, "[data-card]")]
        {
            for (device, width, height) in [("desk", 1280, 860), ("phone", 360, 780)] {
                stage.page.set_size(width, height).await?;
                stage.visit(path).await?;
                stage.page.element(there).await?;
                let file = artifacts()?.join(format!("{name}-{device}.png"));
                stage.page.picture(&file).await?;
                let overflow = stage.page.sideways_overflow().await?;
                ensure!(overflow <= 0, "{name} is {overflow} px too wide on a {device}");
            }
            for (role, control) in stage.page.control_names().await? {
                ensure!(!control.trim().is_empty(), "{name} has a {role} without a name");
            }
        }
        Ok(())
    })
    .await
}
