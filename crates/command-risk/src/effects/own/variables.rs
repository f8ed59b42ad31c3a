//! Variables of the guard and of agents that are set or unset.

use super::Owner;
use super::neutralising::neutralises;
use crate::interpret::Machine;

impl Machine<'_> {
    pub(in crate::effects) fn own_variable(&mut self, name: &str, value: &str, owner: Owner) {
        let spelled = format!("{name}={value}");
        let upper = name.to_ascii_uppercase();
        let off_name = [
            "OFF",
            "DISABLE",
            "BYPASS",
            "SKIP",
            "YOLO",
            "UNSAFE",
            "ALLOW",
            "NO_",
            "IGNORE",
            "PERMISSIVE",
        ]
        .iter()
        .any(|w| upper.contains(w));
        let on = !matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
        let off_value = matches!(
            value.to_ascii_lowercase().as_str(),
            "off"
                | "none"
                | "disabled"
                | "disable"
                | "allow"
                | "allow-all"
                | "never"
                | "permissive"
                | "0"
                | "false"
                | "no"
                | "audit"
                | "monitor"
        ) || neutralises(value);
        let kind = match (owner, (off_name && on) || (off_value && !off_name)) {
            (Owner::Guard | Owner::OtherGuard, true) => "guard.off",
            (Owner::Guard | Owner::OtherGuard, false) => "guard.edit",
            (Owner::Agent, true) => "agent.bypass",
            (Owner::Agent, false) => return,
        };
        self.effect(kind, spelled);
    }

    pub(crate) fn unset_own(&mut self, name: &str) {
        if matches!(self.owner_of_variable(name), Some(Owner::Guard | Owner::OtherGuard)) {
            self.effect("guard.edit", name);
        }
        if name.starts_with("HIST") {
            self.effect("log.tamper", name);
        }
    }
}
