//! One message and what becomes of it, event by event.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::signal::unix::Signal;

use super::asking::{Asking, Question, Typed};
use super::{ChatArgs, say};
use crate::approval::Approval;
use crate::client::{Client, ClientError, Record};
use crate::commands::approvals::{Decided, Vote, decide};
use crate::commands::runs::is_final;
use crate::failure::Failure;
use crate::output::{Screen, Tone, aside, inert, inert_line};
use crate::typed_lines::{TypedLines, is_person};

/// Without a person it is looked this often whether the run waits for one.
const LOOK: Duration = Duration::from_millis(300);

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With an answer.
    Completed,
    /// Failed or stopped.
    Otherwise,
    /// It waits for a decision that nobody here can take.
    LeftPending,
}

/// A run being followed.
pub(super) struct Turn<'a> {
    client: &'a Client,
    screen: Screen,
    run: &'a str,
    chat: &'a str,
    quiet: bool,
    wait: bool,
    asking: Asking,
    /// The message whose text is on the screen and not complete.
    streaming: Option<String>,
    stops: u32,
}

impl<'a> Turn<'a> {
    /// The turn of this run in this chat.
    pub(super) fn new(
        (client, screen): (&'a Client, Screen),
        (run, chat): (&'a str, &'a str),
        args: &ChatArgs,
    ) -> Self {
        Self {
            client,
            screen,
            run,
            chat,
            quiet: args.json.json,
            wait: args.wait,
            asking: Asking::default(),
            streaming: None,
            stops: 0,
        }
    }

    /// Follows the run until it ends, or until nobody here can do anything for it.
    pub(super) async fn follow(
        mut self,
        typed: &mut TypedLines,
        interrupt: &mut Signal,
    ) -> Result<End, Failure> {
        let mut events = self.client.events(&format!("/v1/runs/{}/events", self.run));
        let person = is_person();
        let mut look = tokio::time::interval(LOOK);
        let mut listening = person;
        loop {
            tokio::select! {
                record = events.next() => {
                    let record = record?;
                    self.tell(&record, person).await?;
                    if is_final(&record.name) {
                        return self.end(&record);
                    }
                }
                line = typed.next(), if listening && self.asking.is_open() => match line {
                    None => listening = false,
                    Some(line) => self.obey(&line).await?,
                },
                _ = look.tick(), if !listening && !self.wait && self.asking.is_open() => {
                    if self.is_waiting().await? {
                        return Ok(End::LeftPending);
                    }
                }
                _ = interrupt.recv() => self.stop().await?,
            }
        }
    }

    async fn tell(&mut self, record: &Record, person: bool) -> Result<(), Failure> {
        let data = &record.data;
        match record.name.as_str() {
            "message.delta" => self.delta(data)?,
            "message.completed" => self.message(data)?,
            "model.fallback" => self.note("⤷", &["from", "to", "reason"], data)?,
            "tool.started" => self.note("→", &["tool", "preview"], data)?,
            "tool.completed" => self.note("←", &["tool", "status", "output"], data)?,
            "approval.required" => self.approval(data, person).await?,
            "approval.updated" => self.changed(data, person).await?,
            "approval.resolved" => self.resolved(data).await?,
            "clarify.required" => self.clarify(data, person)?,
            "clarify.answered" => self.asking.answered(field(data, "call_id")),
            _ => {}
        }
        Ok(())
    }

    fn delta(&mut self, data: &Value) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        let message = field(data, "message_id");
        if self.streaming.as_deref() != Some(message) {
            self.finish_line()?;
            self.streaming = Some(message.to_owned());
        }
        Ok(self.screen.text(&inert(field(data, "delta")))?)
    }

    fn message(&mut self, data: &Value) -> Result<(), Failure> {
        if self.streaming.as_deref() == Some(field(data, "message_id")) {
            return self.finish_line();
        }
        let text = field(data, "text");
        if !self.quiet && !text.is_empty() {
            self.finish_line()?;
            self.screen.line(inert(text))?;
        }
        Ok(())
    }

    fn finish_line(&mut self) -> Result<(), Failure> {
        if self.streaming.take().is_some() {
            self.screen.line("")?;
        }
        Ok(())
    }

