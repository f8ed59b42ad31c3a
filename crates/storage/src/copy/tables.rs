//! What is copied: every table, with its columns, in an order in which no row comes before what it
//! belongs to.

/// A value in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Nothing,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row, by the table's columns.
pub(crate) type Row = Vec<Cell>;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Bytes,
}

/// A table that both stores have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Its columns: a name and what it holds.
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// The columns that tell rows apart, and by which they are ordered.
    pub(crate) key: &'static str,
}

use Kind::{Bytes, Number, Text};

/// Every table but the tallies, which count by themselves, those of nodes, who join anew, and what
/// writers leave for themselves.
pub(crate) const TABLES: [Table; 26] = [
    Table { name: "sessions", columns: &[("id", Text), ("v", Number), ("doc", Text)], key: "id" },
    Table {
        name: "runs",
        columns: &[
            ("id", Text),
            ("version", Number),
            ("session_id", Text),
            ("requested_by", Text),
            ("status", Text),
            ("finished", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table {
        name: "entries",
        columns: &[
            ("session_id", Text),
            ("run_id", Text),
            ("position", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "run_id, position",
    },
    Table {
        name: "calls",
        columns: &[
            ("id", Text),
            ("version", Number),
            ("run_id", Text),
            ("entry", Number),
            ("place", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table {
        name: "approvals",
        columns: &[
            ("id", Text),
            ("version", Number),
            ("run_id", Text),
            ("session_id", Text),
            ("kind", Text),
            ("status", Text),
            ("deadline", Number),
            ("v", Number),
            ("doc", Text),
            ("digest", Text),
        ],
        key: "id",
    },
    Table {
        name: "rules",
        columns: &[
            ("id", Text),
            ("holds_in", Text),
            ("expires_at", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table {
        name: "grants",
        columns: &[
            ("id", Text),
            ("approval_id", Text),
            ("expires_at", Number),
            ("used_at", Number),
            ("revoked_at", Number),
        ],
        key: "id",
    },
    Table {
        name: "outbox",
        columns: &[("grant_id", Text), ("destination", Text), ("call_id", Text), ("at", Number)],
        key: "grant_id, destination",
    },
    Table {
        name: "events",
        columns: &[
            ("global_seq", Number),
            ("run_id", Text),
            ("seq", Number),
            ("at", Number),
            ("is_approval", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "global_seq",
    },
    Table {
        name: "audit",
        columns: &[
            ("seq", Number),
            ("hash", Bytes),
            ("at", Number),
            ("kind", Text),
            ("actor", Text),
            ("subject", Text),
            ("v", Number),
            ("doc", Text),
        ],
        key: "seq",
    },
    Table {
        name: "api_keys",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("secret", Text),
            ("revoked", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table {
        name: "sign_in_links",
        columns: &[("token", Text), ("expires_at", Number)],
        key: "token",
    },
    Table {
        name: "web_sessions",
        columns: &[("id", Text), ("token", Text), ("expires_at", Number)],
        key: "id",
    },
    Table {
        name: "answers",
        columns: &[
            ("caller", Text),
            ("key", Text),
            ("request", Text),
            ("status", Number),
            ("body", Text),
            ("expires_at", Number),
        ],
        key: "caller, key",
    },
    Table {
        name: "deliveries",
        columns: &[("platform", Text), ("account", Text), ("id", Text), ("at", Number)],
        key: "platform, account, id",
    },
    Table {
        name: "conversations",
        columns: &[("id", Text), ("version", Number), ("v", Number), ("doc", Text)],
        key: "id",
    },
    Table {
        name: "chat_runs",
        columns: &[("id", Text), ("session_id", Text), ("v", Number), ("doc", Text)],
        key: "id",
    },
    Table {
        name: "cards",
        columns: &[
            ("id", Text),
            ("version", Number),
            ("approval_id", Text),
            ("run_id", Text),
            ("address", Text),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table {
        name: "owed_cards",
        columns: &[("id", Text), ("run_id", Text), ("v", Number), ("doc", Text)],
        key: "id",
    },
    Table {
        name: "pairings",
        columns: &[
            ("id", Text),
            ("platform", Text),
            ("person", Text),
            ("paired", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table { name: "unasked", columns: &[("id", Text), ("v", Number), ("doc", Text)], key: "id" },
    Table { name: "notes", columns: &[("id", Text), ("v", Number), ("doc", Text)], key: "id" },
    Table {
        name: "service_chats",
        columns: &[
            ("id", Text),
            ("version", Number),
            ("listed", Number),
            ("v", Number),
            ("doc", Text),
        ],
        key: "id",
    },
    Table { name: "service_aliases", columns: &[("id", Text), ("chat", Text)], key: "id" },
    Table {
        name: "service_counts",
        columns: &[("id", Text), ("chat", Text), ("kind", Text), ("at", Number)],
        key: "id",
    },
    Table {
        name: "service_said",
        columns: &[("id", Text), ("chat", Text), ("v", Number), ("doc", Text)],
        key: "id",
    },
];

impl Table {
    /// Its columns' names, separated by commas.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The statement that reads it, in the order of its key.
    pub(crate) fn select(&self) -> String {
        format!("SELECT {} FROM {} ORDER BY {}", self.names(), self.name, self.key)
    }

    /// The statement that counts its rows.
    pub(crate) fn count(&self) -> String {
        format!("SELECT COUNT(*) FROM {}", self.name)
    }
}
