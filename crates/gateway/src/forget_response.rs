//! Deleting a response. The run that made it stays: what was done is not undone by it.

use countersign_domain::ids::RunId;
use countersign_domain::runs::{AsResponse, Keeping, Run};
use countersign_ports::store::{Change, UnitOfWork};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_responses::{ResponseError, is_kept};

impl Gateway {
    /// Nobody can read this response any more, or go on from it.
    pub async fn forget_response(&self, id: RunId, caller: &Caller) -> Result<(), ResponseError> {
        self.until_settled(|| self.try_forget(id, caller)).await
    }

    async fn try_forget(&self, id: RunId, caller: &Caller) -> Result<(), ResponseError> {
        let found = self.store.runs().run(id).await?;
        let run = found.filter(|run| caller.may_see(&run.value) && is_kept(&run.value));
        let run = run.ok_or(ResponseError::NoResponse(id))?;
        let deleted = |response: AsResponse| AsResponse { keeping: Keeping::Deleted, ..response };
        let next = Run { response: run.value.response.map(deleted), ..run.value };
        let work = UnitOfWork::new().and(Change::UpdateRun(Box::new(next), run.version));
        self.commit(work).await?;
        Ok(())
    }
}
