//! Whether the other nodes are reached.

use countersign_event_bus::NatsBus;
use countersign_ports::event_bus::{BusState, EventBus as _};

use super::house::of_this_environment;
use super::{Finding, Patient};
use crate::credentials;
use crate::failure::Failure;

/// The bus.
pub(super) async fn bus(patient: &Patient<'_>) -> Finding {
    let Patient { loaded, environment, .. } = patient;
    let server = match credentials::bus(loaded, environment) {
        Ok(Some(server)) => server,
        Ok(None) => return Finding::good("bus", "none is needed: there is one node"),
        Err(error) => {
            let failure = Failure::from(loaded.problem(error.key, &error.problem));
            return Finding::bad("bus", of_this_environment(&failure));
        }
    };
    match NatsBus::connect(&server).await {
        Err(error) => Finding::bad("bus", format!("{server}: {error}")),
        Ok(bus) => match *bus.state().borrow() {
            BusState::Connected | BusState::Alone => {
                Finding::good("bus", format!("{server} answers"))
            }
            BusState::Lost => Finding::bad(
                "bus",
                format!(
                    "{server} cannot be reached: is it running, and are the address and what one \
                     proves oneself with right? Until then every node looks at the store more often"
                ),
            ),
        },
    }
}
