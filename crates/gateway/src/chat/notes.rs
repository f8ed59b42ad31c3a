//! What adapters remember, kept in the store.

use async_trait::async_trait;
use countersign_domain::chat::Note;
use countersign_ports::platform::{NoteName, Notes, NotesError};
use countersign_ports::store::{Change, UnitOfWork};

use crate::gateway::Gateway;

#[async_trait]
impl Notes for Gateway {
    async fn read(&self, name: &NoteName) -> Result<Option<String>, NotesError> {
        let key = Note::key(&name.platform, &name.account, name.name);
        let found = self.store.chats().note(&key).await;
        found.map(|note| note.map(|note| note.text)).map_err(|error| NotesError(error.to_string()))
    }

    async fn write(&self, name: &NoteName, text: String) -> Result<(), NotesError> {
        let note = Note {
            platform: name.platform.clone(),
            account: name.account.clone(),
            name: name.name.to_owned(),
            text,
        };
        let work = UnitOfWork::new().and(Change::PutNote(Box::new(note)));
        self.commit(work).await.map(drop).map_err(|error| NotesError(error.to_string()))
    }
}
