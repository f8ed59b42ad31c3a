//! Joining the small pieces of a model's text into few writes.

use std::time::Duration;

use countersign_domain::ids::{MessageId, RunId};
use countersign_ports::run_journal::RunJournal;
use countersign_ports::store::StoreError;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::masking::MaskedStream;

/// A piece is written when it is this old …
const AGE: Duration = Duration::from_millis(30);
/// … or this large, in bytes.
const SIZE: usize = 512;
/// What has come meanwhile goes along up to this size, so that a slow store does not fall behind.
const LARGEST: usize = 16 * 1024;

/// Whether a model has said anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    Nothing,
    Something,
}

/// Writes what comes through `pieces` to the journal, in order and without secrets, until the
/// sender is gone.
pub(super) async fn write_deltas(
    journal: &dyn RunJournal,
    (run, message): (RunId, MessageId),
    mut pieces: mpsc::Receiver<String>,
    mut masked: MaskedStream<'_>,
) -> Result<Spoken, StoreError> {
    let mut spoken = Spoken::Nothing;
    while let Some(mut text) = pieces.recv().await {
        spoken = Spoken::Something;
        let due = Instant::now() + AGE;
        let mut ended = false;
        while text.len() < SIZE {
            match timeout_at(due, pieces.recv()).await {
                Ok(Some(piece)) => text.push_str(&piece),
                Ok(None) => {
                    ended = true;
                    break;
                }
                Err(_) => break,
            }
        }
        while text.len() < LARGEST
            && let Ok(piece) = pieces.try_recv()
        {
            text.push_str(&piece);
        }
        let mut text = masked.push(&text);
        if ended {
            text.push_str(&masked.finish());
        }
        if !text.is_empty() {
            journal.delta(run, message, text).await?;
        }
    }
    let rest = masked.finish();
    if !rest.is_empty() {
        journal.delta(run, message, rest).await?;
    }
    Ok(spoken)
}
