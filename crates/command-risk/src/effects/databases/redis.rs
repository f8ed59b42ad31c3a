//! Commands of Redis and its kin.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    pub(super) fn redis(&mut self, call: &Call, stdin: Option<&Value>) {
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
}
