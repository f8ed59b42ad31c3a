//! Which slash commands a team should have, and what has to be done for it.
//!
//! Only commands that this bot has made are touched. Pure, but for what is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_domain::commands::Registry;
use countersign_ports::platform::NativeCommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::id::{CommandId, TeamId, UserId};
use crate::wire::Command;

/// The command that always exists: every other one is an argument of it.
pub(crate) const UMBRELLA: &str = "countersign";

/// What the names of our commands begin with, for people who look at the server's list.
const DISPLAYED: &str = "Countersign: /";

/// Tokens are looked up again no more often for what brings a wrong one.
const RECALLED: Duration = Duration::from_millis(500);

/// The server's own commands. Where it has more, it says so when one of ours is made.
const BUILT_IN: [&str; 38] = [
    "away",
    "code",
    "collapse",
    "dnd",
    "echo",
    "expand",
    "exportlink",
    "groupmsg",
    "header",
    "help",
    "invite",
    "invite_people",
    "join",
    "kick",
    "leave",
    "logout",
    "marketplace",
    "me",
    "msg",
    "mute",
    "offline",
    "online",
    "open",
    "purpose",
    "remove",
    "rename",
    "search",
    "secure-connection",
    "settings",
    "share-channel",
    "shortcuts",
    "shrug",
    "status",
    "test",
    "call",
    "jira",
    "github",
    "playbook",
];

/// The token of a command in a team: what an invocation proves itself with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) team: TeamId,
    pub(crate) trigger: String,
    /// The gateway's command, or the umbrella.
    pub(crate) name: String,
    pub(crate) token: String,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held(/{} in {})", self.trigger, self.team)
    }
}

/// The commands as they are wanted and as they are.
#[derive(Debug, Default)]
pub(crate) struct Slash {
    wanted: Mutex<Vec<NativeCommand>>,
    held: Mutex<Vec<Held>>,
    /// When tokens were looked up last because one was not known.
    recalled: Mutex<Option<Instant>>,
    /// What an operator has to do, by team.
    problems: Mutex<BTreeMap<TeamId, String>>,
}

/// What a team should have under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) hint: String,
}

/// What has to be done in a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is there as it should be.
    Keep(CommandId, Wish, String),
    /// It is there, and says something else.
    Change(CommandId, Wish, String),
    /// It is not there; the first of these triggers that the server takes.
    Make(Wish, Vec<String>),
    /// It is ours, and nobody wants it.
    Remove(CommandId),
}

impl Slash {
    /// From now on these are wanted.
    pub(crate) fn wanted(&self, commands: &[NativeCommand]) {
        *held(&self.wanted) = commands.to_vec();
    }

    /// Whether the gateway has this command.
    pub(crate) fn has(&self, name: &str) -> bool {
        held(&self.wanted).iter().any(|command| command.name == name)
    }

    /// What every team should have, as far as that is known to somebody who only looks.
    pub(crate) fn wishes_or_builtin(&self) -> Vec<Wish> {
        if !held(&self.wanted).is_empty() {
            return self.wishes();
        }
        let registry = Registry::builtin();
        let builtin = registry.iter().map(|command| Wish {
            name: command.name.to_string(),
            description: command.description.clone(),
            hint: command.arguments.clone(),
        });
        self.wishes().into_iter().chain(builtin).collect()
    }

    /// What every team should have.
    pub(crate) fn wishes(&self) -> Vec<Wish> {
        let umbrella = Wish {
            name: UMBRELLA.to_owned(),
            description: "Every command of the agent's gateway".to_owned(),
            hint: "[help|status|approve|deny|…]".to_owned(),
        };
        let wanted = held(&self.wanted);
        let commands = wanted.iter().map(|command| Wish {
            name: command.name.clone(),
            description: command.description.clone(),
            hint: command.arguments.clone(),
        });
        [umbrella].into_iter().chain(commands.filter(|wish| wish.name != UMBRELLA)).collect()
    }

    /// The tokens that are held.
    pub(crate) fn tokens(&self) -> Vec<Held> {
        held(&self.held).clone()
    }

