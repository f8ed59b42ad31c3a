//! Logging in, tokens, bots.

use std::collections::BTreeSet;

use super::Server;
use crate::mattermost::model::ids::{self, UserId};
use crate::mattermost::model::permissions::SystemRole;
use crate::mattermost::model::users::{Session, SessionKind, User, UserKind};
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;

impl Server {
    /// `POST /users/login`: the user and a token for the session.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> Result<(User, String), Refusal> {
        let mut world = self.world();
        let right = |user: &&User| match &user.kind {
            UserKind::Person { password: own } => own == password,
            UserKind::Bot { .. } => false,
        };
        let by_name = world.user_named(name).filter(|user| user.deactivated.is_none());
        let user = by_name.filter(right).cloned().ok_or_else(|| {
            Refusal::new(
                401,
                "api.user.login.invalid_credentials_email_username",
                "The name or the password is wrong.",
            )
        })?;
        let token = world.open_session(&user.id, SessionKind::Login);
        Ok((user, token))
    }

    /// `POST /bots`: people may, if the settings allow it; bots may not.
    pub(crate) fn create_bot(&self, caller: &UserId, name: &str) -> Result<User, Refusal> {
        let mut world = self.world();
        if world.user(caller)?.is_bot() || !world.is_admin(caller) {
            return Err(Refusal::forbidden());
        }
        if !world.settings.enable_bot_account_creation {
            return Err(Refusal::new(
                403,
                "api.bot.create_disabled",
                "Creating bots is disabled by the administrator.",
            ));
        }
        if name.is_empty() {
            return Err(Refusal::bad_body("username"));
        }
        if world.user_named(name).is_some() {
            let id = "app.user.save.username_exists.app_error";
            return Err(Refusal::new(400, id, "An account with this name exists."));
        }
        Ok(world.add_user(name, UserKind::Bot { owner: Some(caller.clone()) }))
    }

    /// `POST /users/{id}/tokens`: for bots always, for people if the settings allow it.
    pub(crate) fn create_token(&self, caller: &UserId, of: &str) -> Result<String, Refusal> {
        let mut world = self.world();
        let user = world.user(of)?.clone();
        if !user.is_bot() && !world.settings.enable_user_access_tokens {
            return Err(Refusal::new(
                501,
                "app.user_access_token.disabled",
                "Personal access tokens are disabled on this server.",
            ));
        }
        if caller.as_str() != of && !world.is_admin(caller) {
            return Err(Refusal::forbidden());
        }
        Ok(world.open_session(&user.id, SessionKind::AccessToken))
    }
}

impl World {
    pub(crate) fn add_user(&mut self, name: &str, kind: UserKind) -> User {
        let user = User {
            id: UserId::fresh(),
            username: name.to_owned(),
            kind,
            roles: BTreeSet::from([SystemRole::User]),
            create_at: self.now(),
            deactivated: None,
        };
        self.users.insert(user.id.clone(), user.clone());
        user
    }

    pub(crate) fn open_session(&mut self, user: &UserId, kind: SessionKind) -> String {
        let token = ids::fresh();
        self.sessions.insert(token.clone(), Session { user: user.clone(), kind });
        token
    }
}
