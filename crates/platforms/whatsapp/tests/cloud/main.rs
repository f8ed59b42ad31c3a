//! The adapter of the Cloud API against a strict fake of it, with the real gateway behind it.
//!
//! What users of other gateways complain about, and the tests that show it is otherwise here: over the
//! Cloud API in this folder, over the bridge in `crates/test-kit/tests` (`operators_chat.rs` where no file
//! is named). A row that is about buttons, edits or threads that `WhatsApp` does not have is left out.
//!
//! | complaint | Cloud API | bridge |
//! | --- | --- | --- |
//! | a tap "failed" though the action ran: acked after the work | `cards::a_tap_is_acknowledged_before_its_command_ends` | `service_chats::what_is_said_while_the_gateway_is_away_is_heard_once` (acknowledged once it is stored) |
//! | acked, and the decision never reaches the agent | `conversation::a_text_becomes_a_run_a_list_a_tap_and_a_result` | `a_number_decides_the_card_that_it_quotes_and_no_other` |
//! | a late tap shows "approved" | `conversation::a_late_tap_is_told_that_it_is_too_late` | `a_card_that_has_expired_says_so_and_a_late_number_decides_nothing` |
//! | too short a time-out, not on the card | `conversation::a_text_becomes_a_run_a_list_a_tap_and_a_result` | `a_card_that_has_expired_says_so_and_a_late_number_decides_nothing` |
//! | expired taken for denied | `conversation::a_late_tap_is_told_that_it_is_too_late` | `a_card_that_has_expired_says_so_and_a_late_number_decides_nothing` |
//! | a restart swallows the first click | `conversation::after_a_restart_the_first_tap_counts` | `after_a_restart_the_first_number_counts_and_the_next_is_told_so` |
//! | a click of somebody else: silence, or it counts | `conversation::two_chats_are_two_conversations`, `cards::a_row_that_was_made_up_or_is_of_another_message_decides_nothing` | `nobody_else_is_heard_whatever_stands_for_everybody` |
//! | two clicks, two deciders | `cards::two_taps_at_once_decide_once`, `cards::a_tap_that_is_brought_again_is_taken_once_and_answered_once` | `after_a_restart_the_first_number_counts_and_the_next_is_told_so` |
//! | decided elsewhere, and the old card still works | `conversation::what_was_decided_elsewhere_is_told_and_the_list_does_nothing_any_more` | `what_was_decided_elsewhere_is_told_and_its_number_decides_nothing_any_more` |
//! | an error of the platform ends the process, or loses the end | `troubles::after_a_day_of_silence_a_text_is_refused_as_what_it_is` | `an_answer_that_is_broken_off_shows_once` |
//! | rate limits delay or lose the card | `troubles::rate_limits_are_waited_for_and_nothing_is_lost` | `an_answer_that_is_broken_off_shows_once` |
//! | ids are cut; long commands break the card | `cards::a_long_command_fits_and_is_not_approved_where_it_is_cut` | `a_command_that_is_too_long_is_not_approved_by_number` |
//! | text commands do not work | `conversation::commands_and_plain_words_count_as_everywhere` | `an_operator_talks_and_commands_and_is_answered_in_the_same_chat` |
//! | a LID, or a hidden number, is taken for nobody or for somebody else | `forged::who_hides_the_number_is_known_if_they_wrote_with_it_before` | `a_lid_is_the_operator_only_if_the_protocol_says_whose_it_is`, `service_chats::a_lid_and_its_number_are_one_chat_once_the_protocol_says_so` |
//! | an account is closed without anybody having been told of the risk | none is linked | `crates/whatsapp-bridge/tests/contract`, `crates/cli/tests/cli/pairing.rs` |

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

mod cards;
mod checking;
mod conversation;
mod files;
mod forged;
mod providers;
mod town;
mod troubles;
