//! Channels and who is in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ids::{ChannelId, TeamId, UserId};

/// What sort of channel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// Everybody in the team may read it and join.
    Public,
    /// Members only.
    Private,
    /// Two people, or one with themselves.
    Direct,
    /// Three to eight people.
    Group,
}

impl ChannelKind {
    /// The letter that stands for it on the wire.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Public => "O",
            Self::Private => "P",
            Self::Direct => "D",
            Self::Group => "G",
        }
    }
}

/// A channel.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) team: Option<TeamId>,
    pub(crate) kind: ChannelKind,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) creator: Option<UserId>,
    pub(crate) create_at: i64,
    pub(crate) archived_at: Option<i64>,
    pub(crate) last_post_at: i64,
    pub(crate) members: BTreeSet<UserId>,
}

impl Channel {
    pub(crate) fn team_id(&self) -> &str {
        self.team.as_ref().map_or("", TeamId::as_str)
    }

    /// The members of a direct channel other than `user`.
    pub(crate) fn others<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = &'a UserId> {
        self.members.iter().filter(move |member| *member != user)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": self.archived_at.unwrap_or(0),
            "team_id": self.team_id(),
            "type": self.kind.letter(),
            "display_name": self.display_name,
            "name": self.name,
            "header": "",
            "purpose": "",
            "last_post_at": self.last_post_at,
            "total_msg_count": 0,
            "extra_update_at": 0,
            "creator_id": self.creator.as_ref().map_or("", UserId::as_str),
            "scheme_id": null,
            "props": null,
            "group_constrained": null,
            "shared": null,
            "total_msg_count_root": 0,
            "policy_id": null,
            "last_root_post_at": self.last_post_at,
        })
    }

    pub(crate) fn member_to_json(&self, user: &UserId) -> Option<Value> {
        self.members.get(user)?;
        Some(json!({
            "channel_id": self.id,
            "user_id": user,
            "roles": "channel_user",
            "last_viewed_at": 0,
            "msg_count": 0,
            "mention_count": 0,
            "notify_props": {"desktop": "default", "mark_unread": "all"},
            "last_update_at": self.create_at,
            "scheme_guest": false,
            "scheme_user": true,
            "scheme_admin": false,
            "explicit_roles": "",
        }))
    }
}

/// The name of the direct channel between two: both ids in order.
pub(crate) fn direct_name(one: &UserId, other: &UserId) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    format!("{first}__{second}")
}
