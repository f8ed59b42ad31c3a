//! What belongs to the guard and to the agents.

mod commands;
mod names;
mod neutralising;
mod places;
mod touched;
mod variables;

pub(crate) use places::OwnPlaces;

use crate::interpret::Machine;
use crate::self_description::Belongings;

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Guard,
    OtherGuard,
    Agent,
}

impl Machine<'_> {
    fn belongings(&self) -> impl Iterator<Item = (Owner, &Belongings)> {
        let own = &self.policy.belongings;
        [(Owner::Guard, &own.guard), (Owner::OtherGuard, &own.other_guards)]
            .into_iter()
            .chain(own.agents.values().map(|agent| (Owner::Agent, agent)))
    }
}
