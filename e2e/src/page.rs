//! A person in front of the page: looks, types, presses.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{By, WebElement, WindowHandle};

use crate::browser::Browser;
use crate::patience::until;

/// The page as a person has it in front of them.
pub struct Page {
    browser: Browser,
}

/// One approval's card on the page.
pub struct Card<'a> {
    page: &'a Page,
    /// The approval's id.
    pub id: String,
}

impl Page {
    pub(crate) async fn open() -> Result<Self> {
        let page = Self { browser: Browser::open().await? };
        page.set_size(1280, 900).await?;
        Ok(page)
    }

    pub(crate) async fn close(self) -> Result<()> {
        self.browser.close().await
    }

    /// Goes to `url`.
    pub async fn go(&self, url: &str) -> Result<()> {
        Ok(self.browser.driver.goto(url).await?)
    }

    /// Loads the page anew.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.browser.driver.refresh().await?)
    }

    /// Forgets the sign-in.
    pub async fn forget_cookies(&self) -> Result<()> {
        Ok(self.browser.driver.delete_all_cookies().await?)
    }

    /// The title in the browser's tab.
    pub async fn title(&self) -> Result<String> {
        Ok(self.browser.driver.title().await?)
    }

    /// Where the page is.
    pub async fn path(&self) -> Result<String> {
        self.ask("return location.pathname", &[]).await
    }

    /// Asks the page's own script engine.
    pub async fn ask<T: DeserializeOwned>(&self, script: &str, with: &[Value]) -> Result<T> {
        let answer = self.browser.driver.execute(script, with.to_vec()).await?;
        Ok(answer.convert()?)
    }

    /// All text that is shown.
    pub async fn text(&self) -> Result<String> {
        self.ask("return document.body.innerText", &[]).await
    }

    /// Waits until `words` are shown.
    pub async fn sees(&self, words: &str) -> Result<()> {
        until(&format!("the page to show `{words}`"), async || {
            Ok(self.text().await?.contains(words).then_some(()))
        })
        .await
    }

    /// Waits until `words` are no longer shown.
    pub async fn sees_no_more(&self, words: &str) -> Result<()> {
        until(&format!("`{words}` to go away"), async || {
            Ok((!self.text().await?.contains(words)).then_some(()))
        })
        .await
    }

    /// Waits until the title reads `title`.
    pub async fn is_titled(&self, title: &str) -> Result<()> {
        until(&format!("the title `{title}`"), async || {
            Ok((self.title().await? == title).then_some(()))
        })
        .await
    }

    /// Waits until the page says that it is connected.
    pub async fn is_live(&self) -> Result<()> {
        let script = "return document.getElementById('link-state')?.dataset.state === 'live'";
        until("a live connection", async || Ok(self.ask::<bool>(script, &[]).await?.then_some(())))
            .await
    }

    /// The element that `css` names, as soon as it is there.
    pub async fn element(&self, css: &str) -> Result<WebElement> {
        until(&format!("an element `{css}`"), async || {
            Ok(Some(self.browser.driver.find(By::Css(css)).await?))
        })
        .await
    }

    /// Presses the button or link that reads `label`, within what `css` names.
    pub async fn press(&self, css: &str, label: &str) -> Result<()> {
        let path =
            format!(".//*[self::button or self::a or self::summary][normalize-space(.)='{label}']");
        until(&format!("`{label}` to be pressed in `{css}`"), async || {
            let within = self.browser.driver.find(By::Css(css)).await?;
            within.find(By::XPath(path.as_str())).await?.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Types `keys` to whatever has the focus.
    pub async fn keys(&self, keys: &str) -> Result<()> {
        Ok(self.browser.driver.action_chain().send_keys(keys).perform().await?)
    }

    /// Writes `text` to the agent and sends it.
    pub async fn say(&self, text: &str) -> Result<()> {
        let field = self.element("#message").await?;
        field.send_keys(text.replace('\n', "\u{e008}\u{e007}\u{e000}")).await?;
        self.press(".composer", "Send").await
    }

    /// The card that shows `words`, as soon as there is one.
    pub async fn card(&self, words: &str) -> Result<Card<'_>> {
        let script = "return [...document.querySelectorAll('[data-card]')] \
            .filter((card) => card.textContent.includes(arguments[0])) \
            .map((card) => card.dataset.card)";
        let id = until(&format!("a card with `{words}`"), async || {
            let ids: Vec<String> = self.ask(script, &[json!(words)]).await?;
            Ok(ids.into_iter().next())
        })
        .await?;
        Ok(Card { page: self, id })
    }

    /// The ids of all cards that are shown, in their order.
    pub async fn cards(&self) -> Result<Vec<String>> {
        let script =
            "return [...document.querySelectorAll('[data-card]')].map((card) => card.dataset.card)";
        self.ask(script, &[]).await
    }

    /// Makes the window this large, in CSS pixels.
    pub async fn set_size(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        Ok(())
    }

    /// Prefers `dark` or `light`, as the system would tell the page.
    pub async fn prefer(&self, scheme: &str) -> Result<()> {
        let features = json!({
            "features": [{ "name": "prefers-color-scheme", "value": scheme }],
        });
        self.browser.devtools("Emulation.setEmulatedMedia", features).await?;
        Ok(())
    }

    /// Opens another tab and goes to it; answers with the one that was left.
    pub async fn open_tab(&self) -> Result<WindowHandle> {
        let tab = self.browser.driver.new_tab().await?;
        self.switch_to(tab).await
    }

    /// Goes to another tab; answers with the one that was left.
    pub async fn switch_to(&self, tab: WindowHandle) -> Result<WindowHandle> {
        let left = self.browser.driver.window().await?;
        self.browser.driver.switch_to_window(tab).await?;
        Ok(left)
    }

    /// Shows the page as it goes on paper.
    pub async fn as_on_paper(&self) -> Result<()> {
        self.browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await?;
        self.ask("dispatchEvent(new Event('beforeprint'))", &[]).await
    }

    /// Lets pages of `origin` show notifications, as a person would when asked.
    pub async fn allow_notifications(&self, origin: &str) -> Result<()> {
        let grant = json!({ "origin": origin, "permissions": ["notifications"] });
        self.browser.devtools("Browser.grantPermissions", grant).await?;
        Ok(())
    }

    /// What keeps the browser from installing the page, in its own words.
    pub async fn not_installable(&self) -> Result<Value> {
        let manifest = self.browser.devtools("Page.getAppManifest", json!({})).await?;
        let page = self.browser.devtools("Page.getInstallabilityErrors", json!({})).await?;
        Ok(json!([manifest.get("errors"), page.get("installabilityErrors")]))
    }

    /// What axe finds wrong for people who read the page otherwise than with eyes, or not well with
    /// them: rule, what it asks for, and where.
    pub async fn violations(&self) -> Result<Vec<String>> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
        let axe = tools.join("axe/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).context("axe is not there: ./test installs it")?;
        self.ask::<()>(&format!("{axe}; window.axe = axe;"), &[]).await?;
        let script = "return axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',             'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(             ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`))";
        self.ask(script, &[]).await
    }

    /// How many pixels the content is wider than the window.
    pub async fn sideways_overflow(&self) -> Result<i64> {
        self.ask("return document.scrollingElement.scrollWidth - innerWidth", &[]).await
    }

    /// The names of all buttons and links as assistive programs get them, empty ones included.
    pub async fn control_names(&self) -> Result<Vec<(String, String)>> {
        let tree = self.browser.devtools("Accessibility.getFullAXTree", json!({})).await?;
        let nodes = tree.get("nodes").and_then(Value::as_array).context("no accessibility tree")?;
        let shown = nodes.iter().filter(|node| node.get("ignored") != Some(&json!(true)));
        let named = shown.filter_map(|node| {
            let role = node.pointer("/role/value")?.as_str()?;
            let controls = ["button", "link", "textbox", "DisclosureTriangle"];
            let name = node.pointer("/name/value").and_then(Value::as_str).unwrap_or_default();
            controls.contains(&role).then(|| (role.to_owned(), name.to_owned()))
        });
        Ok(named.collect())
    }

    /// A picture of what is shown.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        Ok(self.browser.driver.screenshot(file).await?)
    }

    /// What the browser complained about: scripts that failed, and what the policy blocked.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.browser.driver.get_log("browser").await?;
        let lines = log.into_iter().map(|entry| entry.message);
        let bad = ["Content Security Policy", "Uncaught", "Refused to"];
        Ok(lines.filter(|line| bad.iter().any(|word| line.contains(word))).collect())
    }
}

