//! What tests of tools and of the loop share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::action::Action;
use countersign_domain::assessment::Assessment;
use countersign_domain::grants::{Binding, Terms, for_action, verify};
use countersign_domain::guard::{Mode, Ruling, rule_on};
use countersign_domain::identity::Actor;
use countersign_domain::ids::{CallId, GatewayId, GrantId, SessionId};
use countersign_domain::outbound::sends_data;
use countersign_domain::permit::{Committed, PermittedAction};
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::ProposedCall;
use countersign_domain::signing::{Purpose, SigningKey};
use countersign_domain::time::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{OutputLimits, Plan, ToolContext, ToolInputError, ToolOutput, Toolbox};

/// A secret of the gateway that no output may show.
pub(crate) const SECRET: &str = "gateway-secret-0123456789";

/// What a gate gives for an action that it allows.
pub(crate) fn permitted(action: Action) -> PermittedAction {
    let ruling = rule_on(&action, &Assessment::allow(), Mode::Manual, None);
    let Ruling::Run(permit) = ruling else {
        panic!("what is harmless runs");
    };
    permit.committed(&Committed::by_store()).unlock(action).unwrap()
}

/// What a gate gives for an action that leaves the house: on a grant that was used up.
pub(crate) fn granted(action: Action) -> PermittedAction {
    let (id, now) = (Uuid::from_u128(1), Timestamp::from_millis(0));
    let key = SigningKey::from_seed([1; 32]).unwrap();
    let binding = Binding::of(&action, "t", SessionId::from_uuid(id), GatewayId::from_uuid(id));
    let right = (Terms::Exempt, Actor::System, None);
    let times = (now, Duration::from_secs(1));
    let token = for_action(GrantId::from_uuid(id), &binding, right, times).to_json();
    let token = key.sign(Purpose::Grant, &token).unwrap();
    let keys = [key.verifying_key().clone()].into_iter().collect();
    let (permit, _) = verify(&token, &keys, &binding, now).unwrap().redeem(now);
    permit.committed(&Committed::by_store()).unlock(action).unwrap()
}

pub(crate) fn context(workspace: &Path) -> ToolContext {
    let path = std::env::var("PATH").unwrap();
    ToolContext {
        workspace: workspace.canonicalize().unwrap(),
        env: BTreeMap::from([("PATH".to_owned(), path)]),
        timeout: Duration::from_secs(20),
        output: OutputLimits::default(),
        redactor: Arc::new(Redactor::new([SECRET.to_owned()])),
        own_port: None,
    }
}

pub(crate) fn call(tool: &str, arguments: &Value) -> ProposedCall {
    ProposedCall {
        id: CallId::from_uuid(Uuid::from_u128(1)),
        provider_id: "p1".to_owned(),
        tool: tool.to_owned(),
        arguments: arguments.to_string(),
    }
}

/// A workspace and the built-in tools in it.
pub(crate) struct Bench {
    _dir: tempfile::TempDir,
    pub(crate) context: ToolContext,
    pub(crate) cancel: CancellationToken,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path());
        Self { _dir: dir, context, cancel: CancellationToken::new() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.context.workspace
    }

    pub(crate) fn plan(&self, tool: &str, arguments: &Value) -> Result<Action, ToolInputError> {
        let tools = Toolbox::builtin(self.context.clone());
        match tools.plan(&call(tool, arguments))? {
            Plan::Effect(action) => Ok(action),
            Plan::Ask(question) => panic!("asked: {}", question.text),
            Plan::Converse(request) => panic!("wanted: {request:?}"),
        }
    }

    pub(crate) fn refusal(&self, tool: &str, arguments: &Value) -> String {
        self.plan(tool, arguments).unwrap_err().to_string()
    }

    /// Plans and executes, as if the gate had allowed it.
    pub(crate) async fn run(&self, tool: &str, arguments: &Value) -> ToolOutput {
        let action = self.plan(tool, arguments).unwrap();
        self.execute(tool, arguments, action).await
    }

    pub(crate) async fn execute(&self, tool: &str, args: &Value, action: Action) -> ToolOutput {
        let tools = Toolbox::builtin(self.context.clone());
        let cancel = self.cancel.clone();
        let permit = if sends_data(&action) { granted(action) } else { permitted(action) };
        tools.execute(&call(tool, args), permit, cancel).await
    }
}

/// HTTP clients need a TLS provider even where no TLS is spoken.
pub(crate) fn install_tls() {
    // A second call finds the first one's.
    rustls::crypto::ring::default_provider().install_default().ok();
}
