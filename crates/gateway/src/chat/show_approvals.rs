//! `/approvals`: what waits, in a line each, and one of it whole.
//!
//! A card that a chat does not take is seen here. Only who was shown what an approval is about knows
//! its digest, with which it can be approved where its card was not shown.

use std::collections::BTreeSet;

use countersign_domain::approvals::Approval;
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::platform::{About, Markup};
use countersign_ports::store::StoreError;

use super::reply::Reply;
use super::speaker::{Speaker, ToldBy};
use crate::gateway::Gateway;

/// What is said beside a card has room for so many units.
const BESIDE: usize = 400;

/// The longest card that is shown where no platform limits it.
const LONGEST_AT_HOME: usize = 64 * 1024;

impl Gateway {
    /// `/approvals`.
    pub(super) async fn approvals_here(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let waiting = self.waiting_here(speaker).await?;
        if waiting.is_empty() {
            return Ok(Reply::own("Nothing waits for a decision here."));
        }
        let word = command.arguments().trim();
        if word.is_empty() {
            let waiting: Vec<&Approval> = waiting.iter().collect();
            let listed = self.listed(Reply::own("Waiting for a decision:\n"), &waiting);
            return Ok(listed.and("; /approvals <id> shows one whole"));
        }
        let named = waiting.iter().filter(|one| one.id.to_string().ends_with(word));
        let [one] = named.collect::<Vec<_>>()[..] else {
            let unknown = "No approval that waits here has that id. /approvals lists them.";
            return Ok(Reply::own(unknown));
        };
        Ok(self.shown_whole(speaker, one))
    }

    /// All that a card of `approval` says, and how to approve just that.
    fn shown_whole(&self, speaker: &Speaker, approval: &Approval) -> Reply {
        let Some(about) = self.room_for(speaker) else {
            return Reply::own("It cannot be shown here: decide it in the web page.");
        };
        let card = self.chat_card(approval, &about);
        let reply = Reply::rendered(card.text);
        if !card.whole {
            return reply.and("\nNot all of it has room here: decide it in the web page.");
        }
        let (id, digest) = (approval.id, approval.digest);
        reply.and(format!("\nTo approve just this: /approve {id} once {digest}"))
    }

    /// Where somebody speaks, with less room.
    fn room_for(&self, speaker: &Speaker) -> Option<About> {
        match speaker.told_by {
            ToldBy::Platform => {
                let about = self.chats.adapter(&speaker.address)?.about().clone();
                Some(About { longest_text: about.longest_text.saturating_sub(BESIDE), ..about })
            }
            ToldBy::Caller => Some(About {
                platform: speaker.address.platform.clone(),
                account: speaker.address.account.clone(),
                bot_name: None,
                features: BTreeSet::new(),
                markup: Markup::Text,
                longest_text: LONGEST_AT_HOME,
                most_buttons: 0,
            }),
        }
    }
}
