//! Files that go with a text: what they are, and in which messages both go.

use std::time::Duration;

use bytes::Bytes;
use countersign_domain::chat::MessageId;
use countersign_domain::outbound::Attachment;
use countersign_domain::service_conversations::ServiceChatId;
use countersign_ports::platform::{PlatformError, SentFile};

use crate::transport::{SendError, Text};

/// The largest file, in bytes: what both ways take.
pub(crate) const LARGEST: usize = 16 * 1024 * 1024;

/// The longest text below a file, in characters.
const LONGEST_CAPTION: usize = 1024;

/// So many files go with one text.
const MOST: usize = 10;

/// How long one file may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// What is known by the end of a name, and what it is then.
const TYPES: [(&str, &str); 12] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("mp4", "video/mp4"),
    ("aac", "audio/aac"),
    ("m4a", "audio/mp4"),
    ("mp3", "audio/mpeg"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

/// What any other text is.
const TEXT: &str = "text/plain";

/// What is shown as such; everything else is a document with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Video,
    Audio,
    Document,
}

/// A file for a chat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct File<'f> {
    /// Where.
    pub(crate) chat: &'f ServiceChatId,
    /// What it is called.
    pub(crate) name: &'f str,
    /// What it is.
    pub(crate) media_type: &'static str,
    /// What is in it.
    pub(crate) content: &'f [u8],
    /// What stands below it.
    pub(crate) caption: Option<&'f str>,
    /// The same for the same file of the same message, for ever.
    pub(crate) key: &'f str,
    /// The message that it answers.
    pub(crate) reply_to: Option<&'f MessageId>,
}

/// One message of several.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'p> {
    Text(Text<'p>),
    File(File<'p>),
}

/// How far several messages have come that are one.
#[derive(Debug, Default)]
pub(crate) struct Progress(Option<MessageId>);

impl Kind {
    /// The word for it on the platform.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
        }
    }
}

/// What a media type is shown as.
pub(crate) fn kind(media_type: &str) -> Kind {
    match media_type.split('/').next() {
        Some("image") => Kind::Image,
        Some("video") => Kind::Video,
        Some("audio") => Kind::Audio,
        Some(_) | None => Kind::Document,
    }
}

/// What a file without a name is called.
pub(crate) fn name_for(what: &str, media_type: &str) -> String {
    let known = TYPES.iter().find(|(_, known)| *known == media_type);
    let plain: String = what.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    let plain = if plain.is_empty() { "file".to_owned() } else { plain };
    known.map_or(plain.clone(), |(end, _)| format!("{plain}.{end}"))
}

/// Files of an action, as they go out.
pub(crate) fn sent(attachments: &[Attachment]) -> Vec<SentFile> {
    let one = |file: &Attachment| SentFile {
        name: file.name.as_str().to_owned(),
        content: Bytes::copy_from_slice(file.content.bytes()),
    };
    attachments.iter().map(one).collect()
}

/// The keys of `count` files that go under `key`.
pub(crate) fn keys(key: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{key}:file{number}")).collect()
}

/// The messages that are `text` with `files`, or why they cannot be: a text that fits below the only
/// file is one message with it, everything else goes one after the other.
pub(crate) fn pieces<'p>(
    text: Text<'p>,
    files: &'p [SentFile],
    keys: &'p [String],
) -> Result<Vec<Piece<'p>>, String> {
    if files.len() > MOST {
        return Err(format!("at most {MOST} files go with a message here"));
    }
    let made = files.iter().zip(keys).map(|(file, key)| {
        let media_type = media_type(&file.name, &file.content)
            .ok_or_else(|| format!("files like `{}` cannot be sent here", file.name))?;
        if file.content.is_empty() || file.content.len() > LARGEST {
            return Err(format!("`{}` has no bytes, or more than {LARGEST}", file.name));
        }
        let (chat, name, content) = (text.chat, file.name.as_str(), file.content.as_ref());
        Ok(File { chat, name, media_type, content, caption: None, key, reply_to: None })
    });
    let made: Vec<File<'p>> = made.collect::<Result<_, String>>()?;
    if let [one] = made.as_slice()
        && text.text.chars().count() <= LONGEST_CAPTION
        // A recording has no text below it.
        && kind(one.media_type) != Kind::Audio
    {
        let caption = Some(text.text).filter(|caption| !caption.trim().is_empty());
        let (key, reply_to) = (text.key, text.reply_to);
        return Ok(vec![Piece::File(File { caption, key, reply_to, ..*one })]);
    }
    let words = Some(text).filter(|text| !text.text.trim().is_empty()).map(Piece::Text);
    Ok(words.into_iter().chain(made.into_iter().map(Piece::File)).collect())
}

