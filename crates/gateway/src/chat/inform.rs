//! The commands that only say something.

use countersign_domain::commands::{Builtin, Command, Registry, help, page};
use countersign_domain::runs::{RunStatus, Usage};
use countersign_domain::slash_access::{Asker, AuthorizedCommand, Tier, may_run};
use countersign_ports::platform::AccountState;
use countersign_ports::store::{PageRequest, RunFilter, StoreError};

use super::reply::Reply;
use super::speaker::Speaker;
use crate::gateway::Gateway;
use crate::read_usage::{UsageSum, spent};

/// How many runs of a session are read at once.
const RUNS_READ: usize = 200;

impl Gateway {
    /// `/start`.
    pub(super) fn hello(&self, speaker: &Speaker, command: &AuthorizedCommand) -> Reply {
        Reply::own(
            "This is an agent that asks a person before it does something that matters. Say what \
             you need; what it asks for is decided with a button, /approve or /deny.\n\n",
        )
        .and(self.runnable(speaker, command, |commands| help(commands.iter().copied())))
    }

    /// `/help`.
    pub(super) fn help(&self, speaker: &Speaker, command: &AuthorizedCommand) -> Reply {
        Reply::own(self.runnable(speaker, command, |commands| help(commands.iter().copied())))
    }

    /// `/commands`.
    pub(super) fn commands(&self, speaker: &Speaker, command: &AuthorizedCommand) -> Reply {
        let number = command.arguments().parse().unwrap_or(1);
        Reply::own(
            self.runnable(speaker, command, |commands| page(commands.iter().copied(), number).0),
        )
    }

    /// `/whoami`.
    pub(super) fn whoami(&self, speaker: &Speaker, command: &AuthorizedCommand) -> Reply {
        let tier = match command.tier() {
            Tier::Unrestricted => "unrestricted (no admin list for this scope)",
            Tier::Admin => "admin",
            Tier::User => "user",
        };
        let id = match &speaker.asker {
            Asker::Operator => "operator",
            Asker::Person(person) => person.id.as_ref().map_or("?", |id| id.as_str()),
        };
        let commands = match command.tier() {
            Tier::Unrestricted | Tier::Admin => "all".to_owned(),
            Tier::User => self.runnable(speaker, command, |commands| {
                let names: Vec<String> =
                    commands.iter().map(|command| format!("/{}", command.name)).collect();
                names.join(", ")
            }),
        };
        let decides = if self.may_here(speaker, Builtin::Approve) {
            format!("you may run /approve here; whose approvals: {}", self.settings.approvers)
        } else if self.may_here(speaker, Builtin::Deny) {
            "you may deny here, not approve".to_owned()
        } else {
            "you may not decide here".to_owned()
        };
        let (platform, scope) = (&speaker.address.platform, speaker.scope.as_str());
        Reply::own(format!("Platform: {platform} ({scope})\nUser: "))
            .quoting(id)
            .and(format!("\nTier: {tier}\nCommands: {commands}\nApprovals: {decides}"))
    }

    /// `/status`.
    pub(super) async fn status(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let Some(found) = self.conversation(speaker).await? else {
            let reply = Reply::own("The agent is idle; nothing was said here yet.");
            return Ok(reply.and(self.lines_for_admins(speaker, command.tier())));
        };
        let conversation = found.value;
        let state = match self.store.runs().active_in(conversation.session).await? {
            None => "idle".to_owned(),
            Some(run) => {
                let run = self.run(run).await?.value;
                format!("{}, at step {}", state(run.status()), run.steps)
            }
        };
        let waiting = self.waiting_here(speaker).await?.len();
        let unasked = match self.unasked_in(conversation.session).await? {
            Some(unasked) => {
                format!("\nNOBODY IS ASKED until {}, as {} said", unasked.until, unasked.by)
            }
            None => String::new(),
        };
        let model = conversation.model.unwrap_or_else(|| self.settings.model.clone());
        let reply = Reply::own(format!("The agent is {state}.\nConversation: "));
        let reply = match conversation.title {
            Some(title) => reply.quoting(title),
            None => reply.and("(no name)"),
        };
        Ok(reply
            .and(format!(" ({})\nModel: ", conversation.session))
            .quoting(model)
            .and(format!("\nApprovals waiting here: {waiting}{unasked}"))
            .and(self.lines_for_admins(speaker, command.tier())))
    }

