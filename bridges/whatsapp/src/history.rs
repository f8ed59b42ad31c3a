//! What the phone tells of the time before: which chats there are, and nothing that was said.

use countersign_whatsapp_bridge::{ChatSeen, Store, StoreError};
use whatsapp_rust::Jid;
use whatsapp_rust::wacore::types::events::LazyHistorySync;
use whatsapp_rust::waproto::whatsapp as wa;

use crate::inbound::kind;

/// So many chats are kept at one time.
const AT_ONCE: usize = 500;

/// What was learned.
#[derive(Debug, Default)]
struct Learned {
    pairs: Vec<(String, String)>,
    chats: Vec<ChatSeen>,
}

/// Keeps what one part of the history tells.
pub(crate) async fn keep(
    store: &Store,
    history: LazyHistorySync,
    own: [Option<Jid>; 2],
) -> Result<(), StoreError> {
    let read = tokio::task::spawn_blocking(move || learn(&history, &own)).await;
    let Ok(learned) = read else {
        tracing::warn!("a part of the history could not be read");
        return Ok(());
    };
    store.learn(learned.pairs).await?;
    for some in learned.chats.chunks(AT_ONCE) {
        store.see(some.to_vec()).await?;
    }
    Ok(())
}

fn learn(history: &LazyHistorySync, own: &[Option<Jid>]) -> Learned {
    let mut learned = Learned::default();
    let mut stream = history.stream();
    while let Ok(Some(conversation)) = stream.next_conversation() {
        learned.pairs.extend(conversation.lid_jid.clone().zip(conversation.pn_jid.clone()));
        learned.chats.extend(chat(&conversation, own));
    }
    if let Ok(rest) = stream.remainder() {
        let pairs = rest.phone_number_to_lid_mappings.iter();
        learned
            .pairs
            .extend(pairs.filter_map(|pair| pair.lid_jid.clone().zip(pair.pn_jid.clone())));
    }
    learned
}

fn chat(conversation: &wa::Conversation, own: &[Option<Jid>]) -> Option<ChatSeen> {
    let jid: Jid = conversation.id.parse().ok()?;
    let seconds = conversation.conversation_timestamp.or(conversation.last_msg_timestamp);
    let name = conversation.name.clone().or_else(|| conversation.display_name.clone());
    Some(ChatSeen {
        id: jid.to_non_ad_string(),
        kind: kind(&jid, own),
        name: name.filter(|name| !name.is_empty()),
        last_at: seconds.and_then(|at| i64::try_from(at).ok()?.checked_mul(1000)),
        unread: conversation.unread_count,
    })
}
