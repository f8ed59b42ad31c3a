//! Keeping the session: linked, or waiting until somebody wants to link it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_whatsapp_bridge::{ChatSeen, Store};
use whatsapp_rust::prelude::{Bot, Client};
use whatsapp_rust::store::SqliteStore;
use whatsapp_rust::wacore::store::DevicePropsOverride;
use whatsapp_rust::wacore::types::events::{Event, EventKind, InboundMessage};
use whatsapp_rust::{InboundDurabilityHook, anyhow};

use crate::device::Device;
use crate::{history, inbound};

/// How long a session is left alone that could not begin.
const PAUSE: Duration = Duration::from_secs(5);

/// How the device is called in the phone's list.
const CALLED: &str = "Countersign";

/// The files of a session.
const FILES: [&str; 3] = ["session.db", "session.db-wal", "session.db-shm"];

/// What is told of.
const TOLD: [EventKind; 10] = [
    EventKind::Connected,
    EventKind::Disconnected,
    EventKind::PairSuccess,
    EventKind::PairError,
    EventKind::LoggedOut,
    EventKind::PairingQrCode,
    EventKind::PairingQrCodesExhausted,
    EventKind::Messages,
    EventKind::HistorySync,
    EventKind::ContactUpdate,
];

/// Keeps a session until the device leaves.
pub(crate) async fn keep(device: Arc<Device>, store: Store, state: PathBuf) -> io::Result<()> {
    loop {
        let unlinked = Arc::new(AtomicBool::new(false));
        if let Err(error) = live(&device, &store, &state, &unlinked).await {
            device.says(error.to_string());
            tracing::warn!(%error, "there is no session");
            tokio::time::sleep(PAUSE).await;
        }
        if device.is_leaving() {
            return Ok(());
        }
        device.has(None);
        if unlinked.load(Ordering::Acquire) {
            forget(&state)?;
            // Another account may be linked next.
            store.forget_account().await.map_err(io::Error::other)?;
        }
    }
}

/// One session, until it is over.
async fn live(
    device: &Arc<Device>,
    store: &Store,
    state: &Path,
    unlinked: &Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let file = state.join("session.db");
    let backend = SqliteStore::new(&file.to_string_lossy()).await?;
    let (told, kept, flag) = (device.clone(), store.clone(), unlinked.clone());
    let bot = Bot::builder()
        .with_backend(backend)
        .with_device_props(DevicePropsOverride::new().with_os(CALLED))
        .with_inbound_durability_hook(Keeper(store.clone()))
        .on_event_for(&TOLD, move |event, client| {
            let (device, store, unlinked) = (told.clone(), kept.clone(), flag.clone());
            async move { hear(&event, &client, (&device, &store, &unlinked)).await }
        })
        .build()
        .await?;
    let client = bot.client();
    device.has(Some(client.clone()));
    if client.pn().is_none() {
        // Nothing is said to WhatsApp before somebody wants to link the account.
        device.wanted.subscribe().changed().await?;
        device.says("WhatsApp is asked for a code");
    }
    let mut over = device.over.subscribe();
    let session = bot.spawn();
    tokio::select! {
        told = over.changed() => {
            told?;
            client.disconnect().await;
        }
        () = session => {}
    }
    Ok(())
}

/// An unlinked session is worth nothing, and its keys are in the way of the next one.
fn forget(state: &Path) -> io::Result<()> {
    for name in FILES {
        match std::fs::remove_file(state.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

async fn hear(
    event: &Event,
    client: &Arc<Client>,
    (device, store, unlinked): (&Device, &Store, &AtomicBool),
) {
    let kept = match event {
        Event::Connected(_) | Event::PairSuccess(_) => {
            device.is_well();
            Ok(())
        }
        Event::Disconnected(_) => {
            device.says("WhatsApp is not connected; it is tried again");
            Ok(())
        }
        Event::PairError(error) => {
            device.says(format!("pairing failed: {}", error.error));
            Ok(())
        }
        Event::PairingQrCode(qr) => {
            device.shows(&qr.code, qr.timeout);
            Ok(())
        }
        Event::PairingQrCodesExhausted(_) => {
            device.says("nobody has scanned the code; ask for another one");
            device.over.send_replace(());
            Ok(())
        }
        Event::LoggedOut(_) => {
            unlinked.store(true, Ordering::Release);
            device.says("the phone has unlinked this device; pair it again");
            device.over.send_replace(());
            Ok(())
        }
        // Those that the hook is not asked about; the others are known already.
        Event::Messages(batch) => keep_all(store, client, batch.iter()).await,
        Event::HistorySync(part) => {
            let own = [client.pn(), client.lid()];
            history::keep(store, (**part).clone(), own).await.map_err(Into::into)
        }
        Event::ContactUpdate(contact) => {
            let chat = ChatSeen {
                id: contact.jid.to_non_ad_string(),
                kind: inbound::kind(&contact.jid, &[client.pn(), client.lid()]),
                name: contact.action.full_name.clone(),
                last_at: None,
                unread: None,
            };
            store.see(vec![chat]).await.map_err(Into::into)
        }
        _ => Ok(()),
    };
    if let Err(error) = kept {
        tracing::error!(%error, "something could not be kept");
    }
}

/// Keeps what was said before `WhatsApp` hears that it has arrived.
struct Keeper(Store);

#[async_trait]
impl InboundDurabilityHook for Keeper {
    async fn on_messages(
        &self,
        client: Arc<Client>,
        batch: &[InboundMessage],
    ) -> anyhow::Result<()> {
        keep_all(&self.0, &client, batch.iter()).await
    }
}

async fn keep_all(
    store: &Store,
    client: &Client,
    batch: impl Iterator<Item = &InboundMessage>,
) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for message in batch {
        all.extend(inbound::heard(client, message).await);
    }
    if all.is_empty() {
        return Ok(());
    }
    Ok(store.hear(all).await?)
}
