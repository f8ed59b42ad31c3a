//! `AppleScript`: what it tells applications and the system to do.

use crate::interpret::Machine;

/// Phrases, and what they do.
const PHRASES: &[(&str, &str)] = &[
    ("login item", "persist.startup"),
    ("keystroke", "code.unclear"),
    ("key code", "code.unclear"),
    ("to sleep", "machine.power"),
    ("to restart", "machine.power"),
    ("to shut down", "machine.power"),
    ("to log out", "machine.power"),
    ("restart", "machine.power"),
    ("shut down", "machine.power"),
    ("log out", "machine.power"),
    ("quit", "process.signal"),
    ("do script", "code.unclear"),
    ("doscript", "code.unclear"),
    ("doshellscript", "code.unclear"),
    ("click button", "code.unclear"),
    ("click menu", "code.unclear"),
    ("shutdown()", "machine.power"),
    ("logout()", "machine.power"),
    ("move to trash", "fs.bulk_delete"),
    ("make new outgoing message", "message.send"),
    ("empty trash", "fs.bulk_delete"),
    ("empty the trash", "fs.bulk_delete"),
    ("delete", "fs.delete"),
    ("send ", "message.send"),
    ("administrator privileges", "privilege.gain"),
    ("set volume", "system.change"),
];

/// Judges a script by the phrases outside its strings, and those that only make sense inside a
/// request to an application.
pub(super) fn follow(machine: &mut Machine<'_>, source: &str) {
    let mut outside = String::with_capacity(source.len());
    let mut quoted = false;
    for c in source.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if !quoted {
            outside.push(c.to_ascii_lowercase());
        }
    }
    let reads = ["exists login item", "name of every login item", "get the name of every login"];
    if reads.iter().any(|phrase| outside.contains(phrase)) {
        return;
    }
    for (phrase, kind) in PHRASES {
        if outside.contains(phrase) {
            machine.effect(kind, source);
        }
    }
}
