//! The contract of `docs/whatsapp-bridge.openapi.json`: one suite, over the fake that the gateway is
//! tested with and over the bridge of this repository, whose account is a script.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails where it is"
)]

mod ask;
mod client;
mod document;
mod restarts;
mod script;
mod sends;
mod suite;
mod worlds;

/// Every check of the suite, over one kind of world.
macro_rules! holds_for {
    ($world:ident: $($check:ident),+ $(,)?) => {
        mod $world {
            $(
                #[tokio::test]
                async fn $check() {
                    crate::suite::$check(crate::worlds::$world().await).await;
                }
            )+
        }
    };
}

/// The checks, named once.
macro_rules! checks {
    ($($world:ident),+) => {
        $(
            holds_for! {
                $world:
                nobody_without_the_token_learns_anything,
                health_says_whose_account_it_is,
                chats_are_listed_without_what_was_said,
                a_chat_is_found_by_its_id,
                what_was_said_is_brought_until_it_is_acknowledged,
                who_waits_hears_of_what_is_said,
                a_cursor_is_one_of_this_bridge,
                many_messages_come_in_order_and_in_parts,
                messages_say_who_and_what_they_quote,
                groups_bring_nothing,
                a_key_is_one_message,
                what_may_have_left_is_broken_and_its_key_stays,
                what_is_no_message_is_refused,
                nothing_leaves_an_account_that_is_not_linked,
                what_was_said_is_brought_also_when_the_account_is_unlinked,
                a_file_is_sent_once,
                what_is_no_file_is_refused,
                a_file_that_is_too_large_is_refused,
                a_file_that_was_said_can_be_fetched,
                typing_is_for_people,
                pairing_shows_a_code_until_the_account_is_linked,
            }
        )+
    };
}

checks!(fake, own);
