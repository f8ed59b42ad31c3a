//! People, bots, teams and sessions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::ids::{TeamId, UserId};
use super::permissions::{SystemRole, TeamRole};

/// A person or a bot.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) kind: UserKind,
    pub(crate) roles: BTreeSet<SystemRole>,
    pub(crate) create_at: i64,
    pub(crate) deactivated: Option<i64>,
}

/// What sort of account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserKind {
    Person { password: String },
    Bot { owner: Option<UserId> },
}

/// A team and who is in it.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub(crate) id: TeamId,
    pub(crate) name: String,
    pub(crate) create_at: i64,
    pub(crate) members: BTreeMap<UserId, TeamRole>,
}

/// A token and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user: UserId,
    pub(crate) kind: SessionKind,
}

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Login,
    AccessToken,
}

impl User {
    pub(crate) fn is_bot(&self) -> bool {
        matches!(self.kind, UserKind::Bot { .. })
    }

    pub(crate) fn to_json(&self) -> Value {
        let roles: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        let mut user = json!({
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": self.deactivated.unwrap_or(0),
            "username": self.username,
            "auth_data": "",
            "auth_service": "",
            "email": format!("{}@example.test", self.username),
            "nickname": "",
            "first_name": "",
            "last_name": "",
            "position": "",
            "roles": roles.join(" "),
            "locale": "en",
            "disable_welcome_email": false,
        });
        if let (UserKind::Bot { .. }, Value::Object(fields)) = (&self.kind, &mut user) {
            fields.insert("is_bot".to_owned(), Value::Bool(true));
            fields.insert("bot_description".to_owned(), Value::String(String::new()));
        }
        user
    }

    pub(crate) fn bot_to_json(&self) -> Value {
        let owner = match &self.kind {
            UserKind::Bot { owner: Some(owner) } => owner.as_str(),
            UserKind::Bot { owner: None } | UserKind::Person { .. } => "",
        };
        json!({
            "user_id": self.id,
            "username": self.username,
            "display_name": "",
            "description": "",
            "owner_id": owner,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": self.deactivated.unwrap_or(0),
        })
    }
}

impl Team {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": 0,
            "display_name": self.name,
            "name": self.name,
            "description": "",
            "email": "",
            "type": "O",
            "company_name": "",
            "allowed_domains": "",
            "invite_id": "",
            "allow_open_invite": false,
            "scheme_id": null,
            "policy_id": null,
            "group_constrained": null,
        })
    }

    pub(crate) fn member_to_json(&self, user: &UserId) -> Option<Value> {
        let role = self.members.get(user)?;
        Some(json!({
            "team_id": self.id,
            "user_id": user,
            "roles": role.names(),
            "delete_at": 0,
            "scheme_guest": *role == TeamRole::Guest,
            "scheme_user": *role != TeamRole::Guest,
            "scheme_admin": *role == TeamRole::Admin,
            "explicit_roles": "",
        }))
    }
}
