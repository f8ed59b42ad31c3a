//! Taking the calls of a reply to the gate.

use countersign_domain::runs::{ProposedCall, ToolResult, ToolStatus};
use countersign_ports::effect_gate::{Passage, Slot};
use countersign_ports::store::StoreError;

use super::driver::Driver;
use super::step::Calls;
use crate::tools::Plan;

/// Whether anything has changed in the store by one's own doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Something has.
    Made,
    /// Others are waited for.
    None,
}

impl Driver {
    /// Puts every new call to the gate, in order, then asks again about those that wait for a
    /// decision. Nothing starts for which there is no room: people are asked about it meanwhile,
    /// and it is judged again when there is.
    pub(super) async fn take_to_gate(&mut self, calls: &Calls) -> Result<Progress, StoreError> {
        let mut progress = Progress::None;
        for call in &calls.proposed {
            if self.propose(call).await? == Progress::Made {
                progress = Progress::Made;
            }
        }
        if !std::mem::take(&mut self.claims_due) {
            return Ok(progress);
        }
        for call in &calls.awaiting {
            if !self.tools.has_room() {
                self.claims_due = true;
                break;
            }
            let passage = self.shared.parts.gate.claim(self.run, call.id).await;
            match self.retry_claims_on_error(passage)? {
                Passage::Waiting(_) | Passage::NoSlot => {}
                Passage::Refused(_) => progress = Progress::Made,
                Passage::Run(action) => {
                    self.tools.start(&self.shared, self.run, call.clone(), action);
                    progress = Progress::Made;
                }
            }
        }
        Ok(progress)
    }

    fn retry_claims_on_error<T>(
        &mut self,
        outcome: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.claims_due |= outcome.is_err();
        outcome
    }

    async fn propose(&mut self, call: &ProposedCall) -> Result<Progress, StoreError> {
        let gate = &self.shared.parts.gate;
        let slot = if self.tools.has_room() { Slot::Free } else { Slot::Taken };
        match self.shared.parts.tools.plan(call) {
            Ok(Plan::Ask(question)) => gate.ask(self.run, call.id, question).await?,
            Ok(Plan::Effect(action)) => {
                let passage = gate.propose(self.run, call.id, action, slot).await?;
                return Ok(self.pass(call, passage));
            }
            Ok(Plan::Converse(request)) => {
                let passage = gate.converse(self.run, call.id, request, slot).await?;
                return Ok(self.pass(call, passage));
            }
            Err(error) => {
                let result = ToolResult {
                    status: ToolStatus::Error,
                    content: self.shared.shown(&error.to_string()),
                    exit_code: None,
                    duration_ms: 0,
                };
                self.shared.finish(self.run, call.id, result).await?;
            }
        }
        Ok(Progress::Made)
    }

    fn pass(&mut self, call: &ProposedCall, passage: Passage) -> Progress {
        match passage {
            Passage::Run(action) => {
                self.tools.start(&self.shared, self.run, call.clone(), action);
            }
            // A decision may have come between the question and this answer.
            Passage::Waiting(_) | Passage::Refused(_) => {}
            Passage::NoSlot => return Progress::None,
        }
        Progress::Made
    }
}
