//! Calls that only ask for help or for a version.

use crate::interpret::simple::Call;
use crate::tables::Tool;

pub(super) fn asks_for_help(call: &Call, tool: Option<&Tool>) -> bool {
    let exempt = tool.is_some_and(|t| t.wraps.is_some() || !t.runs.is_empty() && !help_first(call))
        || matches!(
            call.name.as_str(),
            "bash"
                | "sh"
                | "zsh"
                | "dash"
                | "ksh"
                | "python"
                | "python3"
                | "perl"
                | "ruby"
                | "node"
                | "php"
                | "lua"
                | "find"
                | "xargs"
                | "ssh"
                | "env"
                | "busybox"
                | "parallel"
                | "deno"
                | "bun"
                | "tclsh"
                | "awk"
                | "gawk"
                | "sed"
                | "make"
                | "echo"
                | "printf"
        ) && call.words.len() > 2;
    let version =
        call.words.len() == 2 && matches!(call.word(1), "--version" | "--help" | "-V" | "-h");
    if exempt && !version {
        return false;
    }
    let before_end = call.arguments().iter().take_while(|w| *w != "--");
    let flagged = before_end.clone().any(|w| w == "--help" || w == "-help")
        || (call.words.len() <= 3 && call.words.last().is_some_and(|w| w == "--version"));
    let alone = call.words.len() == 2
        && matches!(
            call.word(1),
            "-h" | "-V" | "-v" | "-?" | "/?" | "-version" | "version" | "help"
        );
    flagged
        || alone
        || (call.word(1) == "help" && tool.is_some())
        || (call.words.last().is_some_and(|w| w == "help")
            && matches!(call.name.as_str(), "aws" | "gcloud"))
}

fn help_first(call: &Call) -> bool {
    call.arguments()
        .iter()
        .take(3)
        .any(|w| matches!(w.as_str(), "--help" | "--version" | "help" | "-h"))
}
