//! A pairing in JSON.

use countersign_domain::chat::{Pairing, PairingCode, PersonId, PlatformName};
use countersign_domain::identity::Principal;
use countersign_domain::ids::PairingId;
use countersign_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who is on no list: who was let in, or waits with a code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pairing)]
pub(crate) struct PairingBody {
    #[schema(example = "pairing")]
    object: &'static str,
    #[schema(value_type = String)]
    pairing_id: PairingId,
    /// Where they write.
    #[schema(value_type = String, example = "mattermost")]
    platform: PlatformName,
    /// Their id there.
    #[schema(value_type = String, example = "k5w8")]
    person: PersonId,
    /// `waiting` or `paired`.
    #[schema(example = "waiting")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// Until when their code is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Who let them in.
    #[schema(value_type = Option<String>)]
    paired_by: Option<Principal>,
    #[schema(value_type = Option<String>, format = DateTime)]
    paired_at: Option<Timestamp>,
}

/// Who is to be let in. The code is not listed anywhere: they tell it to you.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovePairing, example = json!({"code": "K7QM-2XWD"}))]
pub(crate) struct ApproveBody {
    /// The code that they were given; case, spaces and dashes do not count.
    #[schema(value_type = String, pattern = r"^\s*([A-HJ-NP-Za-hj-np-z2-9][\s-]*){8}$")]
    pub(super) code: String,
}

/// A pairing that is gone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PairingRemoved)]
pub(crate) struct RemovedBody {
    #[schema(example = "pairing")]
    pub(super) object: &'static str,
    #[schema(value_type = String)]
    pub(super) pairing_id: PairingId,
    #[schema(example = true)]
    pub(super) removed: bool,
}

impl ApproveBody {
    pub(super) fn code(&self) -> Option<PairingCode> {
        self.code.parse().ok()
    }
}

impl From<Pairing> for PairingBody {
    fn from(pairing: Pairing) -> Self {
        let Pairing { id, platform, person, code: _, asked_at, expires_at, paired } = pairing;
        let (paired_by, paired_at) = paired.map(|paired| (paired.by, paired.at)).unzip();
        Self {
            object: "pairing",
            pairing_id: id,
            platform,
            person,
            status: if paired_by.is_some() { "paired" } else { "waiting" },
            asked_at,
            expires_at,
            paired_by,
            paired_at,
        }
    }
}
