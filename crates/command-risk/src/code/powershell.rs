//! PowerShell, by the verbs in it.

use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;

/// PowerShell: verbs that change something.
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn powershell(machine: &mut Machine<'_>, source: &str) {
    let lower = source.to_ascii_lowercase();
    if evaluates(&lower) {
        let kind = if fetches(&lower) { "code.fetched" } else { "code.dynamic" };
        return machine.effect(kind, source);
    }
    if let Some(call) = acts_by_class(&lower) {
        machine.effect("code.unclear", call);
    }
    let first = lower.split_whitespace().next().unwrap_or_default();
    if matches!(first, "get-help" | "get-command" | "help" | "man")
        && !lower.contains([';', '|', '&'])
    {
        return;
    }
    removals(machine, source);
    programs(machine, source);
    let gets = !["post", "put", "patch", "delete", "-body", "-infile", "-form"]
        .iter()
        .any(|word| lower.contains(word));
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
                let harmless = matches!(
                    word,
                    "invoke-pester"
                        | "invoke-scriptanalyzer"
                        | "invoke-build"
                        | "invoke-psake"
                        | "invoke-formatter"
                        | "new-object"
                        | "new-timespan"
                        | "new-guid"
                        | "set-location"
                        | "push-location"
                        | "set-strictmode"
                        | "new-variable"
                        | "set-variable"
                        | "import-module"
                        | "import-csv"
                        | "import-clixml"
                        | "import-powershelldatafile"
                        | "add-member"
                        | "start-sleep"
                        | "update-formatdata"
                ) || (gets
                    && matches!(word, "invoke-webrequest" | "invoke-restmethod"));
                known.contains(&verb) && !harmless && !reading.contains(&verb)
                    || word == "format-volume"
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

/// Whether text is made code: `iex`, a script block made of a string, an assembly, a compiler.
fn evaluates(lower: &str) -> bool {
    let word = |wanted: &[&str]| {
        lower
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .any(|word| wanted.contains(&word))
    };
    let packed: String = lower.chars().filter(|c| !c.is_whitespace() && *c != '`').collect();
    word(&["iex", "invoke-expression", "add-type", "invoke-wmimethod", "invoke-cimmethod"])
        || [
            "scriptblock]::create",
            "invokescript",
            "newscriptblock",
            "reflection.assembly]::load",
            "assembly]::load",
            "assembly]::unsafeload",
            "appdomain]::",
            "runspacefactory]::",
            "powershell]::create",
            "activator]::createinstance",
            "marshal]::getdelegate",
            "automation.language.parser",
            "-comobjectwscript.shell",
            "-comobjectshell.application",
            "expandstring(",
        ]
        .iter()
        .any(|call| packed.contains(call))
        // Names put together at run time: `& ('i'+'ex')`, `&$x`, `. $f`.
        || packed.starts_with("&(") && packed.contains('+')
        || packed.contains("|&(")
        || packed.contains(['&', '.'])
            && [format!("&{UNKNOWN}"), "&$".to_owned()].iter().any(|call| {
                packed.contains(call.as_str()) && !packed.contains(&format!("&{call}"))
            })
        || packed.contains("(gcm")
        || packed.contains("&(get-command")
        || packed.contains("$env:comspec[")
        || packed.contains("$pshome[")
        || packed.contains("$shellid[")
}

fn fetches(lower: &str) -> bool {
    [
        "iwr",
        "invoke-webrequest",
        "download",
        "irm",
        "invoke-restmethod",
        "curl",
        "wget",
        "webclient",
        "httpclient",
        "http://",
        "https://",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Static methods of .NET classes that change something: `[IO.File]::Delete(…)`.
#[expect(clippy::too_many_lines, reason = "lists of names")]
fn acts_by_class(lower: &str) -> Option<&str> {
    let methods = [
        "delete",
        "move",
        "write",
        "writealltext",
        "writeallbytes",
        "writealllines",
        "appendalltext",
        "replace",
        "start",
        "kill",
        "exit",
        "failfast",
        "setenvironmentvariable",
        "setvalue",
        "deletesubkey",
        "deletesubkeytree",
        "createsubkey",
        "setaccesscontrol",
        "encrypt",
        "downloadfile",
        "uploadfile",
        "uploadstring",
        "uploaddata",
        "send",
        "copy",
        "setattributes",
        "invokemember",
        "create",
    ];
    let classes = [
        "file",
        "directory",
        "process",
        "environment",
        "registry",
        "fileinfo",
        "directoryinfo",
        "mailmessage",
        "smtpclient",
        "webclient",
        "filesystem",
    ];
    for (at, _) in lower.match_indices("]::") {
        // Names of classes are short; all that stands before is not looked through again.
        let from = (at.saturating_sub(64)..=at).find(|from| lower.is_char_boundary(*from))?;
        let class = lower.get(from..at)?.rsplit(['[', '.']).next()?.trim();
        let method = lower.get(at + 3..)?.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let temporary = matches!(
            (class, method),
            ("file" | "directory", "create" | "copy") | ("environment", "exit")
        );
        if classes.contains(&class) && methods.contains(&method) && !temporary {
            return lower.get(at..);
        }
    }
    [
        "downloadfile(",
        "uploadfile(",
        "uploadstring(",
        "uploaddata(",
        ".delete()",
        ".delete($true)",
        ".kill()",
        ".terminate(",
        ".moveto(",
    ]
    .iter()
    .find_map(|call| lower.find(call).and_then(|at| lower.get(at..)))
}

/// Statements that call a program, which is the same one as in any shell.
fn programs(machine: &mut Machine<'_>, source: &str) {
    for statement in source.split([';', '|', '\n', '{', '}']) {
        if !machine.step() {
            return;
        }
        let statement = statement.trim().trim_start_matches(['&', ' ']);
        let first = statement.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        let bare = first.strip_suffix(".exe").unwrap_or(&first);
        // These are names of cmdlets there.
        let alias = [
            "rm", "ls", "cat", "cp", "mv", "ps", "kill", "sort", "echo", "cd", "pwd", "tee", "man",
            "sleep", "clear", "diff", "history", "mount", "set", "type", "where", "select",
            "group", "measure", "start", "date", "if", "for", "foreach", "while", "function",
            "return", "rmdir", "del", "ri", "rd", "erase", "move", "copy", "write", "help", "test",
            "format", "compare", "more", "popd", "pushd", "sl", "gc", "gi", "si", "sp", "sc",
            "curl", "wget",
        ];
        let program = bare.len() < first.len() || !alias.contains(&bare);
        let known = machine.policy.tables.tool(bare).is_some() || machine.is_special(bare);
        if program && known && !bare.contains('-') && !bare.starts_with('$') {
            machine.script(&statement.replace('\\', "/"), None);
        }
    }
}