impl Progress {
    /// Notes how a piece went. Once one of them is there, what becomes of the others is no clear
    /// failure any more.
    pub(crate) fn note(&mut self, sent: Result<MessageId, SendError>) -> Result<(), SendError> {
        match (sent, &self.0) {
            (Ok(message), _) => {
                self.0 = Some(message);
                Ok(())
            }
            (Err(error), None) => Err(error),
            (Err(error), Some(_)) => {
                Err(SendError::Unknown(format!("a part of it is there; then: {error}")))
            }
        }
    }

    /// The last message.
    pub(crate) fn end(self) -> Result<MessageId, SendError> {
        self.0.ok_or_else(|| SendError::Refused("it says nothing".to_owned()))
    }
}

/// What cannot be had under an id that is none.
pub(crate) fn no_such_file() -> PlatformError {
    PlatformError::Refused("there is no such file".to_owned())
}

/// What a file has more of than is wanted.
pub(crate) fn too_large(most: u64) -> PlatformError {
    PlatformError::Refused(format!("it has more than {most} bytes"))
}

/// What a file is, by the end of its name, or because it is a text.
fn media_type(name: &str, content: &[u8]) -> Option<&'static str> {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    let known = TYPES.iter().find(|(known, _)| Some(*known) == end.as_deref());
    let is_text = || std::str::from_utf8(content).is_ok_and(|text| !text.contains('\0'));
    known.map(|(_, media_type)| *media_type).or_else(|| is_text().then_some(TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &[u8]) -> SentFile {
        SentFile { name: name.to_owned(), content: content.to_vec().into() }
    }

    /// What is sent of a text with files: of each message its key, its kind, and its text.
    fn sent(text: &str, files: &[SentFile]) -> Result<Vec<(String, &'static str, String)>, String> {
        let chat: ServiceChatId = "+34600111222".parse().unwrap();
        let keys = keys("k", files.len());
        let pieces = pieces(Text { chat: &chat, text, key: "k", reply_to: None }, files, &keys)?;
        let shown = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => (text.key.to_owned(), "text", text.text.to_owned()),
            Piece::File(file) => (
                file.key.to_owned(),
                kind(file.media_type).word(),
                file.caption.unwrap_or_default().to_owned(),
            ),
        });
        Ok(shown.collect())
    }

    fn row(key: &str, kind: &'static str, text: &str) -> (String, &'static str, String) {
        (key.to_owned(), kind, text.to_owned())
    }

    #[test]
    fn one_file_has_its_text_below_it_and_several_come_after_theirs() {
        let pdf = file("bill.PDF", b"%PDF");
        let png = file("a.png", b"png");
        let one = std::slice::from_ref(&pdf);
        assert_eq!(sent("Here", one).unwrap(), [row("k", "document", "Here")]);
        assert_eq!(sent(" ", one).unwrap(), [row("k", "document", "")]);
        let long = "x".repeat(1025);
        assert_eq!(
            sent(&long, one).unwrap(),
            [row("k", "text", &long), row("k:file0", "document", "")]
        );
        assert_eq!(
            sent("Both", &[pdf, png]).unwrap(),
            [row("k", "text", "Both"), row("k:file0", "document", ""), row("k:file1", "image", "")]
        );
        let song = [file("a.mp3", b"song")];
        assert_eq!(sent("Hear", &song).unwrap().len(), 2);
    }

    #[test]
    fn nothing_goes_of_what_cannot_go_whole() {
        for files in [
            vec![file("a.png", b"png"), file("program.exe", &[0, 159])],
            vec![file("empty.txt", b"")],
            vec![file("large.pdf", &vec![0; LARGEST + 1])],
            vec![file("a.txt", b"a"); MOST + 1],
        ] {
            assert!(sent("Here", &files).is_err(), "{:?}", files.first().map(|file| &file.name));
        }
        // Whatever can be read is a text.
        assert_eq!(sent("", &[file("notes", b"hello")]).unwrap(), [row("k", "document", "")]);
    }

    #[test]
    fn once_a_part_is_there_nothing_is_a_clear_failure() {
        let refused = || Err(SendError::Refused("no".to_owned()));
        let mut progress = Progress::default();
        assert_eq!(progress.note(refused()), Err(SendError::Refused("no".to_owned())));
        assert_eq!(progress.note(Ok("m1".parse().unwrap())), Ok(()));
        assert!(
            matches!(progress.note(refused()), Err(SendError::Unknown(why)) if why.contains("part"))
        );
        assert_eq!(progress.end(), Ok("m1".parse().unwrap()));
        assert!(Progress::default().end().is_err());
    }

    #[test]
    fn what_has_no_name_is_called_after_what_it_is() {
        assert_eq!(name_for("image", "image/png"), "image.png");
        assert_eq!(name_for("../sticker", "image/webp"), "sticker");
        assert_eq!(name_for("", ""), "file");
    }
}
