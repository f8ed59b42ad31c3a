//! What commands do to files, disks, processes, networks and the guard itself.

pub(crate) mod carriers;
pub(crate) mod credentials;
pub(crate) mod databases;
pub(crate) mod deletes;
pub(crate) mod disks;
pub(crate) mod embedded;
pub(crate) mod environment;
pub(crate) mod fetches;
pub(crate) mod files;
pub(crate) mod git;
pub(crate) mod net;
pub(crate) mod own;
pub(crate) mod paths;
pub(crate) mod permissions;
pub(crate) mod processes;
pub(crate) mod searches;
pub(crate) mod singular;
pub(crate) mod writes;

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    /// Tools whose operands mean more than a table can say; none if this is not one.
    pub(crate) fn special(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        if call.name == "git" {
            return self.git(call, stdin);
        }
        self.file_tool(call, stdin)
            .or_else(|| self.search_tool(call, stdin))
            .or_else(|| self.fetch_tool(call, stdin))
            .or_else(|| self.net_tool(call, stdin))
            .or_else(|| self.process_tool(call))
            .or_else(|| self.database_tool(call, stdin))
            .or_else(|| self.carrier(call, stdin))
            .or_else(|| self.interpreter(call, stdin))
    }

    /// Whether [`Self::special`] knows a name, for words that may be a command.
    #[expect(clippy::unused_self, reason = "belongs to the family of methods beside it")]
    pub(crate) fn is_special(&self, name: &str) -> bool {
        matches!(
            name,
            "rm" | "mv"
                | "dd"
                | "chmod"
                | "chown"
                | "find"
                | "xargs"
                | "curl"
                | "wget"
                | "ssh"
                | "scp"
                | "rsync"
                | "kill"
                | "pkill"
                | "killall"
                | "psql"
                | "mysql"
                | "redis-cli"
                | "bash"
                | "sh"
                | "python3"
                | "python"
                | "perl"
                | "ruby"
                | "node"
                | "sed"
                | "awk"
                | "tar"
                | "truncate"
                | "shred"
                | "unlink"
                | "nc"
                | "rimraf"
                | "del-cli"
                | "trash"
        )
    }
}
