//! The commands that the gateway itself carries out.
//!
//! A command stands here once there is something behind it, never before.

use super::registry::{Access, Busy, Category, Command, Source};
use super::{CommandName, Registry};

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident = $word:literal, [$($alias:literal),*], $hint:literal,
        $category:ident, $busy:ident, $says:literal;)*) => {
        /// A command that the gateway itself carries out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Builtin {
            $($(#[$doc])* $name,)*
        }

        impl Builtin {
            /// Every one, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its canonical name.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }

        const TABLE: &[Row] = &[$(Row {
            builtin: Builtin::$name,
            aliases: &[$($alias),*],
            hint: $hint,
            category: Category::$category,
            busy: Busy::$busy,
            says: $says,
        },)*];
    };
}

/// What the registry says of one.
struct Row {
    builtin: Builtin,
    aliases: &'static [&'static str],
    hint: &'static str,
    category: Category,
    busy: Busy,
    says: &'static str,
}

builtins! {
    /// Says hello.
    Start = "start", [], "", Session, Allowed, "Say what this is and what you can do here.";
    /// A conversation ends and another begins.
    New = "new", ["reset"], "[name]", Session, Refused, "Begin a new conversation.";
    /// The run is stopped.
    Stop = "stop", [], "", Session, Allowed, "Stop what the agent is doing.";
    /// The conversation gets a name.
    Title = "title", [], "[name]", Session, Allowed, "Show the conversation's name, or give it one.";
    /// The conversations of this chat.
    Sessions = "sessions", [], "", Session, Allowed, "List the conversations of this chat.";
    /// An earlier conversation goes on.
    Resume = "resume", [], "[name]", Session, Refused, "Go on with an earlier conversation.";
    /// Where things stand.
    Status = "status", [], "", Session, Allowed, "Show what the agent is doing.";
    /// Something to do after what is being done.
    Queue = "queue", ["q"], "<prompt>", Session, Allowed, "Have this done after the present work.";
    /// Something to do beside what is being done.
    Background = "background", ["bg"], "<prompt>", Session, Allowed,
        "Have this done beside the present work.";
    /// Something for the run that is at work.
    Steer = "steer", [], "<prompt>", Session, Allowed, "Tell the agent this while it works.";
    /// The last message once more.
    Retry = "retry", [], "", Session, Refused, "Have the agent answer the last message anew.";
    /// The last messages are taken back.
    Undo = "undo", [], "[N]", Session, Refused, "Take the last message and its answer back.";
    /// An answer in favour.
    Approve = "approve", [], "[id|all] [once|session|always]", Approvals, Allowed,
        "Approve what the agent asks for.";
    /// An answer against.
    Deny = "deny", [], "[id|all] [reason]", Approvals, Allowed, "Deny what the agent asks for.";
    /// What waits for an answer.
    Approvals = "approvals", [], "[id]", Approvals, Allowed,
        "List what waits for a decision here, or show one of it whole.";
    /// What earlier answers cover.
    Rules = "rules", [], "[list|revoke id]", Approvals, Allowed,
        "List what is allowed without a question, or take it back.";
    /// Nobody is asked for a while.
    Yolo = "yolo", [], "[off|minutes]", Approvals, Allowed,
        "Have the agent ask nobody for a while; what is forbidden stays so.";
    /// The recent chats of the account.
    Chats = "chats", [], "[all]", Service, Allowed, "List the recent chats of your account.";
    /// Service conversations.
    Service = "service", [], "[list|show|start|approve|mode|pause|resume|revoke] [chat]", Service,
        Allowed, "Talk to providers in your name: list, read, start, pause or revoke.";
    /// The model of this conversation.
    Model = "model", [], "[name|default]", Configuration, Allowed,
        "Show this conversation's model, or choose one.";
    /// Tokens used.
    Usage = "usage", [], "", Info, Allowed, "Show the tokens that this conversation has used.";
    /// The gateway begins anew.
    Restart = "restart", [], "", Configuration, Allowed,
        "Restart the gateway once what it does is done.";
    /// Every command.
    Commands = "commands", [], "[page]", Info, Allowed, "List the commands that you can run, by page.";
    /// What one can do.
    Help = "help", [], "", Info, Allowed, "Show the commands that you can run.";
    /// Who one is here.
    Whoami = "whoami", [], "", Info, Allowed, "Show who you are here and what you can run.";
}

impl Builtin {
    /// Whether a list can give it to people who are no admins.
    fn access(self) -> Access {
        let admins = [Self::Yolo, Self::Restart, Self::Chats, Self::Service];
        if admins.contains(&self) { Access::Admins } else { Access::Listed }
    }
}

impl Registry {
    /// Every built-in command and nothing else.
    pub fn builtin() -> Self {
        let mut registry = Self::default();
        for row in TABLE {
            // The table has no clash and no bad name: a test says so.
            registry.add(row.command()).ok();
        }
        registry
    }
}

impl Row {
    fn command(&self) -> Option<Command> {
        Some(Command {
            name: CommandName::spelled(self.builtin.word()).ok()?,
            description: self.says.to_owned(),
            category: self.category,
            aliases: self
                .aliases
                .iter()
                .filter_map(|word| CommandName::spelled(word).ok())
                .collect(),
            arguments: self.hint.to_owned(),
            busy: self.busy,
            access: self.builtin.access(),
            source: Source::Builtin(self.builtin),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_is_in_the_registry_under_all_its_names() {
        let registry = Registry::builtin();
        for row in TABLE {
            for word in [row.builtin.word()].iter().chain(row.aliases) {
                let found = registry.find(&word.parse().unwrap()).unwrap();
                assert_eq!(found.source, Source::Builtin(row.builtin), "{word}");
            }
            assert!(row.says.chars().count() <= 100, "{}", row.says);
        }
        assert_eq!(registry.iter().count(), Builtin::ALL.len());
    }
}
