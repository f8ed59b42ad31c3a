//! What opens a file, as the bridge keeps it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use whatsapp_rust::download::DownloadParams;
use whatsapp_rust::wacore::download::{Downloadable, MediaType};

/// Where a file lies, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keys {
    kind: Kind,
    path: String,
    key: String,
    sha256: String,
    encrypted_sha256: String,
    size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

impl Keys {
    /// What opens `file`; `None` if it is not said, or is not said whole.
    pub(crate) fn of(file: &dyn Downloadable) -> Option<Self> {
        let kind = match file.app_info() {
            MediaType::Image => Kind::Image,
            MediaType::Video => Kind::Video,
            MediaType::Audio => Kind::Audio,
            MediaType::Document => Kind::Document,
            MediaType::Sticker => Kind::Sticker,
            _ => return None,
        };
        Some(Self {
            kind,
            path: file.direct_path()?.to_owned(),
            key: STANDARD.encode(file.media_key()?),
            sha256: STANDARD.encode(file.file_sha256()?),
            encrypted_sha256: STANDARD.encode(file.file_enc_sha256()?),
            size: file.file_length()?,
        })
    }

    /// As it is kept.
    pub(crate) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// How many bytes the file is said to have.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// What was kept.
    pub(crate) fn read(text: &str) -> Option<DownloadParams> {
        let keys: Self = serde_json::from_str(text).ok()?;
        let bytes = |text: &str| STANDARD.decode(text).ok();
        let kind = match keys.kind {
            Kind::Image => MediaType::Image,
            Kind::Video => MediaType::Video,
            Kind::Audio => MediaType::Audio,
            Kind::Document => MediaType::Document,
            Kind::Sticker => MediaType::Sticker,
        };
        Some(DownloadParams::encrypted(
            keys.path,
            &bytes(&keys.key)?,
            &bytes(&keys.sha256)?,
            &bytes(&keys.encrypted_sha256)?,
            keys.size,
            kind,
        ))
    }
}
