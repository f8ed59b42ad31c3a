//! What the tools that send messages share.

use std::sync::Arc;

use countersign_domain::outbound::{
    Attachment, Destination, Directory, EmailAddress, Resolved, Unresolved,
};
use countersign_domain::permit::OutboundPermit;
use countersign_domain::runs::ToolStatus;
use countersign_ports::delivery::{Delivery, Mailer, Messengers};

use super::output::ToolOutput;
use super::send_email::SendEmail;
use super::send_message::SendMessage;
use super::tool::{Execution, Tool};

/// What there is to send with.
#[derive(Clone, Default)]
pub struct Sending {
    /// Names of destinations.
    pub directory: Directory,
    /// Who carries messages.
    pub messengers: Messengers,
    /// Who carries mail, and as whom.
    pub mail: Option<(Arc<dyn Mailer>, EmailAddress)>,
}

impl Sending {
    /// The tools for what is configured.
    pub(super) fn tools(self) -> Vec<Arc<dyn Tool>> {
        let Self { directory, messengers, mail } = self;
        let mut tools: Vec<Arc<dyn Tool>> = Vec::new();
        if !messengers.is_empty() {
            tools.push(Arc::new(SendMessage { directory: directory.clone(), messengers }));
        }
        if let Some((mailer, from)) = mail {
            tools.push(Arc::new(SendEmail { directory, mailer, from }));
        }
        tools
    }
}

/// What `target` means, or what is wrong with it in words for the model.
pub(super) fn resolve(directory: &Directory, target: &str) -> Result<Resolved, String> {
    directory.resolve(target).map_err(|error| error.to_string())
}

/// The same, where a name may also be one that a platform knows. Names that the operator has given go
/// before those.
pub(super) fn resolve_chat(
    directory: &Directory,
    messengers: &Messengers,
    target: &str,
) -> Result<Resolved, String> {
    let unknown = match directory.resolve(target) {
        Ok(resolved) => return Ok(resolved),
        Err(ambiguous @ Unresolved::Ambiguous { .. }) => return Err(ambiguous.to_string()),
        Err(unknown @ (Unresolved::Unknown { .. } | Unresolved::Unlisted(_))) => unknown,
    };
    match Directory::new(messengers.names()).resolve(target) {
        Ok(resolved) => Ok(resolved),
        Err(ambiguous @ Unresolved::Ambiguous { .. }) => Err(ambiguous.to_string()),
        Err(Unresolved::Unknown { .. } | Unresolved::Unlisted(_)) => Err(unknown.to_string()),
    }
}

/// A destination among messages, or why there is nobody to carry them there.
pub(super) fn check(messengers: &Messengers, destination: &Destination) -> Result<(), String> {
    if let Some(messenger) = messengers.to(destination) {
        return messenger.check(destination);
    }
    let known: Vec<&str> = messengers.platforms().collect();
    Err(format!(
        "nobody carries messages to `{}:`; there is `{}:`",
        destination.carrier(),
        known.join(":`, `")
    ))
}

/// Nothing, or why files cannot go there: none is left out in silence.
pub(super) fn check_files(
    messengers: &Messengers,
    destination: &Destination,
    files: &[Attachment],
) -> Result<(), String> {
    let takes = || messengers.to(destination).is_some_and(|one| one.takes_files(destination));
    if files.is_empty() || takes() {
        return Ok(());
    }
    Err(format!("{destination} takes texts only; leave `attachments` out"))
}

/// Waits for the end of a delivery. Once it has begun, a stop does not make it undone.
pub(super) async fn follow(
    delivery: impl Future<Output = Delivery>,
    execution: &Execution,
) -> ToolOutput {
    tokio::select! {
        ended = delivery => told(ended),
        () = execution.cancel.cancelled() => ToolOutput::new(
            ToolStatus::Indeterminate,
            "stopped while the message was on its way; it may have arrived",
        ),
    }
}

fn told(delivery: Delivery) -> ToolOutput {
    match delivery {
        Delivery::Sent(answer) => ToolOutput::new(ToolStatus::Ok, format!("sent: {answer}")),
        Delivery::NotSent(why) => ToolOutput::error(format!("not sent: {why}")),
        Delivery::Unknown(why) => ToolOutput::new(
            ToolStatus::Indeterminate,
            format!("it may have arrived and is not sent again: {why}"),
        ),
    }
}

/// The permit for what leaves, or the error of a tool that was started without one.
pub(super) fn permit(
    action: countersign_domain::permit::PermittedAction,
) -> Result<OutboundPermit, ToolOutput> {
    action.into_outbound().map_err(|error| ToolOutput::error(format!("{error}; nothing was sent")))
}
