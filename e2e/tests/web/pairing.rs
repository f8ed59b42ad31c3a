use anyhow::{Result, ensure};
use countersign_e2e::{Stage, play_at};
use countersign_fakes::whatsapp_bridge::FakeBridge;

/// Plays `test` on a gateway whose bridge waits to be linked.
async fn play_with(
    name: &str,
    (bridge, terms): (&FakeBridge, &str),
    test: impl AsyncFnOnce(&mut Stage) -> Result<()>,
) -> Result<()> {
    let config = format!("whatsapp:\n  bridge: {{url: '{}'{terms}}}\n", bridge.url());
    let files = [("config.yaml", config.as_str()), ("whatsapp-bridge.token", bridge.token())];
    play_at(name, &files, &[], test).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_is_shown_before_somebody_has_accepted_the_terms() -> Result<()> {
    let bridge = FakeBridge::listen().await;
    bridge.is_linked(false);
    bridge.has_code(true);
    play_with("pairing-terms", (&bridge, ""), async |stage| {
        stage.sign_in().await?;
        stage.visit("/people").await?;
        stage.page.press("[aria-labelledby=link-title]", "Link the account").await?;
        stage.page.sees("nobody has accepted the terms").await?;
        let codes: i64 = stage
            .page
            .ask("return document.querySelectorAll('.link-code img').length", &[])
            .await?;
        ensure!(codes == 0 && bridge.asked_for_code() == 0, "a code is shown");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_is_asked_for_by_a_click_shown_as_an_image_and_gone_once_it_is_scanned()
-> Result<()> {
    let bridge = FakeBridge::listen().await;
    bridge.is_linked(false);
    let terms = ", accepted_terms: linked-device-2026-11";
    play_with("pairing", (&bridge, terms), async |stage| {
        stage.sign_in().await?;
        stage.visit("/people").await?;
        stage.page.sees("Whoever scans the code links your account").await?;
        ensure!(bridge.asked_for_code() == 0, "a code was asked for by itself");
        stage.page.press("[aria-labelledby=link-title]", "Link the account").await?;
        stage.page.sees("Waiting for a code: the code is on its way").await?;
        bridge.has_code(true);
        let image = stage.page.element(".link-code img").await?;
        let source = image.attr("src").await?.unwrap_or_default();
        ensure!(source.starts_with("data:image/svg+xml"), "{source}");
        let alt = image.attr("alt").await?.unwrap_or_default();
        ensure!(alt == "The code to scan with the phone", "{alt}");
        // Whoever is shown a code stands in the audit log.
        let log = stage.gateway.get("/v1/audit?kind=platform.code_shown").await?;
        ensure!(log.to_string().contains("platform.code_shown"), "{log}");
        bridge.is_linked(true);
        stage.page.sees("Linked to +34600000000.").await?;
        let codes = "return document.querySelectorAll('.link-code img').length";
        let left: i64 = stage.page.ask(codes, &[]).await?;
        ensure!(left == 0, "the code is still there");
        Ok(())
    })
    .await
}