    /// Whether tokens may be looked up again because one is not known; from now on not for a while.
    pub(crate) fn may_recall(&self) -> bool {
        let mut recalled = held(&self.recalled);
        let may = recalled.is_none_or(|before| before.elapsed() >= RECALLED);
        if may {
            *recalled = Some(Instant::now());
        }
        may
    }

    /// These tokens are held now.
    pub(crate) fn hold(&self, tokens: Vec<Held>) {
        *held(&self.held) = tokens;
    }

    /// What an operator has to do, if anything.
    pub(crate) fn problems(&self) -> Vec<String> {
        held(&self.problems).values().cloned().collect()
    }

    /// How it went in a team; whether that is news.
    pub(crate) fn note_problem(&self, team: &TeamId, problem: Option<&String>) -> bool {
        let mut problems = held(&self.problems);
        let before = problems.get(team).cloned();
        match problem {
            Some(problem) => problems.insert(team.clone(), problem.clone()),
            None => problems.remove(team),
        };
        before.as_ref() != problem
    }
}

/// What has to be done for `wishes` where `there` is what the team has, as far as can be seen.
pub(crate) fn steps(
    wishes: &[Wish],
    there: &[Command],
    (me, url, prefix): (&UserId, &str, &str),
) -> Vec<Step> {
    let living = || there.iter().filter(|command| command.delete_at == 0);
    let is_ours = |command: &&Command| {
        command.creator_id.as_ref() == Some(me) && command.display_name.starts_with(DISPLAYED)
    };
    let foreign: BTreeSet<&str> = living()
        .filter(|command| !is_ours(command))
        .map(|command| command.trigger.as_str())
        .collect();
    let mut left: Vec<&Command> = living().filter(is_ours).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut steps = Vec::new();
    for wish in wishes {
        let free = |trigger: &String| {
            !BUILT_IN.contains(&trigger.as_str())
                && !foreign.contains(trigger.as_str())
                && !taken.contains(trigger)
        };
        let triggers: Vec<String> = [wish.name.clone(), format!("{prefix}{}", wish.name)]
            .into_iter()
            .filter(free)
            .collect();
        let own = left.iter().position(|command| triggers.contains(&command.trigger));
        if let Some(command) = own.map(|place| left.remove(place)) {
            taken.insert(command.trigger.clone());
            let (id, trigger) = (command.id.clone(), command.trigger.clone());
            steps.push(if says(command, wish, url) {
                Step::Keep(id, wish.clone(), trigger)
            } else {
                Step::Change(id, wish.clone(), trigger)
            });
        } else {
            taken.extend(triggers.first().cloned());
            steps.push(Step::Make(wish.clone(), triggers));
        }
    }
    // First of all what is in the way.
    steps.splice(0..0, left.into_iter().map(|command| Step::Remove(command.id.clone())));
    steps
}

/// The command that `wish` is, as the server takes it.
pub(crate) fn body(wish: &Wish, team: &TeamId, trigger: &str, url: &str) -> Value {
    json!({
        "team_id": team,
        "trigger": trigger,
        "method": "P",
        "url": url,
        "display_name": display_name(wish),
        "description": cut(&wish.description, 128),
        "auto_complete": true,
        "auto_complete_desc": cut(&wish.description, 1024),
        "auto_complete_hint": cut(&wish.hint, 1024),
    })
}

/// Adds what was known to what is known now: a token is told once only, when its command is made.
pub(crate) fn and_known(held: &mut Vec<Held>, known: &[Held]) {
    for one in known {
        if !held.iter().any(|other| other.team == one.team && other.trigger == one.trigger) {
            held.push(one.clone());
        }
    }
}

fn display_name(wish: &Wish) -> String {
    cut(&format!("{DISPLAYED}{}", wish.name), 64)
}

fn says(command: &Command, wish: &Wish, url: &str) -> bool {
    command.method == "P"
        && command.url == url
        && command.auto_complete
        && command.auto_complete_desc == cut(&wish.description, 1024)
        && command.auto_complete_hint == cut(&wish.hint, 1024)
        && command.display_name == display_name(wish)
}

