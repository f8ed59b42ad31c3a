//! Database shells: what the statements they are given do.

use crate::code::sql;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    pub(super) fn database_tool(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        match call.name.as_str() {
            "psql" | "mysql" | "mariadb" | "sqlite3" | "sqlite" | "duckdb" | "cqlsh" | "sqlcmd"
            | "clickhouse-client" | "clickhouse" | "cockroach" | "pgcli" | "mycli" | "litecli"
            | "usql" | "isql" | "sqlplus" | "bq" | "snowsql" | "snow" | "presto" | "trino"
            | "hive" | "beeline" | "impala-shell" | "spark-sql" | "athena" | "turso"
            | "osqueryi" | "influx" | "questdb" | "tsql" | "bsqldb" | "vsql" | "db2"
            | "surreal" | "mssql-cli" | "d1" | "dolt" | "libsql" | "ysqlsh" | "edgedb"
            | "exasol" => {
                if matches!(
                    call.name.as_str(),
                    "bq" | "cockroach"
                        | "turso"
                        | "influx"
                        | "dolt"
                        | "surreal"
                        | "snow"
                        | "clickhouse"
                ) && !call.words.iter().any(|w| w.contains(' '))
                {
                    return None;
                }
                let estimates = call.name == "bq"
                    && call
                        .words
                        .iter()
                        .any(|w| matches!(w.as_str(), "--dry_run" | "-dry_run" | "--dry_run=true"));
                if estimates {
                    return Some(Value::unknown(crate::interpret::value::Taint::LOCAL));
                }
                self.statements(call, stdin);
            }
            "redis-cli" | "valkey-cli" | "keydb-cli" | "dragonfly-cli" | "redli" | "iredis" => {
                self.redis(call, stdin);
            }
            "mongosh" | "mongo" => self.mongo(call, stdin),
            "cypher-shell" => self.cypher(call, stdin),
            _ => return None,
        }
        Some(Value::unknown(crate::interpret::value::Taint::LOCAL))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn statements(&mut self, call: &Call, stdin: Option<&Value>) {
        let valued = [
            "-c",
            "--command",
            "-e",
            "--execute",
            "-q",
            "--query",
            "-Q",
            "-cmd",
            "--eval",
            "--sql",
        ];
        let mut found = false;
        let mut operands = Vec::new();
        let mut at = 1;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            let next = call.word(at + 1).to_owned();
            at += 1;
            if let Some((_, value)) = word.split_once('=').filter(|(n, _)| valued.contains(n)) {
                found = true;
                self.sql(value);
            } else if valued.contains(&word.as_str())
                || (word.len() > 2
                    && !word.starts_with("--")
                    && word.starts_with('-')
                    && word.ends_with('c')
                    && call.name == "psql")
                || (word.ends_with('e')
                    && word.starts_with('-')
                    && !word.starts_with("--")
                    && word.len() <= 4
                    && matches!(call.name.as_str(), "mysql" | "mariadb"))
            {
                found = true;
                self.sql(&next);
                at += 1;
            } else if word.starts_with("-e")
                && word.len() > 3
                && matches!(call.name.as_str(), "mysql" | "mariadb")
            {
                found = true;
                self.sql(word.get(2..).unwrap_or_default());
            } else if matches!(word.as_str(), "-f" | "--file" | "-i") {
                found = true;
                if !self.is_own_code(&next) && next != "-" {
                    self.effect("code.outside", next.as_str());
                } else if let Some(content) =
                    self.written.get(&self.resolve(&next)).cloned().filter(Value::is_known)
                {
                    self.sql(&content.text);
                } else if !next.contains("select") {
                    self.effect("db.change", call.text());
                }
                at += 1;
            } else if matches!(
                word.as_str(),
                "-h" | "-U"
                    | "-d"
                    | "-p"
                    | "-u"
                    | "-P"
                    | "-D"
                    | "-S"
                    | "-w"
                    | "-o"
                    | "--host"
                    | "--dbname"
                    | "--username"
                    | "--port"
                    | "-H"
                    | "-separator"
            ) && !next.contains(' ')
            {
                if word == "-o" {
                    self.write_path(&next, crate::effects::paths::WriteMode::Replace);
                }
                at += usize::from(
                    !(word == "-p" && matches!(call.name.as_str(), "mysql" | "mariadb")),
                );
            } else if !word.starts_with('-') {
                operands.push(word);
            }
        }
        let direct = matches!(
            call.name.as_str(),
            "sqlite3"
                | "sqlite"
                | "duckdb"
                | "litecli"
                | "osqueryi"
                | "bq"
                | "turso"
                | "dolt"
                | "influx"
                | "db2"
                | "cockroach"
                | "clickhouse"
                | "surreal"
                | "snow"
        );
        for text in operands.iter().filter(|t| {
            direct && (t.contains(' ') || t.starts_with('.') && t.len() > 2 && !t.contains('/'))
        }) {
            found = true;
            self.sql(text);
        }
        if let (false, Some(input)) = (found, stdin) {
            if input.is_known() {
                self.sql(&input.text);
            } else {
                self.effect("unresolved.code", call.text());
            }
        }
    }

    /// Cypher, the language of graph databases: clauses that write, outside of text.
    fn cypher(&mut self, call: &Call, stdin: Option<&Value>) {
        let mut texts: Vec<String> =
            call.arguments().iter().filter(|w| w.contains(' ')).cloned().collect();
        if let Some(at) = call.words.iter().position(|w| w == "-f" || w == "--file") {
            texts.clear();
            self.effect("db.change", call.word(at + 1));
        } else if let (true, Some(input)) = (texts.is_empty(), stdin) {
            if !input.is_known() {
                self.effect("unresolved.code", call.text());
            }
            texts.push(input.text.clone());
        }
        let writing = [
            "create",
            "merge",
            "delete",
            "detach",
            "set",
            "remove",
            "drop",
            "load",
            "stop",
            "terminate",
            "alter",
            "grant",
            "revoke",
            "deny",
            "start",
            "foreach",
        ];
        for text in texts {
            let bare: String = text
                .split(['\'', '"'])
                .step_by(2)
                .collect::<Vec<_>>()
                .join(" ")
                .to_ascii_lowercase();
            let mut words =
                bare.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
            if words.any(|word| writing.contains(&word) || word.starts_with("apoc.")) {
                self.effect("db.change", text.as_str());
            }
        }
    }

    /// SQL text, with the shell escapes of its clients.
    pub(crate) fn sql(&mut self, text: &str) {
        for effect in sql::effects(text) {
            match effect {
                sql::Effect::Changes(what) => self.effect("db.change", what),
                sql::Effect::Shell(command) => {
                    self.effect("code.option", command.as_str());
                    self.script(&command, None);
                }
                sql::Effect::Reads(path) => self.read_path(&path),
                sql::Effect::Writes(path) => {
                    self.write_path(&path, crate::effects::paths::WriteMode::Replace);
                }
            }
        }
    }

    fn redis(&mut self, call: &Call, stdin: Option<&Value>) {
        let valued = [
            "-h",
            "-p",
            "-n",
            "-a",
            "-u",
            "--user",
            "--pass",
            "-r",
            "-i",
            "-s",
            "--pattern",
            "--count",
            "-x",
            "-D",
        ];
        let mut at = 1;
        let mut special = false;
        while call.word(at).starts_with('-') {
            let word = call.word(at);
            if word == "--eval" || word == "--pipe" || word == "--cluster" {
                self.effect("db.change", call.text());
                return;
            }
            special |= matches!(
                word,
                "--scan"
                    | "--bigkeys"
                    | "--memkeys"
                    | "--hotkeys"
                    | "--stat"
                    | "--latency"
                    | "--rdb"
            );
            at += if valued.contains(&word) && word != "-x" { 2 } else { 1 };
        }
        if special {
            return;
        }
        if at < call.words.len() {
            let verb = call.word(at).to_owned();
            let second = call.word(at + 1).to_owned();
            self.redis_command(&verb, &second, &call.text());
        } else if let Some(input) = stdin {
            if !input.is_known() {
                self.effect("unresolved.code", call.text());
            }
            for line in input.text.lines() {
                let mut words = line.split_whitespace();
                self.redis_command(
                    words.next().unwrap_or_default(),
                    words.next().unwrap_or_default(),
                    line,
                );
            }
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn redis_command(&mut self, verb: &str, second: &str, text: &str) {
        let reading = [
            "get",
            "mget",
            "keys",
            "scan",
            "ttl",
            "pttl",
            "exists",
            "type",
            "info",
            "ping",
            "echo",
            "dbsize",
            "hget",
            "hgetall",
            "hkeys",
            "hvals",
            "hlen",
            "hmget",
            "hexists",
            "lrange",
            "llen",
            "lindex",
            "smembers",
            "scard",
            "sismember",
            "zrange",
            "zcard",
            "zscore",
            "zrevrange",
            "zrangebyscore",
            "zrank",
            "zcount",
            "strlen",
            "getrange",
            "time",
            "lastsave",
            "role",
            "monitor",
            "xlen",
            "xrange",
            "xrevrange",
            "xinfo",
            "object",
            "dump",
            "select",
            "auth",
            "hello",
            "command",
            "sscan",
            "hscan",
            "zscan",
            "bitcount",
            "getbit",
            "pfcount",
            "randomkey",
            "wait",
            "lolwut",
            "geopos",
            "geodist",
            "subscribe",
            "psubscribe",
            "exit",
            "quit",
            "touch",
            "",
        ];
        let verb = verb.to_ascii_lowercase();
        let second = second.to_ascii_lowercase();
        let grouped = match verb.as_str() {
            "config" => second == "get",
            "client" => matches!(second.as_str(), "list" | "info" | "id" | "getname"),
            "cluster" => matches!(
                second.as_str(),
                "info" | "nodes" | "slots" | "shards" | "myid" | "keyslot"
            ),
            "memory" => second != "purge",
            "slowlog" | "latency" => second != "reset",
            "acl" => {
                matches!(second.as_str(), "list" | "whoami" | "users" | "cat" | "log" | "getuser")
            }
            "script" => second == "exists",
            "module" => second == "list",
            "pubsub" => true,
            _ => reading.contains(&verb.as_str()),
        };
        if !grouped {
            self.effect("db.change", text);
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn mongo(&mut self, call: &Call, stdin: Option<&Value>) {
        let mut texts: Vec<String> = call
            .words
            .iter()
            .enumerate()
            .filter(|(_, w)| *w == "--eval")
            .map(|(at, _)| call.word(at + 1).to_owned())
            .collect();
        texts
            .extend(call.words.iter().filter_map(|w| w.strip_prefix("--eval=")).map(str::to_owned));
        if let Some(input) = stdin {
            if input.is_known() {
                texts.push(input.text.clone());
            } else {
                self.effect("unresolved.code", call.text());
            }
        }
        if let Some(script) = call.arguments().iter().find(|w| w.rsplit('.').next() == Some("js")) {
            let script = script.clone();
            if !self.is_own_code(&script) {
                self.effect("code.outside", script.as_str());
            }
            self.effect("db.change", script);
        }
        let changing = [
            "drop",
            "delete",
            "remove",
            "insert",
            "update",
            "replaceone",
            "bulkwrite",
            "findoneandde",
            "findoneandup",
            "findandmodify",
            "createuser",
            "createindex",
            "createcollection",
            "rename",
            "shutdown",
            "fsync",
            "killop",
            "$out",
            "$merge",
            "grant",
            "revoke",
            "dropuser",
            "adduser",
            "setparameter",
            "reconfig",
            "initiate",
            "stepdown",
            "removeshard",
            "compact",
            "save(",
        ];
        for text in texts {
            let lower = text.to_ascii_lowercase();
            if changing.iter().any(|word| {
                let call = format!(".{word}");
                lower.contains(&call)
                    || (word.starts_with('$') && lower.contains(word))
                    || lower.contains(&format!("{word}:"))
                    || is_quoted_verb(&lower, word)
            }) {
                self.effect("db.change", text.as_str());
            }
            self.code("node", &Value::known(text), None);
        }
    }
}

/// `{"delete": …}`, `db['dropDatabase']()`: a verb as a key or a member, not a mere value.
fn is_quoted_verb(text: &str, verb: &str) -> bool {
    ['\'', '"'].iter().any(|&quote| {
        let opening = format!("{quote}{verb}");
        text.match_indices(&opening).any(|(at, _)| {
            let rest = text.get(at + opening.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            rest.strip_prefix(quote)
                .is_some_and(|after| after.trim_start().starts_with([':', ']', ',']))
                && !text.get(..at).unwrap_or_default().trim_end().ends_with(':')
        })
    })
}
