//! Waiting for the end of a run.

use countersign_domain::ids::RunId;
use countersign_domain::runs::{Run, Stream};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_approvals::ReadError;

impl Gateway {
    /// The run, once it is over. Waits for as long as that takes, people's decisions included.
    pub async fn run_when_over(&self, id: RunId, caller: &Caller) -> Result<Run, ReadError> {
        // From the newest event on: the feed looks again by itself, so that nothing is slept through.
        let newest = self.newest_number(Stream::Run(id)).await?;
        let mut feed = self.follow(Stream::Run(id), newest);
        loop {
            let run = self.visible_run(id, caller).await?;
            if run.status().is_final() {
                return Ok(run);
            }
            while !feed.next().await?.iter().any(|record| record.event.is_final()) {}
        }
    }
}
