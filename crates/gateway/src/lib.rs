//! The use cases of Countersign, a file a verb. This is the only crate that changes state.
//!
//! Every surface (HTTP, web page, terminal, chat platforms) calls these verbs; the agent
//! reaches them through the ports [`EffectGate`](countersign_ports::effect_gate::EffectGate) and
//! [`RunJournal`](countersign_ports::run_journal::RunJournal). Decisions are pure functions of the
//! domain; what is done here is: read, decide, commit once, announce.

mod answer_question;
mod ask_channel;
mod audit;
mod authenticate;
mod bind_files;
mod caller;
mod card;
mod card_attention;
mod chat;
mod claim_effect;
pub mod config;
mod config_accounts;
mod config_api;
mod config_approvers;
mod config_chat;
mod config_nodes;
mod config_outbound;
mod config_problem;
mod config_quick;
mod config_retention;
mod config_risk;
mod config_whatsapp;
mod consume_grant;
mod count_votes;
mod drain;
mod edit_approval;
mod effect_gate;
mod expire_approvals;
mod finish_effect;
mod follow_events;
mod foreign_grants;
mod forget_response;
mod gateway;
mod grants;
mod guard;
mod join_nodes;
mod join_request;
mod key_holder;
mod key_uses;
mod manage_keys;
mod manage_pairings;
mod manage_rules;
mod manage_sessions;
mod membership;
mod metrics;
mod operator_rules;
mod outbound;
mod pair_bridge;
mod preview_files;
mod propose_effect;
mod read_approvals;
mod read_audit;
mod read_nodes;
mod read_platforms;
mod read_responses;
mod read_runs;
mod read_usage;
mod receipt;
mod remember;
mod replies;
mod request_approval;
mod request_foreign;
mod resolve_approval;
mod run_journal;
mod service_chats;
mod settings;
mod sign_checkpoint;
mod sign_in;
mod signing_keys;
mod start_response;
mod start_run;
mod steer_run;
mod stop_for_denials;
mod stop_run;
mod sweep_old;
mod tell_requesters;
mod wait_for_run;

pub use answer_question::AnswerError;
pub use authenticate::AuthError;
pub use caller::{Caller, Forbidden};
pub use card::card;
pub use chat::{
    Admission, AttachError, BusyMode, ChatSettings, DropReason, FileLimits, InGroups, InSession,
    MentionRule, NotShown, PairingMode, PlainWords, SaidHere, SayError, Saying,
};
pub use consume_grant::{ConsumeError, Presented};
pub use edit_approval::{EditApprovalError, NewContent};
pub use follow_events::Feed;
pub use gateway::{Gateway, Parts};
pub use guard::{Assessed, Guard, GuardParts};
pub use join_nodes::{JoinError, NodeSettings};
pub use key_holder::KeyHolder;
pub use manage_keys::{CreateKeyError, ENV_KEY_NAME, NewKey, Secret};
pub use manage_pairings::PairingError;
pub use manage_rules::RevokeRuleError;
pub use manage_sessions::{MessageCall, SessionError, SessionMessage};
pub use metrics::METRICS_TYPE;
pub use operator_rules::{InvalidOperatorRule, OperatorRules, RuleText};
pub use pair_bridge::PairBridgeError;
pub use preview_files::FilePreview;
pub use read_approvals::{ApprovalView, DecisionView, OutcomeView, ReadError};
pub use read_nodes::{NodeView, ReadNodesError};
pub use read_platforms::{AccountView, ReadPlatformsError};
pub use read_responses::{ResponseError, ResponseView};
pub use read_runs::{InputMessage, PendingQuestion, RunView};
pub use read_usage::{LONGEST_USAGE, UsageBy, UsageReport, UsageSum, UsageWanted};
pub use receipt::ReceiptError;
pub use request_foreign::{ForeignRequest, RequestError};
pub use resolve_approval::{Answer, ResolveError, Resolved};
pub use service_chats::{
    ChangeChatError, ChatChange, ChatLimits, RecentView, SaidView, ServiceChatView,
    ServiceChatsError, StartChat, StartChatError, ThreadPart,
};
pub use settings::Settings;
pub use sign_checkpoint::CheckpointError;
pub use sign_in::{NewLink, NewLinkError, SignedIn, WebCaller};
pub use signing_keys::{PublishedKeys, RotateError};
pub use start_response::{StartResponse, StartResponseError};
pub use start_run::{Idempotency, Role, RunStarted, StartRun, StartRunError};
pub use stop_run::StopRunError;
pub use sweep_old::{Retention, Swept};