/// The server counts bytes, and refuses what has more.
fn cut(text: &str, longest: usize) -> String {
    text.get(..text.floor_char_boundary(longest)).unwrap_or_default().to_owned()
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://gw/platforms/mattermost/main/commands";

    fn me() -> UserId {
        "me".parse().unwrap()
    }

    fn wish(name: &str) -> Wish {
        Wish { name: name.to_owned(), description: format!("Does {name}"), hint: String::new() }
    }

    fn command(trigger: &str, name: &str, creator: &str) -> Command {
        let mut made = body(&wish(name), &"team".parse().unwrap(), trigger, URL);
        made["id"] = format!("id{}", trigger.replace('-', "")).into();
        made["creator_id"] = creator.into();
        made["token"] = "t".into();
        serde_json::from_value(made).unwrap()
    }

    fn planned(wishes: &[&str], there: &[Command]) -> Vec<Step> {
        let wishes: Vec<Wish> = wishes.iter().map(|name| wish(name)).collect();
        steps(&wishes, there, (&me(), URL, "cs-"))
    }

    fn make(name: &str, triggers: &[&str]) -> Step {
        Step::Make(wish(name), triggers.iter().map(|&trigger| trigger.to_owned()).collect())
    }

    #[test]
    fn names_that_the_server_or_others_have_get_the_prefix() {
        let theirs = command("stop", "stop", "jenkins");
        assert_eq!(
            planned(&["approve", "status", "stop"], &[theirs]),
            [
                make("approve", &["approve", "cs-approve"]),
                make("status", &["cs-status"]),
                make("stop", &["cs-stop"]),
            ]
        );
    }

    #[test]
    fn what_is_there_is_kept_changed_or_removed_and_what_is_not_ours_left_alone() {
        let mut old = command("deny", "deny", "me");
        old.url = "https://elsewhere/commands".to_owned();
        let mut own_other = command("lunch", "lunch", "me");
        own_other.display_name = "Lunch".to_owned();
        let there = [
            command("approve", "approve", "me"),
            old,
            command("gone", "gone", "me"),
            command("theirs", "theirs", "ann"),
            own_other,
        ];
        assert_eq!(
            planned(&["approve", "deny", "lunch"], &there),
            [
                Step::Remove("idgone".parse().unwrap()),
                Step::Keep("idapprove".parse().unwrap(), wish("approve"), "approve".to_owned()),
                Step::Change("iddeny".parse().unwrap(), wish("deny"), "deny".to_owned()),
                make("lunch", &["cs-lunch"]),
            ]
        );
    }

    #[test]
    fn the_umbrella_is_always_wanted_and_bodies_keep_to_the_limits_in_bytes() {
        // One, two, three and four bytes a character: it is cut between two of them.
        for (letter, description, hint) in
            [("y", 128, 1024), ("é", 128, 1024), ("批", 126, 1023), ("🔒", 128, 1024)]
        {
            let slash = Slash::default();
            slash.wanted(&[NativeCommand {
                name: "x".repeat(100),
                description: letter.repeat(3000),
                arguments: letter.repeat(3000),
            }]);
            let wishes = slash.wishes();
            assert_eq!(wishes[0].name, UMBRELLA);
            let body = body(&wishes[1], &"team".parse().unwrap(), "x", URL);
            let length = |name: &str| body[name].as_str().unwrap().len();
            assert_eq!((length("display_name"), length("description")), (64, description));
            assert_eq!((length("auto_complete_desc"), length("auto_complete_hint")), (hint, hint));
        }
    }

    #[test]
    fn tokens_that_were_known_stay_beside_those_that_were_told_now() {
        let held = |trigger: &str, token: &str| Held {
            team: "team".parse().unwrap(),
            trigger: trigger.to_owned(),
            name: trigger.to_owned(),
            token: token.to_owned(),
        };
        let known = [held("approve", "old"), held("deny", "old")];
        let mut now = vec![held("approve", "new")];
        and_known(&mut now, &known);
        assert_eq!(now, [held("approve", "new"), held("deny", "old")]);
    }
}
