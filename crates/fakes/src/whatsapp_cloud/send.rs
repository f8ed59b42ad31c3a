//! Sending: limits, the window of 24 hours, and what the statuses say.

use std::sync::Arc;

use serde_json::{Value, json};

use super::content::Outgoing;
use super::deliver::{self, Envelope};
use super::refusal::Refusal;
use super::settings::{Late, Statuses};
use super::state::{Fault, SentMessage, Shared, World, answer};

/// How long after somebody wrote they can be written to freely, in milliseconds.
const WINDOW: i64 = 24 * 60 * 60 * 1000;

/// After a burst, one message in so many milliseconds goes to one person.
const PAIR_PAUSE: i64 = 6000;

/// Takes a message, or refuses it. What is taken may still fail, which a status says.
pub(super) fn send(shared: &Arc<Shared>, message: Outgoing) -> Result<Value, Refusal> {
    let (sent, failed, silent) = shared.change(|world| take(shared, world, message))?;
    let number = shared.world().account(&sent.to).map(|known| known.number.clone());
    let reply = answer(&sent.to, &number.unwrap_or_else(|| sent.to.clone()), &sent.id);
    if shared.settings.statuses == Statuses::Brought {
        let shared = shared.clone();
        tokio::spawn(async move { bring_statuses(&shared, &sent, failed).await });
    }
    if silent { Err(Refusal::of(1, "An unknown error has occurred.")) } else { Ok(reply) }
}

type Taken = (SentMessage, Option<Refusal>, bool);

fn take(shared: &Shared, world: &mut World, message: Outgoing) -> Result<Taken, Refusal> {
    let now = shared.now();
    let silent = match world.faults.pop_front() {
        Some(Fault::Refuse(code)) => {
            return Err(Refusal::of(code, "As the test wanted it."));
        }
        Some(Fault::TakeSilently) => true,
        None => false,
    };
    if let (super::Content::List { .. }, Some(left)) =
        (&message.content, world.no_lists.checked_sub(1))
    {
        world.no_lists = left;
        return Err(Refusal::of(131_051, "Lists are not taken now."));
    }
    limit(shared, world, &message.to, now)?;
    let known = world.account(&message.to).map(|account| account.number.clone());
    let number = known.clone().unwrap_or_else(|| message.to.clone());
    if let super::Content::Template(name) = &message.content
        && !world.templates.contains(name)
    {
        return Err(Refusal::of(132_001, "Template name does not exist in the translation."));
    }
    if let super::Content::Media { id, .. } = &message.content
        && !world.media.contains_key(id)
    {
        return Err(Refusal::of(131_053, "Media upload error: there is no such id."));
    }
    let open = world.wrote_at.get(&number).is_some_and(|wrote| now - wrote < WINDOW);
    let failed = if known.is_none() {
        Some(Refusal::of(131_026, "Message Undeliverable."))
    } else if open || message.content.is_template() {
        None
    } else {
        Some(Refusal::of(
            131_047,
            "Message failed to send because more than 24 hours have passed since the customer \
             last replied to this number.",
        ))
    };
    if let (Some(failed), Late::AtOnce) = (&failed, shared.settings.late) {
        return Err(failed.clone());
    }
    let sent = SentMessage {
        id: world.new_message_id(&number),
        to: message.to,
        reply_to: message.reply_to,
        callback_data: message.callback_data,
        content: message.content,
        arrived: failed.is_none(),
    };
    world.sent.push(sent.clone());
    Ok((sent, failed, silent))
}

fn limit(shared: &Shared, world: &mut World, to: &str, now: i64) -> Result<(), Refusal> {
    let second = now.div_euclid(1000);
    let so_far = if world.second.0 == second { world.second.1 } else { 0 };
    if so_far >= shared.settings.per_second {
        return Err(Refusal::of(130_429, "Too many messages from this number in a second."));
    }
    let (at, left) = *world.bursts.get(to).unwrap_or(&(now, shared.settings.per_person));
    let regained = u32::try_from((now - at) / PAIR_PAUSE).unwrap_or(u32::MAX);
    let left = left.saturating_add(regained).min(shared.settings.per_person);
    let Some(left) = left.checked_sub(1) else {
        return Err(Refusal::of(131_056, "Too many messages to this person in a short time."));
    };
    world.bursts.insert(to.to_owned(), (now, left));
    world.second = (second, so_far + 1);
    Ok(())
}

async fn bring_statuses(shared: &Arc<Shared>, sent: &SentMessage, failed: Option<Refusal>) {
    if let Some(failed) = failed {
        let status = status(shared, sent, "failed", Some(&failed));
        deliver::bring(shared, Envelope::Statuses(vec![status])).await;
        return;
    }
    for word in ["sent", "delivered"] {
        let status = status(shared, sent, word, None);
        deliver::bring(shared, Envelope::Statuses(vec![status])).await;
    }
}

/// A status of a message.
pub(super) fn status(
    shared: &Shared,
    sent: &SentMessage,
    word: &str,
    failed: Option<&Refusal>,
) -> Value {
    let mut status = json!({
        "id": sent.id,
        "status": word,
        "timestamp": (shared.now() / 1000).to_string(),
        "recipient_id": sent.to,
    });
    if let Some(status) = status.as_object_mut() {
        if let Some(data) = &sent.callback_data {
            status.insert("biz_opaque_callback_data".to_owned(), json!(data));
        }
        if let Some(failed) = failed {
            status.insert("errors".to_owned(), json!([failed.as_status()]));
        }
    }
    status
}
