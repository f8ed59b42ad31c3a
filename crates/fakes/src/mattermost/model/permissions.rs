//! Who may do what, as the default scheme of the server says.

use super::channels::{Channel, ChannelKind};
use super::ids::{TeamId, UserId};
use super::world::World;

/// A role on the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemRole {
    /// What every account has.
    User,
    /// May do everything.
    Admin,
    /// May post in every channel.
    PostAll,
    /// May post in every public channel.
    PostAllPublic,
}

impl SystemRole {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "system_user",
            Self::Admin => "system_admin",
            Self::PostAll => "system_post_all",
            Self::PostAllPublic => "system_post_all_public",
        }
    }
}

/// A role in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamRole {
    /// Sees only the channels that they were put into.
    Guest,
    /// An ordinary member.
    Member,
    /// May also manage slash commands.
    Admin,
}

impl TeamRole {
    pub(crate) fn names(self) -> &'static str {
        match self {
            Self::Guest => "team_guest",
            Self::Member => "team_user",
            Self::Admin => "team_user team_admin",
        }
    }
}

impl World {
    pub(crate) fn is_admin(&self, user: &UserId) -> bool {
        self.has_role(user, SystemRole::Admin)
    }

    fn has_role(&self, user: &UserId, role: SystemRole) -> bool {
        self.users.get(user).is_some_and(|user| user.roles.contains(&role))
    }

    pub(crate) fn team_role(&self, user: &UserId, team: &str) -> Option<TeamRole> {
        self.teams.get(team)?.members.get(user).copied()
    }

    /// `view_team`.
    pub(crate) fn may_view_team(&self, user: &UserId, team: &str) -> bool {
        self.is_admin(user) || self.team_role(user, team).is_some()
    }

    /// `manage_own_slash_commands`, and by default with it `manage_others_slash_commands`.
    pub(crate) fn may_manage_commands(&self, user: &UserId, team: &str) -> bool {
        self.is_admin(user) || self.team_role(user, team) == Some(TeamRole::Admin)
    }

    /// `read_channel_content`, or `read_public_channel` in the team.
    pub(crate) fn may_read(&self, user: &UserId, channel: &Channel) -> bool {
        self.is_admin(user) || channel.members.contains(user) || self.may_look_in(user, channel)
    }

    fn may_look_in(&self, user: &UserId, channel: &Channel) -> bool {
        channel.kind == ChannelKind::Public
            && channel.team.as_ref().is_some_and(|team| self.sees_public_channels(user, team))
    }

    fn sees_public_channels(&self, user: &UserId, team: &TeamId) -> bool {
        matches!(self.team_role(user, team), Some(TeamRole::Member | TeamRole::Admin))
    }

    /// `create_post`.
    pub(crate) fn may_post(&self, user: &UserId, channel: &Channel) -> bool {
        channel.members.contains(user)
            || self.is_admin(user)
            || self.has_role(user, SystemRole::PostAll)
            || (channel.kind == ChannelKind::Public
                && self.has_role(user, SystemRole::PostAllPublic))
    }

    /// `edit_post` of one's own, `edit_others_posts` of others'.
    pub(crate) fn may_edit(&self, user: &UserId, author: &UserId, channel: &Channel) -> bool {
        if user == author {
            channel.members.contains(user) || self.is_admin(user)
        } else {
            self.is_admin(user)
        }
    }

    /// `delete_post`, `delete_others_posts`.
    pub(crate) fn may_delete(&self, user: &UserId, author: &UserId, channel: &Channel) -> bool {
        let rules_team = channel
            .team
            .as_ref()
            .is_some_and(|team| self.team_role(user, team) == Some(TeamRole::Admin));
        self.may_edit(user, author, channel) || rules_team
    }

    /// `upload_file`.
    pub(crate) fn may_upload(&self, user: &UserId, channel: &Channel) -> bool {
        channel.members.contains(user) || self.is_admin(user)
    }

    /// `create_post_ephemeral`: nobody but administrators, unless somebody changed the scheme.
    pub(crate) fn may_post_ephemeral(&self, user: &UserId) -> bool {
        self.is_admin(user)
    }
}
