//! SQL: what statements change, strings and comments left out.

/// What a text of statements does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Changes(String),
    Shell(String),
    Reads(String),
    Writes(String),
}

const READING: &[&str] = &[
    "SELECT",
    "SHOW",
    "EXPLAIN",
    "DESCRIBE",
    "DESC",
    "PRAGMA",
    "WITH",
    "USE",
    "SET",
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "END",
    "VALUES",
    "TABLE",
    "ANALYZE",
    "HELP",
    "STATUS",
    "LIST",
    "FROM",
    "SUMMARIZE",
    "DECLARE",
    "FETCH",
    "CLOSE",
    "PRINT",
    "GO",
    "QUIT",
    "EXIT",
    "TIMING",
    "CONSISTENCY",
    "SAVEPOINT",
    "RELEASE",
    "CHECK",
    "CHECKSUM",
    "DISCARD",
    "LISTEN",
    "UNLISTEN",
    "EXPAND",
    "TRACING",
    "PAGING",
    "CONNECT",
    "VERSION",
    "IF",
    "CASE",
    "NOTHING",
    "EXISTS",
];
const CHANGING: &[&str] = &[
    "DELETE", "UPDATE", "DROP", "TRUNCATE", "INSERT", "ALTER", "GRANT", "REVOKE", "MERGE",
    "REPLACE", "CREATE",
];
const FUNCTIONS: &[&str] = &[
    "PG_TERMINATE_BACKEND",
    "PG_CANCEL_BACKEND",
    "PG_READ_FILE",
    "PG_READ_BINARY_FILE",
    "LO_EXPORT",
    "LO_IMPORT",
    "PG_RELOAD_CONF",
    "XP_CMDSHELL",
    "DBLINK",
    "PG_LS_DIR",
    "LOAD_FILE",
    "LOAD_EXTENSION",
    "WRITEFILE",
    "SYS_EXEC",
    "SYS_EVAL",
    "PG_ROTATE_LOGFILE",
    "PG_DROP_REPLICATION_SLOT",
    "SETVAL",
    "LO_UNLINK",
    "LO_CREATE",
    "LO_PUT",
    "LOWRITE",
    "PG_SWITCH_WAL",
    "PG_STAT_RESET",
    "PG_STAT_STATEMENTS_RESET",
    "PG_CREATE_RESTORE_POINT",
    "PG_CREATE_PHYSICAL_REPLICATION_SLOT",
    "PG_CREATE_LOGICAL_REPLICATION_SLOT",
    "PG_WAL_REPLAY_PAUSE",
    "PG_LOGICAL_EMIT_MESSAGE",
    "PG_FILE_WRITE",
    "PG_FILE_UNLINK",
    "PG_BACKUP_START",
    "NEXTVAL",
    "DBLINK_EXEC",
    "CREATE_HYPERTABLE",
    "DROP_CHUNKS",
    "PG_PROMOTE",
    "OUTFILE",
    "DUMPFILE",
    "SP_CONFIGURE",
    "SP_OACREATE",
    "UTL_HTTP",
    "DBMS_SCHEDULER",
    "EDIT",
    "PG_ADVISORY_UNLOCK_ALL",
    "SET_CONFIG",
];

/// What `text` does, statement by statement.
pub(crate) fn effects(text: &str) -> Vec<Effect> {
    let mut out = Vec::new();
    for line in text.lines() {
        meta_command(line.trim(), &mut out);
    }
    let bare = without_literals(text);
    for statement in bare.split(';') {
        let words: Vec<String> = statement
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .map(str::to_ascii_uppercase)
            .collect();
        let Some(first) = words.first() else { continue };
        if statement.trim_start().starts_with(['\\', '.']) {
            continue;
        }
        let copies_out = first == "COPY"
            && words.iter().any(|w| w == "TO")
            && !words.iter().any(|w| w == "PROGRAM");
        let hidden =
            matches!(first.as_str(), "WITH" | "EXPLAIN" | "BEGIN" | "IF" | "DECLARE" | "SET")
                && words.iter().skip(1).any(|w| CHANGING.contains(&w.as_str()))
                && (first != "EXPLAIN" || words.iter().any(|w| w == "ANALYZE"));
        let persists = first == "SET"
            && words.iter().any(|w| w == "GLOBAL" || w == "PERSIST" || w == "PASSWORD");
        let into = first == "SELECT" && words.iter().any(|w| w == "INTO");
        let function = words.iter().any(|w| FUNCTIONS.contains(&w.as_str()));
        let pragma = first == "PRAGMA" && statement.contains('=');
        if !(READING.contains(&first.as_str()) || copies_out)
            || hidden
            || persists
            || into
            || function
            || pragma
        {
            out.push(Effect::Changes(statement.trim().to_owned()));
        }
    }
    if let Some((_, rest)) = text.split_once("PROGRAM '").or_else(|| text.split_once("program '")) {
        out.push(Effect::Shell(rest.split('\'').next().unwrap_or_default().to_owned()));
    }
    out
}

/// Commands of the clients themselves: `\!`, `.shell`.
fn meta_command(line: &str, out: &mut Vec<Effect>) {
    let rest = |prefix: &str| line.strip_prefix(prefix).map(|r| r.trim().to_owned());
    if let Some(command) = rest("\\!")
        .or_else(|| rest(".shell "))
        .or_else(|| rest(".system "))
        .or_else(|| rest("system "))
        .or_else(|| rest("\\! "))
    {
        out.push(Effect::Shell(command));
    } else if let Some(target) = rest("\\o ")
        .or_else(|| rest(".output "))
        .or_else(|| rest(".once "))
        .or_else(|| rest("\\g "))
        .or_else(|| rest(".backup "))
        .or_else(|| rest("\\w "))
    {
        match target.strip_prefix('|') {
            Some(command) => out.push(Effect::Shell(command.to_owned())),
            None => out.push(Effect::Writes(target)),
        }
    } else if let Some(path) = rest("\\i ").or_else(|| rest(".read ")) {
        match path.strip_prefix('|') {
            Some(command) => out.push(Effect::Shell(command.to_owned())),
            None => out.push(Effect::Reads(path)),
        }
    } else if let Some(path) =
        rest(".load ").or_else(|| rest(".restore ")).or_else(|| rest(".import "))
    {
        out.push(Effect::Changes(path));
    } else if line.starts_with("\\copy ") && line.contains(" from ") {
        out.push(Effect::Changes(line.to_owned()));
    }
}

fn without_literals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut line_start = true;
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' | '`' => {
                let mut closed = false;
                while let Some(inner) = chars.next() {
                    if inner == '\\' {
                        chars.next();
                    } else if inner == c {
                        closed = true;
                        break;
                    }
                }
                out.push_str(if closed { "x" } else { " UNTERMINATED " });
            }
            '-' if chars.peek() == Some(&'-') => skip_line(&mut chars),
            '\\' | '.' if line_start => skip_line(&mut chars),
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                // MySQL runs what stands in `/*! … */`.
                if chars.peek() == Some(&'!') {
                    chars.next();
                    continue;
                }
                let mut last = ' ';
                for inner in chars.by_ref() {
                    if last == '*' && inner == '/' {
                        break;
                    }
                    last = inner;
                }
                out.push(' ');
            }
            _ => out.push(c),
        }
        line_start = (line_start && c.is_whitespace()) || c == '\n';
    }
    out
}

fn skip_line(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    for inner in chars.by_ref() {
        if inner == '\n' {
            break;
        }
    }
}
