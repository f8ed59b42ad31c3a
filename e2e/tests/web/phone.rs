//! The page as an app: installed, and announcing what waits.

use anyhow::{Result, ensure};
use countersign_e2e::{Stage, play, until};
use serde_json::{Value, json};

/// The notifications that are shown: title and text.
async fn shown(stage: &Stage) -> Result<Vec<(String, String)>> {
    let script = "return navigator.serviceWorker.ready \
        .then((kept) => kept.getNotifications()) \
        .then((all) => all.map(({ title, body }) => [title, body]))";
    stage.page.ask(script, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_be_installed_and_what_is_kept_of_it_holds_no_data() -> Result<()> {
    play("install", &[], async |stage| {
        stage.sign_in().await?;
        stage.gateway.tell("run rm -rf build").await?;
        stage.page.card("rm -rf build").await?;
        let script = "return navigator.serviceWorker.ready.then((kept) => kept.scope)";
        let scope: String = stage.page.ask(script, &[]).await?;
        ensure!(scope == stage.gateway.url("/"), "it answers for {scope}");
        let problems = stage.page.not_installable().await?;
        ensure!(problems == json!([[], []]), "{problems}");
        let icons = "return fetch('/assets/app.webmanifest').then((answer) => answer.json()) \
            .then(({ icons }) => Promise.all(icons.map(async ({ src, sizes }) => { \
                const image = new Image(); image.src = src; await image.decode(); \
                return [sizes, `${image.naturalWidth}x${image.naturalHeight}`]; })))";
        let icons: Vec<(String, String)> = stage.page.ask(icons, &[]).await?;
        for (told, real) in icons {
            ensure!(told == "any" || told == real, "an icon of {told} is {real}");
        }
        let caches: Vec<Value> = stage.page.ask("return caches.keys()", &[]).await?;
        ensure!(caches.is_empty(), "something is kept: {caches:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_approval_is_announced_without_a_word_of_what_it_is_about() -> Result<()> {
    play("notify", &[], async |stage| {
        stage.sign_in().await?;
        stage.page.allow_notifications(&stage.gateway.url("")).await?;
        stage.gateway.tell("run rm -rf known-before").await?;
        stage.page.card("known-before").await?;
        stage.page.press("#main", "Notify me").await?;
        stage.page.sees("Notifications on").await?;
        ensure!(shown(stage).await?.is_empty(), "what was there before is announced");

        stage.page.ask::<()>("document.hasFocus = () => false", &[]).await?;
        stage.gateway.tell("post https://internal.example/secret-plan | tell nobody").await?;
        let (title, body) = until("a notification", async || Ok(shown(stage).await?.pop())).await?;
        ensure!(title == "2 approvals wait for you" && body.is_empty(), "{title}: {body}");
        for id in stage.gateway.pending(2).await? {
            stage.gateway.resolve(&id, "deny").await?;
        }
        until("the notification to go", async || Ok(shown(stage).await?.is_empty().then_some(())))
            .await?;
        stage.gateway.tell("run rm -rf the-secret-plan").await?;
        let (title, body) = until("a notification", async || Ok(shown(stage).await?.pop())).await?;
        ensure!(title == "An approval waits for you", "{title}");
        ensure!(body.starts_with("Run a command · high · until "), "{body}");
        ensure!(!body.contains("rm") && !body.contains("plan"), "{body}");

        stage.page.press("#main", "Notifications on").await?;
        stage.page.sees("Notify me").await
    })
    .await
}