    fn note(&mut self, mark: &str, fields: &[&str], data: &Value) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        self.finish_line()?;
        let words = fields.iter().map(|name| inert_line(field(data, name), 160));
        let words = words.collect::<Vec<_>>().join("  ");
        Ok(self.screen.line(self.screen.tone(Tone::Dim, &format!("{mark} {words}")))?)
    }

    async fn approval(&mut self, data: &Value, person: bool) -> Result<(), Failure> {
        let id = field(data, "approval_id");
        let now: Approval = match self.client.get(&format!("/v1/approvals/{id}")).await {
            Ok(now) => now,
            // A key that may start runs need not be allowed to see approvals.
            Err(ClientError::Refused(refusal)) if refusal.status == 404 => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if !now.is_pending() {
            return Ok(());
        }
        self.finish_line()?;
        let command = inert_line(&now.id, 80);
        if !self.quiet {
            self.screen.line("")?;
            for line in now.card(self.screen) {
                self.screen.line(line)?;
            }
        }
        self.asking.ask(now);
        if person {
            return self.prompt();
        }
        aside(&format!(
            "This waits for a person. Decide it in the web page, with `countersign approvals \
             watch`, or with\n  countersign approvals approve {command}\n  countersign approvals \
             deny {command} --reason '…'\n(without a running gateway: first `countersign up`)"
        ));
        Ok(())
    }

    /// What is being decided is not what it was: the person sees it anew before anything counts.
    async fn changed(&mut self, data: &Value, person: bool) -> Result<(), Failure> {
        let is_other = matches!(field(data, "change"), "edited" | "joined");
        if is_other && self.asking.ended(field(data, "approval_id")) {
            return self.approval(data, person).await;
        }
        Ok(())
    }

    async fn resolved(&mut self, data: &Value) -> Result<(), Failure> {
        let id = field(data, "approval_id");
        if self.asking.ended(id) && !self.quiet {
            let now: Approval = self.client.get(&format!("/v1/approvals/{id}")).await?;
            self.finish_line()?;
            let text = format!("{} {}", inert_line(id, 80), now.state());
            self.screen.line(self.screen.tone(Tone::Dim, &text))?;
        }
        if is_person() && self.asking.is_open() {
            self.prompt()?;
        }
        Ok(())
    }

    fn clarify(&mut self, data: &Value, person: bool) -> Result<(), Failure> {
        let question = Question {
            call_id: field(data, "call_id").to_owned(),
            text: field(data, "question").to_owned(),
        };
        self.finish_line()?;
        if !self.quiet {
            let asks = self.screen.tone(Tone::Warn, "The agent asks:");
            self.screen.line(format!("{asks} {}", inert(&question.text)))?;
        }
        self.asking.question(question);
        if person {
            return self.prompt();
        }
        aside(&format!(
            "Answer it in the web page, or with\n  countersign runs answer {} '…'",
            self.run
        ));
        Ok(())
    }

    fn prompt(&self) -> Result<(), Failure> {
        match self.asking.prompt() {
            Some(prompt) => Ok(self.screen.text(&self.screen.tone(Tone::Strong, &prompt))?),
            None => Ok(()),
        }
    }

    async fn obey(&mut self, line: &str) -> Result<(), Failure> {
        if line.trim_start().starts_with('/') {
            let said = say(self.client, self.chat, line, None).await?;
            self.screen.line(inert(field(&said, "reply")))?;
            return self.prompt();
        }
        match self.asking.read(line) {
            Typed::Nothing => self.screen.line("nothing is decided")?,
            Typed::Unclear(why) => self.screen.line(why)?,
            Typed::Reply(call, text) => return self.reply(&call, &text).await,
            Typed::Vote(approval, vote) => return self.vote(&approval, &vote).await,
        }
        self.prompt()
    }

    async fn vote(&mut self, approval: &Approval, vote: &Vote) -> Result<(), Failure> {
        match decide(self.client, approval, vote).await {
            // What became of it is told by the event.
            Ok(Decided::Done(_) | Decided::Already(_)) => Ok(()),
            Err(ClientError::Refused(refusal)) => {
                self.screen.line(format!("{} ({})", refusal.message, refusal.code))?;
                self.prompt()
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn reply(&mut self, call: &str, text: &str) -> Result<(), Failure> {
        let path = format!("/v1/runs/{}/answer", self.run);
        let body = json!({"call_id": call, "text": text});
        match self.client.post::<Value>(&path, &body).await {
            Ok(_) => self.asking.answered(call),
            Err(ClientError::Refused(refusal)) => {
                self.screen.line(format!("{} ({})", refusal.message, refusal.code))?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn is_waiting(&self) -> Result<bool, Failure> {
        let run: Value = self.client.get(&format!("/v1/runs/{}", self.run)).await?;
        let status = field(&run, "status");
        Ok(matches!(status, "waiting_for_approval" | "waiting_for_answer"))
    }

    async fn stop(&mut self) -> Result<(), Failure> {
        self.stops += 1;
        if self.stops > 1 {
            return Err(Failure::Refused(format!(
                "left run {} while it was being stopped",
                self.run
            )));
        }
        aside("\nstopping the run; Ctrl-C again leaves at once");
        let path = format!("/v1/runs/{}/stop", self.run);
        let _: Value = self.client.post(&path, &json!({})).await?;
        Ok(())
    }

    fn end(&mut self, record: &Record) -> Result<End, Failure> {
        self.finish_line()?;
        match record.name.as_str() {
            "run.completed" => Ok(End::Completed),
            "run.failed" => {
                let message = record.data.pointer("/error/message").and_then(Value::as_str);
                aside(&format!("the run failed: {}", inert(message.unwrap_or("no reason given"))));
                Ok(End::Otherwise)
            }
            _ => {
                aside("the run was stopped");
                Ok(End::Otherwise)
            }
        }
    }
}

fn field<'a>(data: &'a Value, name: &str) -> &'a str {
    data.get(name).and_then(Value::as_str).unwrap_or_default()
}
