//! The list of cases.

/// Makes a test of every case. `$fresh` is a function that gives an empty store and whatever must
/// live as long: `async fn fresh() -> (SharedStore, impl Sized)`.
#[macro_export]
macro_rules! conformance_suite {
    ($fresh:path) => {
        $crate::conformance_cases! { $fresh;
            units: [
                a_unit_with_a_refused_change_leaves_nothing,
                an_empty_unit_is_committed,
                changes_of_a_unit_see_the_ones_before,
                a_refused_unit_does_not_disturb_its_neighbours,
                expectations_hold_only_for_the_named_version,
                a_healthy_store_passes_its_check,
                a_closed_store_refuses_work,
            ],
            runs: [
                a_session_is_added_once,
                a_session_is_changed_and_listed,
                a_run_reads_back_as_written,
                a_run_needs_its_session,
                a_run_is_added_once,
                a_stale_change_of_a_run_is_refused,
                runs_come_in_pages_newest_first,
                runs_are_filtered,
                unfinished_runs_are_found,
                working_runs_are_counted,
                what_does_not_exist_is_absent,
            ],
            journal: [
                entries_come_in_the_order_of_the_conversation,
                an_entry_has_one_place,
                calls_come_in_order,
                a_stale_change_of_a_call_is_refused,
            ],
            approvals: [
                an_approval_reads_back_as_written,
                an_approval_needs_its_run,
                a_stale_change_of_an_approval_is_refused,
                approvals_come_in_pages_newest_first,
                approvals_are_filtered,
                the_approvals_of_a_run_come_oldest_first,
                pending_approvals_are_counted,
                what_waits_in_a_session_is_counted_and_found,
                due_approvals_come_most_overdue_first,
                the_next_deadline_follows_every_change,
            ],
            rules: [
                a_rule_reads_back_as_written,
                a_session_has_its_own_rules_and_the_persistent_ones,
                rules_that_ran_out_are_not_in_force,
                using_a_rule_counts_it,
                a_removed_rule_cannot_be_used,
            ],
            outbox: [
                a_send_is_counted_for_each_of_its_destinations,
                what_another_process_sends_is_counted,
                a_grant_starts_one_send,
                no_more_is_sent_than_the_limit_allows,
            ],
            grants: [
                a_grant_is_used_once,
                a_grant_that_was_never_issued_is_good_for_nothing,
                a_revoked_grant_is_good_for_nothing,
                a_grant_is_not_used_after_its_end,
                of_two_users_of_a_grant_exactly_one_wins,
            ],
            log: [
                events_are_numbered_within_their_run,
                the_approvals_stream_has_only_approval_events,
                a_reader_goes_on_where_it_stopped,
                an_event_needs_its_run,
                the_audit_log_has_no_gaps,
                every_event_reads_back_as_written,
            ],
            audit: [
                every_line_holds_the_hash_of_the_line_before,
                a_refused_unit_leaves_no_link,
                lines_of_one_unit_follow_each_other,
                the_chain_holds_under_concurrency,
                lines_are_filtered_by_every_choice_of_conditions,
                pages_of_lines_are_newest_first,
            ],
            access: [
                a_key_is_found_by_its_secret,
                a_name_is_taken_by_one_living_key,
                a_revoked_key_keeps_its_first_end,
                a_key_knows_when_it_was_used_last,
                a_sign_in_link_is_used_once,
                a_sign_in_ends_when_removed,
                an_answer_is_remembered_per_caller,
                an_answer_that_ran_out_is_replaced,
                what_ran_out_is_forgotten,
            ],
            retention: [
                what_is_over_is_removed_with_all_its_parts,
                what_is_not_over_is_not_removed,
                old_runs_come_oldest_first_and_in_parts,
                a_session_goes_when_its_runs_have_gone,
                sends_are_forgotten_oldest_first_and_in_parts,
                the_audit_log_stays_whatever_is_removed,
            ],
            chats: [
                a_delivery_is_taken_once,
                a_conversation_reads_back_as_written,
                how_things_stand_where_something_is_said,
                what_is_owed_to_a_chat_is_found,
                a_card_is_found_in_every_way,
                what_the_approvers_channel_is_owed_is_found,
                who_was_let_in_stays_so,
                the_last_word_on_questions_counts,
                what_an_adapter_remembers_is_replaced,
            ],
            service: [
                a_service_chat_reads_back_as_written,
                a_lid_belongs_to_one_number,
                a_chat_that_is_another_becomes_part_of_it,
                what_is_counted_slides_out_of_its_window,
                no_more_is_counted_than_there_is_room_for,
                of_a_revoke_and_a_message_one_is_first,
                a_thread_is_read_backwards,
                what_is_old_of_threads_and_strangers_is_removed,
            ],
            nodes: [
                a_node_lives_from_joining_to_leaving,
                a_node_that_is_gone_writes_nothing,
                only_the_silent_are_buried,
                a_lease_has_one_holder,
                of_two_nodes_one_gets_the_lease,
                work_that_nobody_holds_is_found,
            ],
            races: [
                of_two_deciders_exactly_one_wins,
                a_loser_sees_the_winner,
                events_have_no_gaps_under_concurrency,
                a_reader_sees_every_commit_that_was_acknowledged,
            ],
        }
    };
}

/// One test for each name.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($fresh:path; $($area:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        $(mod $area {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _guard) = $fresh().await;
                    $crate::conformance::$area::$case(store).await;
                }
            )*
        })*
    };
}
