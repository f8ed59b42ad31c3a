//! Registering slash commands.

use super::Server;
use crate::mattermost::model::commands::{Command, is_built_in};
use crate::mattermost::model::ids::{self, CommandId, UserId};
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;

/// Which commands somebody wants listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Those that were registered.
    Custom,
    /// The server's own too.
    All,
}

impl Server {
    /// `POST /commands`.
    pub(crate) fn create_command(
        &self,
        user: &UserId,
        mut command: Command,
    ) -> Result<Command, Refusal> {
        let mut world = self.world();
        if !world.may_manage_commands(user, &command.team_id) {
            return Err(Refusal::forbidden());
        }
        if command.creator_id.is_empty() {
            command.creator_id = user.to_string();
        }
        world.user(&command.creator_id)?;
        world.commands_enabled()?;
        command.trigger = command.trigger.to_lowercase();
        world.check_trigger(&command, None)?;
        command.id = ids::fresh();
        command.token = ids::fresh();
        command.create_at = world.now();
        command.update_at = command.create_at;
        command.delete_at = 0;
        check(&command)?;
        world.commands.insert(command.id.as_str().into(), command.clone());
        Ok(command)
    }

    /// `PUT /commands/{id}`: every field that may change, so what is missing becomes empty.
    pub(crate) fn update_command(
        &self,
        user: &UserId,
        id: &str,
        mut command: Command,
    ) -> Result<Command, Refusal> {
        if command.id != id {
            return Err(Refusal::bad_body("command"));
        }
        let mut world = self.world();
        let old = world.commands.get(id).cloned().ok_or_else(no_command)?;
        if command.team_id != old.team_id {
            return Err(Refusal::new(
                400,
                "api.command.team_mismatch.app_error",
                "A command cannot change its team.",
            ));
        }
        world.manageable_command(user, id)?;
        world.commands_enabled()?;
        command.trigger = command.trigger.to_lowercase();
        world.check_trigger(&command, Some(id))?;
        command.token.clone_from(&old.token);
        command.creator_id.clone_from(&old.creator_id);
        command.create_at = old.create_at;
        command.delete_at = old.delete_at;
        command.update_at = world.now();
        check(&command)?;
        world.commands.insert(CommandId::from(id), command.clone());
        Ok(command)
    }

    /// `DELETE /commands/{id}`.
    pub(crate) fn delete_command(&self, user: &UserId, id: &str) -> Result<(), Refusal> {
        let mut world = self.world();
        world.manageable_command(user, id)?;
        world.commands.remove(id);
        Ok(())
    }

    /// `PUT /commands/{id}/regen_token`.
    pub(crate) fn regenerate_token(&self, user: &UserId, id: &str) -> Result<String, Refusal> {
        let mut world = self.world();
        world.manageable_command(user, id)?;
        let token = ids::fresh();
        if let Some(command) = world.commands.get_mut(id) {
            command.token.clone_from(&token);
        }
        Ok(token)
    }

    /// `GET /commands/{id}`.
    pub(crate) fn command(&self, user: &UserId, id: &str) -> Result<Command, Refusal> {
        // Whatever is wrong, it looks as if there were no such command.
        self.world().manageable_command(user, id).map_err(|_| no_command())
    }

    /// `GET /commands`.
    pub(crate) fn list_commands(
        &self,
        user: &UserId,
        team: &str,
        listing: Listing,
    ) -> Result<Vec<Command>, Refusal> {
        let world = self.world();
        let manages = world.may_manage_commands(user, team);
        if !world.may_view_team(user, team) || world.settings.refuse_command_lists {
            return Err(Refusal::forbidden());
        }
        match listing {
            Listing::Custom if !manages => Err(Refusal::forbidden()),
            Listing::Custom => {
                world.commands_enabled()?;
                Ok(world.commands_of(team).cloned().collect())
            }
            Listing::All => {
                let seen = |command: &Command| manages || command.auto_complete;
                let commands = world.commands_of(team).filter(|command| seen(command));
                Ok(commands.map(Command::sanitized).collect())
            }
        }
    }
}

impl World {
    pub(crate) fn commands_of(&self, team: &str) -> impl Iterator<Item = &Command> {
        self.commands.values().filter(move |command| command.team_id == team)
    }

    pub(super) fn commands_enabled(&self) -> Result<(), Refusal> {
        if self.settings.enable_commands {
            return Ok(());
        }
        let id = "api.command.disabled.app_error";
        Err(Refusal::new(501, id, "Commands are disabled by the administrator."))
    }

    fn manageable_command(&self, user: &UserId, id: &str) -> Result<Command, Refusal> {
        let command = self.commands.get(id).ok_or_else(no_command)?;
        // By default whoever manages their own commands manages those of others too.
        if self.may_manage_commands(user, &command.team_id) {
            Ok(command.clone())
        } else {
            Err(no_command())
        }
    }

    fn check_trigger(&self, command: &Command, but: Option<&str>) -> Result<(), Refusal> {
        let taken = self
            .commands_of(&command.team_id)
            .any(|other| other.trigger == command.trigger && Some(other.id.as_str()) != but);
        if taken || is_built_in(&command.trigger) {
            return Err(Refusal::new(
                400,
                "api.command.duplicate_trigger.app_error",
                "This trigger is in use already; choose another.",
            ));
        }
        Ok(())
    }
}

fn check(command: &Command) -> Result<(), Refusal> {
    command.check().map_err(|id| Refusal::new(400, id, "The command is not valid."))
}

pub(super) fn no_command() -> Refusal {
    Refusal::new(404, "store.sql_command.save.get.app_error", "The command could not be found.")
}
