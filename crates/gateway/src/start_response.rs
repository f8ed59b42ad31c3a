//! Starting a run as a response: it can go on from any earlier one.

use countersign_domain::ids::RunId;
use countersign_domain::runs::{AsResponse, Keeping, Run};
use countersign_ports::store::{PageRequest, RunFilter, StoreError};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_responses::ResponseError;
use crate::start_run::{Idempotency, RunStarted, StartRun, StartRunError};

/// How many runs of a session are looked at in one go.
const PART: usize = 100;

/// A response to start.
#[derive(Debug, Clone, Default)]
pub struct StartResponse {
    /// The run that makes it.
    pub run: StartRun,
    /// The run of the response that it goes on from.
    pub previous: Option<RunId>,
    /// Whether it can be read later.
    pub kept: bool,
}

/// Why a response is not started.
#[derive(Debug, thiserror::Error)]
pub enum StartResponseError {
    /// What it is to go on from is not there.
    #[error(transparent)]
    Previous(ResponseError),
    /// Its run is not accepted.
    #[error(transparent)]
    Run(#[from] StartRunError),
}

impl Gateway {
    /// Accepts a run as a response. It goes on from the response before it as that one ended, even if
    /// the session has gone on otherwise since.
    pub async fn start_response(
        &self,
        request: StartResponse,
        caller: &Caller,
        idempotency: Option<Idempotency>,
    ) -> Result<RunStarted, StartResponseError> {
        let StartResponse { mut run, previous, kept } = request;
        if let Some(id) = previous {
            let before = self.kept_response(id, caller).await;
            let before = before.map_err(StartResponseError::Previous)?;
            run.without = self.not_before(&before).await.map_err(StartRunError::from)?;
            run.session_id = Some(before.session_id);
        }
        let keeping = if kept { Keeping::Kept } else { Keeping::Unkept };
        run.response = Some(AsResponse { previous, given: 0, keeping });
        Ok(self.start_run(run, caller, idempotency).await?)
    }

    /// The runs of a session that are not part of the conversation up to `last`.
    async fn not_before(&self, last: &Run) -> Result<Vec<RunId>, StoreError> {
        let mut without = last.without.clone();
        let filter = RunFilter { session_id: Some(last.session_id), ..RunFilter::default() };
        let mut before = None;
        loop {
            let page = PageRequest { before, limit: PART };
            let page = self.store.runs().runs(filter.clone(), page).await?;
            let later = page.items.iter().map(|run| run.id).filter(|id| *id > last.id);
            without.extend(later);
            let reached = page.items.iter().any(|run| run.id <= last.id);
            match page.next {
                Some(next) if !reached => before = Some(next),
                Some(_) | None => return Ok(without),
            }
        }
    }
}