    /// How the bots fare, and what was not heard since the gateway started; for admins and the
    /// operator.
    fn lines_for_admins(&self, speaker: &Speaker, tier: Tier) -> String {
        if tier != Tier::Admin && speaker.asker != Asker::Operator {
            return String::new();
        }
        let mut lines = String::new();
        for (account, _, state) in self.accounts() {
            lines.push_str("\nBot ");
            lines.push_str(&account);
            lines.push_str(": ");
            lines.push_str(&fares(state.as_ref()));
            for problem in self.problems_of(&account) {
                lines.push_str("\n  ");
                lines.push_str(&problem);
            }
        }
        let dropped = self.dropped();
        if dropped.is_empty() {
            return lines;
        }
        let counts: Vec<String> =
            dropped.iter().map(|(why, count)| format!("{count} {}", why.as_str())).collect();
        lines + &format!("\nNot heard: {}", counts.join(", "))
    }

    /// `/usage`.
    pub(super) async fn usage(
        &self,
        speaker: &Speaker,
        _: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let Some(found) = self.conversation(speaker).await? else {
            return Ok(Reply::own("Nothing was said here yet."));
        };
        let filter = RunFilter { session_id: Some(found.value.session), ..RunFilter::default() };
        let (mut used, mut runs, mut before) = (UsageSum::default(), 0_usize, None);
        loop {
            let request = PageRequest { before, limit: RUNS_READ };
            let found = self.store.runs().runs(filter.clone(), request).await?;
            runs += found.items.len();
            for run in &found.items {
                for spent in spent(run) {
                    used.add(&spent);
                }
            }
            before = found.next;
            if before.is_none() {
                break;
            }
        }
        let Usage { input_tokens, output_tokens, .. } = used.usage;
        let cost = match (used.cost, used.unpriced_tokens) {
            (None, _) => String::new(),
            (Some(cost), 0) => format!(" ${cost}."),
            (Some(cost), _) => format!(" ${cost}, and what models without known prices cost."),
        };
        let text = format!(
            "In this conversation: {runs} runs, {input_tokens} tokens read, {output_tokens} \
             written.{cost}"
        );
        Ok(Reply::own(text))
    }

    /// What `list` makes of the commands that the asker may run.
    fn runnable(
        &self,
        speaker: &Speaker,
        _: &AuthorizedCommand,
        list: impl Fn(&[&Command]) -> String,
    ) -> String {
        let registry = self.chats.registry();
        let commands = registry.iter().filter(|command| self.may(speaker, &registry, command));
        list(&commands.collect::<Vec<_>>())
    }

    fn may_here(&self, speaker: &Speaker, builtin: Builtin) -> bool {
        let registry = self.chats.registry();
        let found = builtin.word().parse().ok().and_then(|word| registry.find(&word).cloned());
        found.is_some_and(|command| self.may(speaker, &registry, &command))
    }

    fn may(&self, speaker: &Speaker, registry: &Registry, command: &Command) -> bool {
        may_run(&self.settings.chat.access, registry, &speaker.asker, command)
    }
}

fn fares(state: Option<&AccountState>) -> String {
    match state {
        None => "another node keeps its connection".to_owned(),
        Some(AccountState::Connected) => "connected".to_owned(),
        Some(AccountState::Reconnecting { since, why }) => {
            format!("reconnecting since {since}: {why}")
        }
        Some(AccountState::Refused { why }) => format!("refused: {why}"),
    }
}

const fn state(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "about to begin",
        RunStatus::Running => "at work",
        RunStatus::WaitingForApproval => "waiting for a decision",
        RunStatus::WaitingForAnswer => "waiting for an answer",
        RunStatus::Stopping => "being stopped",
        RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => "idle",
    }
}
