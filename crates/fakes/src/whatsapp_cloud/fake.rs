//! Starting a fake, setting it up, and looking at what has come to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::deliver::{self, Brought, Envelope};
use super::people::Person;
use super::refusal::Refusal;
use super::routes::router;
use super::send::status;
use super::settings::Settings;
use super::state::{Account, Fault, SentMessage, Shared};

/// No wait of a test lasts longer than this in real time.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Graph API with one business number.
pub struct FakeCloud {
    pub(super) shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FakeCloud {
    /// A number that nobody has written to. Needs a TLS provider for the process.
    pub async fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listener.await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let shared = Arc::new(Shared::new(settings, format!("http://{address}"), client));
        let routes = router(shared.clone());
        let task = tokio::spawn(async move {
            // It ends with the test.
            axum::serve(listener, routes).await.ok();
        });
        Self { shared, task }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// How it is set up.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Somebody on the platform.
    pub fn person(&self, number: &str, name: &str) -> Person {
        let account = Account {
            number: number.to_owned(),
            name: name.to_owned(),
            user_id: format!("ES.{number}9"),
            hides_number: false,
        };
        self.shared.change(|world| world.accounts.insert(number.to_owned(), account));
        Person { shared: self.shared.clone(), number: number.to_owned() }
    }

    /// Enters an address for webhooks, as an operator does: it counts if it answers as it must.
    pub async fn subscribes(&self, address: &str, verify_token: &str) -> Result<(), String> {
        let challenge = "1158201444";
        let asked = [
            ("hub.mode", "subscribe"),
            ("hub.verify_token", verify_token),
            ("hub.challenge", challenge),
        ];
        let url = url::Url::parse_with_params(address, asked).map_err(|error| error.to_string())?;
        let answer = self.shared.client.get(url).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if status != 200 || text != challenge {
            return Err(format!("the callback could not be validated: {status} {text}"));
        }
        self.shared.change(|world| world.callback = Some(address.to_owned()));
        Ok(())
    }

    /// Webhooks go here from now on, without any question.
    pub fn calls(&self, address: &str) {
        self.shared.change(|world| world.callback = Some(address.to_owned()));
    }

    /// Everything that the number has sent, also what has not arrived.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.shared.world().sent.clone()
    }

    /// The messages that were marked as read.
    pub fn read(&self) -> Vec<String> {
        self.shared.world().read.clone()
    }

    /// The messages in answer to which it was shown that somebody writes.
    pub fn typing(&self) -> Vec<String> {
        self.shared.world().typing.clone()
    }

    /// The commands in the menu of the number's chats, with what they do.
    pub fn commands(&self) -> Vec<(String, String)> {
        self.shared.world().commands.clone()
    }

    /// How many webhooks were not answered with 200 and are brought again.
    pub fn owed(&self) -> usize {
        self.shared.world().owed.len()
    }

    /// The next messages that are sent are refused with these codes, one each.
    pub fn refuses(&self, codes: &[u32]) {
        self.shared.change(|world| world.faults.extend(codes.iter().copied().map(Fault::Refuse)));
    }

    /// So many lists are refused from now on, as if their form was not known.
    pub fn refuses_lists(&self, times: u32) {
        self.shared.change(|world| world.no_lists = times);
    }

    /// The next message is taken, and the answer does not say so.
    pub fn takes_silently(&self) {
        self.shared.change(|world| world.faults.push_back(Fault::TakeSilently));
    }

    /// The app has another token from now on.
    pub fn revokes_token(&self) {
        self.shared.change(|world| "another".clone_into(&mut world.token));
    }

    /// A template that may be sent at any time.
    pub fn has_template(&self, name: &str) {
        self.shared.change(|world| world.templates.insert(name.to_owned()));
    }

    /// A file that was uploaded: what it is, and what is in it.
    pub fn uploaded(&self, id: &str) -> Option<(String, Bytes)> {
        let world = self.shared.world();
        world.media.get(id).map(|media| (media.mime.clone(), media.content.clone()))
    }

    /// How often somebody asked where a file is.
    pub fn looked_up(&self) -> usize {
        self.shared.world().addresses.len()
    }

    /// Brings everything again that was not taken; how much of it still is not.
    pub async fn brings_again(&self) -> usize {
        let owed = self.shared.change(|world| std::mem::take(&mut world.owed));
        for webhook in owed {
            if deliver::post(&self.shared, &webhook, Some(&webhook.signature)).await != 200 {
                self.shared.change(|world| world.owed.push_back(webhook));
            }
        }
        self.owed()
    }

    /// Brings once more what was brought; what it was answered with.
    pub async fn repeats(&self, brought: &Brought) -> u16 {
        let webhook = &brought.webhook;
        deliver::post(&self.shared, webhook, Some(&webhook.signature)).await
    }

    /// Brings a status of a message: `sent`, `delivered` or `read`.
    pub async fn brings_status(&self, sent: &SentMessage, word: &str) -> u16 {
        let status = status(&self.shared, sent, word, None);
        deliver::bring(&self.shared, Envelope::Statuses(vec![status])).await.1
    }

    /// Brings the status of a message that failed with this code.
    pub async fn brings_failure(&self, sent: &SentMessage, code: u32) -> u16 {
        let failed = Refusal::of(code, "As the test wanted it.");
        let status = status(&self.shared, sent, "failed", Some(&failed));
        deliver::bring(&self.shared, Envelope::Statuses(vec![status])).await.1
    }

    /// What `look` finds, once it finds something.
    pub async fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changed = self.shared.changed.subscribe();
        let looking = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = look(self) {
                    return found;
                }
                // The sender lives as long as the fake that is borrowed here.
                drop(changed.changed().await);
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| unreachable!("waited in vain for {what}: {:#?}", self.sent()))
    }

    /// What the number has sent to somebody that says `words`, once it has.
    pub async fn wait_for_text(&self, to: &Person, words: &str) -> SentMessage {
        let says =
            |_: &Self| to.sees().into_iter().rev().find(|sent| sent.content.text().contains(words));
        self.wait_for(words, says).await
    }

    /// The newest list that was sent to somebody, once there is one.
    pub async fn wait_for_list(&self, to: &Person) -> SentMessage {
        let list =
            |_: &Self| to.sees().into_iter().rev().find(|sent| !sent.content.rows().is_empty());
        self.wait_for("a list", list).await
    }
}

impl Drop for FakeCloud {
    fn drop(&mut self) {
        self.task.abort();
    }
}
