//! Shells of SQL databases: statements in options, operands, files and what is fed to them.

use crate::code::sql;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn statements(&mut self, call: &Call, stdin: Option<&Value>) {
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
}
