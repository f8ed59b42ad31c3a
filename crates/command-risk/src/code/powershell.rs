//! PowerShell, by the verbs in it.

use crate::interpret::Machine;

/// PowerShell: verbs that change something.
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn powershell(machine: &mut Machine<'_>, source: &str) {
    let lower = source.to_ascii_lowercase();
    if lower.contains("iex") || lower.contains("invoke-expression") {
        let kind = if lower.contains("iwr")
            || lower.contains("invoke-webrequest")
            || lower.contains("download")
            || lower.contains("irm")
            || lower.contains("invoke-restmethod")
        {
            "code.fetched"
        } else {
            "code.dynamic"
        };
        return machine.effect(kind, source);
    }
    let first = lower.split_whitespace().next().unwrap_or_default();
    if matches!(first, "get-help" | "get-command" | "help" | "man")
        && !lower.contains([';', '|', '&'])
    {
        return;
    }
    removals(machine, source);
    let reading = [
        "get",
        "write",
        "select",
        "where",
        "foreach",
        "format",
        "measure",
        "sort",
        "group",
        "test",
        "out",
        "convertto",
        "convertfrom",
        "compare",
        "resolve",
        "join",
        "split",
        "find",
        "show",
        "tee",
        "echo",
        "read",
        "ls",
        "dir",
        "cat",
        "pwd",
    ];
    for word in lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        let changes = match word.split_once('-') {
            Some((verb, noun))
                if !verb.is_empty()
                    && noun.len() > 2
                    && noun.bytes().all(|b| b.is_ascii_alphabetic()) =>
            {
                let known = [
                    "remove",
                    "clear",
                    "stop",
                    "set",
                    "new",
                    "restart",
                    "disable",
                    "uninstall",
                    "start",
                    "invoke",
                    "add",
                    "rename",
                    "move",
                    "copy",
                    "install",
                    "enable",
                    "register",
                    "unregister",
                    "suspend",
                    "import",
                    "send",
                    "format",
                    "initialize",
                    "reset",
                    "dismount",
                    "mount",
                    "grant",
                    "revoke",
                    "update",
                    "save",
                    "publish",
                    "push",
                    "block",
                    "unblock",
                    "checkpoint",
                    "restore",
                    "expand",
                    "compress",
                    "limit",
                    "debug",
                    "enter",
                    "connect",
                ];
                known.contains(&verb) && !reading.contains(&verb) || word == "format-volume"
            }
            _ => matches!(
                word,
                "rm" | "del"
                    | "erase"
                    | "rd"
                    | "rmdir"
                    | "ri"
                    | "kill"
                    | "spps"
                    | "shutdown"
                    | "mv"
                    | "move"
                    | "reg"
                    | "schtasks"
                    | "bcdedit"
                    | "vssadmin"
                    | "net"
                    | "sc"
                    | "diskpart"
            ),
        };
        if changes {
            return machine.effect("code.unclear", source);
        }
    }
}

/// `Remove-Item -Recurse path`: what is named literally.
fn removals(machine: &mut Machine<'_>, source: &str) {
    for statement in source.split([';', '|', '\n', '{', '}']) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let Some((verb, rest)) = words.split_first() else { continue };
        let removes = ["remove-item", "rm", "ri", "del", "rd", "rmdir", "erase"]
            .iter()
            .any(|name| verb.eq_ignore_ascii_case(name));
        let recursive = rest.iter().any(|w| {
            let lower = w.to_ascii_lowercase();
            lower.len() > 1 && "-recurse".starts_with(&lower)
        });
        if !removes || !recursive {
            continue;
        }
        for word in rest.iter().filter(|w| !w.starts_with('-')) {
            let path = word.trim_matches(['\'', '"', ',']).replace('\\', "/");
            machine.delete(&crate::interpret::value::Field::known(path), true);
        }
    }
}
