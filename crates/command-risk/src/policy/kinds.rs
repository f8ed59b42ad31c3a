//! Every kind of effect, and what the built-in policy says of it.
//!
//! `allow` kinds are recorded as effects but make no finding.

use countersign_domain::verdict::{
    Severity::{self, Critical, High, Low, Medium},
    Verdict::{self, Allow, Ask, Forbid},
};

/// One kind of effect with its standing verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) id: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) severity: Severity,
    /// The sentence for a person, to which the object is added.
    pub(crate) message: &'static str,
}

const fn kind(
    id: &'static str,
    verdict: Verdict,
    severity: Severity,
    message: &'static str,
) -> Kind {
    Kind { id, verdict, severity, message }
}

/// The kind with this id.
pub(crate) fn find(id: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// All kinds, by family.
pub(crate) const KINDS: &[Kind] = &[
    // Harmless.
    kind("fs.read", Allow, Low, "Reads a file"),
    kind("fs.write", Allow, Low, "Writes an ordinary file"),
    kind("fs.delete_artefact", Allow, Low, "Deletes one build artefact or temporary file"),
    kind("net.get", Allow, Low, "Fetches from the network"),
    kind("net.local", Allow, Low, "Talks to this machine"),
    kind("code.run", Allow, Low, "Runs code of the checkout"),
    kind("text.empty", Allow, Low, "There is no command in this text"),
    // What could not be understood.
    kind("parse.error", Ask, Medium, "The command does not parse the way bash would read it"),
    kind("parse.too_long", Ask, High, "The command is too long to be judged"),
    kind("parse.too_deep", Ask, High, "The command is nested too deeply to be judged"),
    kind("parse.too_much", Ask, High, "The command does too many things to be judged"),
    kind("unresolved.program", Ask, High, "Which program runs is only known at run time"),
    kind("unresolved.code", Ask, High, "The code that runs is only known at run time"),
    kind("unresolved.operand", Ask, High, "What it is done to is only known at run time"),
    kind(
        "unknown.mutating",
        Ask,
        Medium,
        "An unknown program is told to change or remove something",
    ),
    // Text that deceives.
    kind("text.bidi", Ask, High, "Contains characters that change the reading direction"),
    kind("text.invisible", Ask, High, "Contains invisible characters"),
    kind("text.control", Ask, High, "Contains control characters"),
    kind("text.confusable", Ask, High, "Contains letters that look like others"),
    kind(
        "text.replacement",
        Ask,
        High,
        "Contains characters that stand for bytes that cannot be read",
    ),
    // Files.
    kind("fs.wipe_system", Forbid, Critical, "Deletes or moves away a system directory"),
    kind("fs.wipe_home", Forbid, Critical, "Deletes or moves away a whole home directory"),
    kind("fs.wipe_disk", Forbid, Critical, "Overwrites the system disk"),
    kind("fs.empty_critical", Forbid, Critical, "Empties a file that the system cannot do without"),
    kind("fs.recursive_delete", Ask, High, "Deletes files recursively"),
    kind("fs.bulk_delete", Ask, High, "Deletes files by a pattern or a list"),
    kind("fs.delete", Ask, Medium, "Deletes a file"),
    kind("fs.truncate", Ask, High, "Empties a file"),
    kind("fs.overwrite", Ask, High, "Overwrites a file that matters"),
    kind("fs.write_system", Ask, High, "Writes to a system location"),
    kind("fs.write_dotfile", Ask, High, "Writes to a settings file of the user"),
    kind("fs.write_device", Ask, Critical, "Writes to a device"),
    kind("fs.move_system", Ask, High, "Moves a system or user directory"),
    kind("fs.bulk_edit", Ask, Medium, "Changes many files at once"),
    kind("fs.fill", Ask, Medium, "Fills the disk"),
    kind("fs.link_system", Ask, High, "Links into a system location"),
    kind("disk.format", Ask, Critical, "Formats or repartitions a disk"),
    kind("disk.change", Ask, High, "Changes disks, volumes or file systems"),
    kind("perm.wipe_system", Forbid, Critical, "Changes permissions of the whole system"),
    kind("perm.recursive", Ask, High, "Changes permissions or owners recursively"),
    kind("perm.dangerous", Ask, High, "Opens up permissions"),
    kind("perm.change", Ask, Medium, "Changes permissions, owners or attributes"),
    // Git.
    kind("git.loses_work", Ask, High, "Loses local work"),
    kind("git.rewrites_remote", Ask, High, "Rewrites or deletes history on a remote"),
    kind("git.rewrites_history", Ask, High, "Rewrites history"),
    kind(
        "git.config_exec",
        Ask,
        High,
        "Changes settings that make git run programs or redirect it",
    ),
    kind("git.remote", Ask, Medium, "Changes remotes"),
    // State elsewhere.
    kind("db.change", Ask, High, "Changes a database"),
    kind("queue.change", Ask, High, "Changes a message queue"),
    kind("cloud.change", Ask, High, "Changes cloud resources"),
    kind("cluster.change", Ask, High, "Changes a cluster or infrastructure"),
    kind("container.change", Ask, Medium, "Changes containers, images or machines"),
    kind("registry.publish", Ask, High, "Publishes to others"),
    kind("remote.change", Ask, High, "Changes state on another machine or service"),
    kind("message.send", Ask, High, "Sends a message"),
    // Processes, services, machine.
    kind("process.signal", Ask, Medium, "Stops or signals processes"),
    kind("process.kill_all", Forbid, Critical, "Kills every process"),
    kind("process.fork_bomb", Forbid, Critical, "Starts processes without end"),
    kind("process.exhaust", Ask, High, "Uses up the machine"),
    kind("service.change", Ask, High, "Starts, stops or changes a service"),
    kind("machine.power", Ask, High, "Shuts down or restarts the machine"),
    kind("machine.crash", Forbid, Critical, "Crashes the kernel"),
    kind("kernel.change", Ask, High, "Changes kernel, boot or hardware settings"),
    kind("system.change", Ask, High, "Changes system settings"),
    kind("mount.change", Ask, High, "Mounts or unmounts file systems"),
    kind("net.settings", Ask, High, "Changes network settings"),
    kind("log.tamper", Ask, High, "Removes traces from logs or history"),
    kind("security.off", Ask, Critical, "Weakens a protection of the system"),
    // Packages and code from elsewhere.
    kind("package.system", Ask, High, "Changes system packages or removes installed software"),
    kind("package.foreign", Ask, High, "Installs from outside the default registry"),
    kind("code.fetched", Ask, Critical, "Runs code that was fetched from the network"),
    kind("code.outside", Ask, High, "Runs or loads code from outside the checkout"),
    kind("code.option", Ask, High, "Makes an ordinary tool run another program"),
    kind("code.env", Ask, High, "Sets a variable that makes programs run or load code"),
    kind("code.dynamic", Ask, High, "Runs code that is built at run time"),
    kind("code.spawn", Ask, High, "Starts a program that cannot be named"),
    kind("code.unclear", Ask, Medium, "Calls into the system in a way that cannot be followed"),
    // Privilege, accounts, persistence.
    kind("privilege.gain", Ask, High, "Gains privileges or acts as another user"),
    kind("account.change", Ask, High, "Changes accounts, passwords or access"),
    kind("persist.schedule", Ask, High, "Schedules a command"),
    kind("persist.startup", Ask, High, "Makes something run at login or start"),
    kind("persist.background", Ask, Medium, "Leaves a program running in the background"),
    // Secrets and data going out.
    kind("secret.read", Ask, High, "Reads credentials"),
    kind("secret.change", Ask, High, "Changes secrets or keys"),
    kind("net.send", Ask, High, "Sends local data to another machine"),
    kind("net.request", Ask, High, "Sends a changing request to another machine"),
    kind(
        "net.leak_name",
        Ask,
        High,
        "Puts local data into a name or address that leaves the machine",
    ),
    kind("net.listen", Ask, High, "Opens a listener or a tunnel"),
    kind("net.remote_shell", Ask, Critical, "Connects a shell to the network"),
    // The guard and the agents.
    kind("guard.off", Forbid, Critical, "Switches the guard off"),
    kind("guard.policy", Forbid, Critical, "Neutralises the policy of the guard"),
    kind("guard.edit", Ask, Critical, "Changes the guard, its settings or its log"),
    kind("guard.read", Ask, Critical, "Reads what belongs to the guard"),
    kind("guard.restart", Ask, High, "Restarts the guard"),
    kind("guard.answer", Ask, Critical, "Answers a request on behalf of a person"),
    kind("agent.bypass", Forbid, Critical, "Starts or sets an agent so that it asks nobody"),
    kind("agent.edit", Ask, High, "Changes an agent or its settings"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_begins_with_a_capital_and_leaves_the_full_stop_to_the_finding() {
        for kind in KINDS {
            let message = kind.message;
            assert!(message.starts_with(|c: char| c.is_ascii_uppercase()), "{message}");
            assert!(!message.ends_with(['.', '!', ' ', ':']), "{message}");
        }
    }
}
