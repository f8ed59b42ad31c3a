//! Whose a process, tool, unit, port or variable is, by its name.

use super::Owner;
use crate::interpret::Machine;

impl Machine<'_> {
    /// Whose process, tool, unit or container has this name.
    pub(crate) fn owner_of_name(&self, name: &str) -> Option<Owner> {
        let bare = name.strip_suffix(".service").unwrap_or(name);
        self.belongings()
            .find(|(_, own)| {
                [&own.process_names, &own.cli, &own.units, &own.containers]
                    .iter()
                    .any(|names| names.iter().any(|n| n == name || n == bare))
            })
            .map(|(owner, _)| owner)
    }

    /// Whose process a pattern such as that of `pkill -f` would hit.
    pub(crate) fn owner_of_pattern(&self, pattern: &str) -> Option<Owner> {
        let plain: String = pattern
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .collect();
        if plain.len() < 3 {
            return None;
        }
        let spelled = pattern.replace(['[', ']', '^', '$', '\\'], "");
        self.owner_of_name(pattern).or_else(|| {
            self.belongings()
                .find(|(_, own)| {
                    own.process_names.iter().chain(&own.cli).any(|name| {
                        (plain.len() >= 4 && name.starts_with(&plain))
                            || spelled.contains(name.as_str())
                    })
                })
                .map(|(owner, _)| owner)
        })
    }

    pub(crate) fn is_own_cli(&self, name: &str) -> Option<Owner> {
        self.belongings()
            .find(|(_, own)| own.cli.iter().any(|cli| cli == name))
            .or_else(|| {
                self.belongings().find(|(owner, own)| {
                    *owner != Owner::Agent && own.process_names.iter().any(|p| p == name)
                })
            })
            .map(|(owner, _)| owner)
    }

    pub(crate) fn owner_of_port(&self, port: &str) -> Option<Owner> {
        let port = port.split('/').next()?.parse::<u16>().ok()?;
        self.belongings().find(|(_, own)| own.ports.contains(&port)).map(|(owner, _)| owner)
    }

    /// Whose variable this is.
    pub(crate) fn owner_of_variable(&self, name: &str) -> Option<Owner> {
        self.belongings()
            .find(|(_, own)| {
                own.env_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
                    || own.bypass.iter().any(|switch| switch == name)
            })
            .map(|(owner, _)| owner)
    }

    /// A name under which processes of this owner run.
    pub(crate) fn process_of(&self, owner: Option<Owner>) -> Option<String> {
        self.belongings()
            .find(|(whose, own)| Some(*whose) == owner && !own.process_names.is_empty())
            .and_then(|(_, own)| own.process_names.first().cloned())
    }
}
