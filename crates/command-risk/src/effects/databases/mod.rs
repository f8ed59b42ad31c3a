//! Database shells: what the statements they are given do.

mod cypher;
mod mongo;
mod redis;
mod statements;

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
}
