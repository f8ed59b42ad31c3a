//! The two worlds: each a bridge that listens, and a hand on its account.

use async_trait::async_trait;
use countersign_fakes::whatsapp_bridge::{FakeBridge, Said, SaidFile};

use crate::ask::Asker;
use crate::script::Own;

/// Somebody whose chat there is.
pub(crate) const MOVISTAR: &str = "34600111222";

/// What somebody says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) by_hand: bool,
    pub(crate) reply_to: Option<String>,
    pub(crate) file: Option<(&'static str, Option<u64>, Vec<u8>)>,
}

/// A message that has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) chat: String,
    pub(crate) text: String,
    pub(crate) id: String,
    pub(crate) bytes: Vec<u8>,
}

/// A bridge, and what happens at its account.
#[async_trait]
pub(crate) trait World: Send + Sync {
    fn asker(&self) -> Asker;
    fn stranger(&self, token: Option<&str>) -> Asker;
    /// `MOVISTAR` says something, or is written to.
    async fn says(&self, line: Line);
    async fn group_says(&self, text: &str);
    /// There is a recent chat.
    async fn has_chat(&self, id: &str, name: &str, kind: &'static str);
    /// What has left, each message once.
    fn left(&self) -> Vec<Left>;
    /// The next texts leave, and nobody hears that they have.
    fn breaks_off(&self, times: u32);
    fn is_linked(&self, linked: bool);
    fn has_code(&self, has: bool);
}

/// The fake that the gateway is tested with.
pub(crate) async fn fake() -> FakeBridge {
    let fake = FakeBridge::listen().await;
    fake.knows(MOVISTAR, "Movistar");
    fake
}

/// The bridge of this repository.
pub(crate) async fn own() -> Own {
    let own = Own::new().await;
    let jid = format!("{MOVISTAR}@s.whatsapp.net");
    own.has_chat(&jid, "Movistar", "direct").await;
    own
}

#[async_trait]
impl World for FakeBridge {
    fn asker(&self) -> Asker {
        Asker::new(self.url(), Some(self.token()))
    }

    fn stranger(&self, token: Option<&str>) -> Asker {
        Asker::new(self.url(), token)
    }

    async fn says(&self, line: Line) {
        let provider = FakeBridge::stranger(self, MOVISTAR, "Movistar");
        let Line { text, by_hand, reply_to, file } = line;
        match file {
            Some((media_type, size, bytes)) => {
                let name = Some("bill.pdf");
                provider.sends_file(&text, SaidFile { media_type, name, size, bytes: &bytes });
            }
            None if by_hand => provider.is_written_to_by_hand(&text),
            None => {
                let reply_to = reply_to.as_deref();
                provider.say(Said { text: &text, reply_to, ..Said::default() });
            }
        }
    }

    async fn group_says(&self, text: &str) {
        FakeBridge::group_says(self, "1203630-1@g.us", text);
    }

    async fn has_chat(&self, id: &str, name: &str, kind: &'static str) {
        FakeBridge::has_chat(self, id, Some(name), kind);
    }

    fn left(&self) -> Vec<Left> {
        let texts = self.sent().into_iter().map(|sent| Left {
            chat: sent.chat_id,
            text: sent.text,
            id: sent.message_id,
            bytes: Vec::new(),
        });
        let files = self.sent_files().into_iter().map(|sent| Left {
            chat: sent.chat_id,
            text: sent.caption.unwrap_or_default(),
            id: sent.message_id,
            bytes: sent.bytes,
        });
        texts.chain(files).collect()
    }

    fn breaks_off(&self, times: u32) {
        FakeBridge::breaks_off(self, times);
    }

    fn is_linked(&self, linked: bool) {
        FakeBridge::is_linked(self, linked);
    }

    fn has_code(&self, has: bool) {
        FakeBridge::has_code(self, has);
    }
}
