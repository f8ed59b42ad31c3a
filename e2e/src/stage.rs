//! One test: a gateway, a browser that is signed in, and an orderly end.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use tokio::sync::Semaphore;

use crate::gateway::{Gateway, Setting};
use crate::page::Page;

/// Browsers are heavy; more of them at once make all of them slow.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// What a test has.
pub struct Stage {
    /// The program.
    pub gateway: Gateway,
    /// The person's page.
    pub page: Page,
}

impl Stage {
    /// Signs in by the printed link and waits for the inbox.
    pub async fn sign_in(&self) -> Result<()> {
        self.page.go(self.gateway.sign_in_link()).await?;
        self.page.is_live().await
    }

    /// Goes to a page of the gateway.
    pub async fn visit(&self, path: &str) -> Result<()> {
        self.page.go(&self.gateway.url(path)).await
    }
}

/// Plays `test` on a new home with `settings`. A failure leaves a picture in [`artifacts`]; a
/// script that failed or a blocked resource is a failure too.
pub async fn play(
    name: &str,
    settings: &[Setting],
    test: impl AsyncFnOnce(&mut Stage) -> Result<()>,
) -> Result<()> {
    play_at(name, &[], settings, test).await
}

/// The same on a home that holds these files before the gateway starts.
pub async fn play_at(
    name: &str,
    files: &[(&str, &str)],
    settings: &[Setting],
    test: impl AsyncFnOnce(&mut Stage) -> Result<()>,
) -> Result<()> {
    let _turn = BROWSERS.acquire().await?;
    let gateway = Gateway::start_at(files, settings).await?;
    let page = Page::open().await?;
    let mut stage = Stage { gateway, page };
    let played = test(&mut stage).await;
    let complaints = stage.page.complaints().await;
    let shown = match &played {
        Ok(()) => String::new(),
        Err(_) => failure_picture(name, &stage.page).await,
    };
    stage.page.close().await?;
    played.with_context(|| format!("{name}: {shown}"))?;
    let complaints = complaints?;
    if !complaints.is_empty() {
        bail!("{name}: the browser complains: {complaints:#?}");
    }
    Ok(())
}

/// Where pictures go.
pub fn artifacts() -> Result<PathBuf> {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("artifacts");
    std::fs::create_dir_all(&place)?;
    Ok(place)
}

async fn failure_picture(name: &str, page: &Page) -> String {
    if let Ok(place) = artifacts() {
        drop(page.picture(&place.join(format!("failed-{name}.png"))).await);
    }
    let text = page.text().await.unwrap_or_default();
    format!("the page showed:\n{text}\n")
}