impl Card<'_> {
    fn css(&self) -> String {
        format!("[data-card='{}']", self.id)
    }

    /// Everything that it says.
    pub async fn text(&self) -> Result<String> {
        let script = "return document.querySelector(arguments[0]).innerText";
        self.page.ask(script, &[json!(self.css())]).await
    }

    /// What it shows of the command, character for character.
    pub async fn command(&self) -> Result<String> {
        let script =
            "return document.querySelector(arguments[0]).querySelector('.command').textContent";
        self.page.ask(script, &[json!(self.css())]).await
    }

    /// The status that it shows.
    pub async fn status(&self) -> Result<String> {
        let script = "return document.querySelector(arguments[0]).dataset.status";
        self.page.ask(script, &[json!(self.css())]).await
    }

    /// Waits until it shows `status`.
    pub async fn becomes(&self, status: &str) -> Result<()> {
        until(&format!("a card to become {status}"), async || {
            Ok((self.status().await? == status).then_some(()))
        })
        .await
    }

    /// Waits until it says `words`.
    pub async fn says(&self, words: &str) -> Result<()> {
        until(&format!("a card to say `{words}`"), async || {
            Ok(self.text().await?.contains(words).then_some(()))
        })
        .await
    }

    /// Presses one of its buttons.
    pub async fn press(&self, label: &str) -> Result<()> {
        self.page.press(&self.css(), label).await
    }

    /// Writes the reason for a decision.
    pub async fn write_reason(&self, reason: &str) -> Result<()> {
        let field = self.page.element(&format!("{} .reason-field input", self.css())).await?;
        Ok(field.send_keys(reason).await?)
    }

    /// The labels of the decisions that it offers.
    pub async fn choices(&self) -> Result<Vec<String>> {
        let script = "return [...document.querySelector(arguments[0]) \
            .querySelectorAll('[data-choice]')].map((button) => button.textContent)";
        self.page.ask(script, &[json!(self.css())]).await
    }

    /// Moves the focus to it with the keyboard, as far as `j` leads.
    pub async fn focus_by_keys(&self) -> Result<()> {
        let script = "return document.activeElement?.dataset?.card ?? ''";
        for _ in 0..=self.page.cards().await?.len() {
            if self.page.ask::<String>(script, &[]).await? == self.id {
                return Ok(());
            }
            self.page.keys("j").await?;
        }
        bail!("`j` does not lead to the card")
    }
}
