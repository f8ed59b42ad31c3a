//! The same run driven through each of web page, API and command line, and decided in each of
//! them, with every way in which an approval can end: 54 cases, and each surface tells the same.

#![expect(clippy::indexing_slicing, reason = "a missing field of a JSON answer reads as null")]

use anyhow::{Context as _, Result, ensure};
use countersign_e2e::{Setting, Stage, play, text, until};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surface {
    Web,
    Api,
    Cli,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Once,
    Session,
    Always,
    Deny,
    Stop,
    TimeOut,
}

const SURFACES: [Surface; 3] = [Surface::Web, Surface::Api, Surface::Cli];
const REASON: &str = "not today";

/// One case: a command that deletes a directory of its own.
struct Case<'s> {
    stage: &'s Stage,
    command: String,
    folder: std::path::PathBuf,
}

impl<'s> Case<'s> {
    fn new(stage: &'s Stage, number: usize) -> Result<Self> {
        let name = format!("build-{number}");
        let folder = stage.gateway.workspace().join(&name);
        std::fs::create_dir_all(folder.join("deep"))?;
        Ok(Self { stage, command: format!("rm -rf {name}/"), folder })
    }

    /// Starts the run on a surface, and answers with its approval once it is pending.
    async fn start(&self, surface: Surface) -> Result<Value> {
        let input = format!("run {}", self.command);
        match surface {
            Surface::Web => {
                self.stage.visit("/chat").await?;
                self.stage.page.say(&input).await?;
            }
            Surface::Api => drop(self.stage.gateway.tell(&input).await?),
            Surface::Cli => drop(self.stage.gateway.command(&["runs", "start", &input]).await?),
        }
        until("the approval", async || {
            let list = self.stage.gateway.get("/v1/approvals?status=pending").await?;
            let found = list.get("data").and_then(Value::as_array).context("no list")?;
            Ok(found.iter().find(|it| it["command"] == json!(self.command)).cloned())
        })
        .await
    }

    /// Ends the approval on a surface.
    async fn end(&self, approval: &Value, surface: Surface, end: End) -> Result<()> {
        ensure!(self.folder.exists(), "it ran before anybody decided");
        match surface {
            Surface::Web => self.end_in_page(approval, end).await,
            Surface::Api => self.end_over_api(approval, end).await,
            Surface::Cli => self.end_in_terminal(approval, end).await,
        }
    }

    async fn end_in_page(&self, approval: &Value, end: End) -> Result<()> {
        let page = &self.stage.page;
        if end == End::Stop {
            self.stage.visit(&format!("/chat/{}", text(approval, "session_id")?)).await?;
            page.card(&self.command).await?;
            return page.press(".talk-head", "Stop the run").await;
        }
        self.stage.visit("/").await?;
        let card = page.card(&self.command).await?;
        match end {
            End::Once => card.press("Approve once").await,
            End::Session => card.press("Approve for this session").await,
            End::Always => card.press("Always approve").await,
            End::Deny => {
                card.write_reason(REASON).await?;
                card.press("Deny").await
            }
            End::Stop | End::TimeOut => Ok(()),
        }
    }

    async fn end_over_api(&self, approval: &Value, end: End) -> Result<()> {
        let gateway = &self.stage.gateway;
        let choice = match end {
            End::Once => "once",
            End::Session => "session",
            End::Always => "always",
            End::Deny => "deny",
            End::Stop => {
                let path = format!("/v1/runs/{}/stop", text(approval, "run_id")?);
                return gateway.post(&path, &json!({})).await.map(drop);
            }
            End::TimeOut => return Ok(()),
        };
        let path = format!("/v1/approvals/{}/resolve", text(approval, "approval_id")?);
        let body = if end == End::Deny {
            json!({ "choice": choice, "reason": REASON })
        } else {
            json!({ "choice": choice, "digest": approval["digest"] })
        };
        gateway.post(&path, &body).await.map(drop)
    }

    async fn end_in_terminal(&self, approval: &Value, end: End) -> Result<()> {
        let (id, run) = (text(approval, "approval_id")?, text(approval, "run_id")?);
        let arguments: &[&str] = match end {
            End::Once => &["approvals", "approve", &id],
            End::Session => &["approvals", "approve", &id, "--session"],
            End::Always => &["approvals", "approve", &id, "--always"],
            End::Deny => &["approvals", "deny", &id, "--reason", REASON],
            End::Stop => &["runs", "stop", &run],
            End::TimeOut => return Ok(()),
        };
        self.stage.gateway.command(arguments).await.map(drop)
    }

    /// Every surface tells the same, and the effect is what was decided.
    async fn verify(&self, approval: &Value, end: End) -> Result<()> {
        let id = text(approval, "approval_id")?;
        let (status, run_status) = match end {
            End::Once | End::Session | End::Always => ("executed", "completed"),
            End::Deny => ("denied", "completed"),
            End::Stop => ("cancelled", "cancelled"),
            End::TimeOut => ("expired", "completed"),
        };
        let run = self.stage.gateway.ended(approval).await?;
        ensure!(run["status"] == run_status, "the run: {run}");
        let seen = self.stage.gateway.get(&format!("/v1/approvals/{id}")).await?;
        ensure!(seen["status"] == status, "the API: {seen}");
        ensure!(self.folder.exists() == (status != "executed"), "the effect does not fit {status}");
        let shown = self.stage.gateway.command(&["approvals", "show", &id]).await?;
        ensure!(shown.contains(status), "the terminal does not say `{status}`: {shown}");
        self.stage.visit(&format!("/approvals/{id}")).await?;
        self.stage.page.card(&self.command).await?.becomes(status).await?;
        if end == End::Deny {
            let output = text(&run, "output")?;
            ensure!(output.contains(REASON), "the agent was not told why: {output}");
            ensure!(shown.contains(REASON), "the terminal does not say why: {shown}");
            self.stage.page.sees(REASON).await?;
        }
        Ok(())
    }
}

async fn every_pair(stage: &Stage, ends: &[End]) -> Result<()> {
    stage.sign_in().await?;
    let mut number = 0;
    for driven in SURFACES {
        for decided in SURFACES {
            for end in ends {
                number += 1;
                let case = Case::new(stage, number)?;
                let played = async {
                    let approval = case.start(driven).await?;
                    case.end(&approval, decided, *end).await?;
                    case.verify(&approval, *end).await?;
                    stage.gateway.revoke_rules().await
                };
                played.await.with_context(|| {
                    format!("driven through {driven:?}, decided in {decided:?}: {end:?}")
                })?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_surface_drives_and_decides_every_other_ones_runs() -> Result<()> {
    let ends = [End::Once, End::Session, End::Always, End::Deny, End::Stop];
    play("surfaces", &[], async |stage| every_pair(stage, &ends).await).await
}

/// Nobody decides, so it does not matter where; each surface still drives and tells.
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_the_same_on_every_surface() -> Result<()> {
    const SETTINGS: [Setting; 1] = [("approvals.timeout", "3s")];
    play("silence", &SETTINGS, async |stage| every_pair(stage, &[End::TimeOut]).await).await
}
