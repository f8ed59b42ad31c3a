//! `GET /v1/audit`

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use countersign_domain::audit::{AuditKind, SealedRecord};
use countersign_domain::time::Timestamp;
use countersign_ports::duration::HumanDuration;
use countersign_ports::store::{AuditFilter, Page, PageRequest};
use tokio::time::Instant;

use super::wire::AuditRecordBody;
use crate::access::{Admitted, Identity, authenticate};
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::sse::{KEEP_ALIVE, Shutdown};
use crate::v1::List;

/// The longest part of the list.
const MOST: usize = 200;

/// The longest that a request is held.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// List the records of the audit log, newest first.
///
/// With `after` the other way round: what is numbered above it, oldest first. With `wait` too the
/// answer is held until there is something, so that a log can be followed.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", operation_id = "listAuditRecords",
    params(
        ("kind" = Option<String>, Query, pattern = "^[a-z_]+([.][a-z_]+)?$",
            description = "Of this kind.", example = "approval.decided"),
        ("subject" = Option<String>, Query,
            description = "About this: the id of an approval, run, rule or key."),
        ("actor" = Option<String>, Query,
            description = "By `system` or this principal.", example = "operator"),
        ("since" = Option<String>, Query, format = DateTime,
            description = "Made then or later.", example = "2026-11-18T00:00:00Z"),
        ("until" = Option<String>, Query, format = DateTime,
            description = "Made before then."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200,
            description = "1 to 200; 20 by default."),
        ("cursor" = Option<u64>, Query, description = "`next_cursor` of the part before."),
        ("after" = Option<u64>, Query,
            description = "What is numbered above this, oldest first; not together with `cursor`."),
        ("wait" = Option<String>, Query, pattern = "^[0-9]{1,5}ms$|^[1-9]m$|^[0-9]{1,2}s$",
            example = "30s",
            description = "With `after`: hold the answer until there is something, at most so \
                           long; up to 10 minutes.")
    ),
    responses((status = 200, description = "A part of the log.", body = List<AuditRecordBody>))
)]
pub(crate) async fn list_audit_records(
    State(app): State<App>,
    Admitted(identity): Admitted,
    shutdown: Shutdown,
    mut query: Parameters,
) -> Result<Json<List<AuditRecordBody>>, Problem> {
    let filter = AuditFilter {
        kind: query.word("kind", AuditKind::ALL.iter().copied(), |kind| kind.as_str())?,
        subject: query.parsed("subject")?,
        actor: query.parsed("actor")?,
        since: query.parsed::<Timestamp>("since")?,
        until: query.parsed::<Timestamp>("until")?,
    };
    let after = query.parsed::<u64>("after")?;
    let wait = query.parsed::<HumanDuration>("wait")?.map(Duration::from);
    let page: PageRequest<u64> = query.page(MOST)?;
    query.finish()?;
    let invalid = |name, message| Err(Problem::invalid("invalid_value", name, message));
    let Some(after) = after else {
        if wait.is_some() {
            return invalid("wait", "`wait` needs `after`: the number of the last record you have");
        }
        let Page { items, next } = app.gateway.audit_log(filter, page, &identity.caller).await?;
        return Ok(Json(List::part(bodies(items), next)));
    };
    if page.before.is_some() {
        return invalid("cursor", "give `after` or `cursor`, not both");
    }
    let wait = wait.unwrap_or(Duration::ZERO);
    if wait > LONGEST_WAIT {
        return invalid("wait", "`wait` is at most 10m");
    }
    let found =
        Patience { app, identity, shutdown }.until_some(filter, (after, page.limit), wait).await?;
    Ok(Json(List::whole(bodies(found))))
}

/// Somebody who waits.
struct Patience {
    app: App,
    identity: Identity,
    shutdown: Shutdown,
}

impl Patience {
    /// What comes after a record, or nothing when the wait or the gateway ends. Like a stream, it
    /// looks now and then whether the credential is still good.
    async fn until_some(
        mut self,
        filter: AuditFilter,
        (after, limit): (u64, usize),
        wait: Duration,
    ) -> Result<Vec<SealedRecord>, Problem> {
        let gateway = self.app.gateway.clone();
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let patience = left.min(KEEP_ALIVE);
            let caller = &self.identity.caller;
            let read = gateway.audit_log_after(filter.clone(), (after, limit), patience, caller);
            let found = tokio::select! {
                found = read => found?,
                () = self.shutdown.0.cancelled() => return Ok(Vec::new()),
            };
            if !found.is_empty() || left.is_zero() {
                return Ok(found);
            }
            self.identity = authenticate(&self.app, self.identity.credential).await?;
        }
    }
}

fn bodies(lines: Vec<SealedRecord>) -> Vec<AuditRecordBody> {
    lines.into_iter().map(AuditRecordBody::from).collect()
}
