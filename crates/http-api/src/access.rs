//! Who is calling, and whether they may call this route.
//!
//! Routes are registered in groups, each behind [`admit`] with what it needs; a handler gets its
//! caller from there and nowhere else, so a route outside of every group has none.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use countersign_domain::access::Scope;
use countersign_domain::identity::{KeyName, Principal};
use countersign_domain::time::Timestamp;
use countersign_gateway::{AuthError, Caller, ENV_KEY_NAME};
use subtle::ConstantTimeEq;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::hosts::host_of;
use crate::problem::Problem;
use crate::server::App;

/// The cookie of a sign-in.
pub(crate) const COOKIE_NAME: &str = "countersign_session";

/// An authenticated caller.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    pub(crate) credential: Credential,
    /// What changing requests must repeat, when a browser adds the credential by itself.
    pub(crate) csrf: Option<String>,
    /// Until when a sign-in is good.
    pub(crate) expires_at: Option<Timestamp>,
}

/// What a caller proved itself with.
#[derive(Clone)]
pub(crate) enum Credential {
    /// A key, or the operator's token.
    Bearer(String),
    /// The cookie of a sign-in.
    Cookie(String),
}

/// What a group of routes needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// One of these scopes.
    pub(crate) scopes: &'static [Scope],
    /// Whether keys open it, or only the cookie of a sign-in.
    pub(crate) keys: bool,
    /// Whether the token of whoever collects figures opens it, too. It stands for nobody: such a
    /// request has no caller.
    pub(crate) metrics_token: bool,
}

/// Routes that stand behind the same needs.
pub(crate) struct Group {
    pub(crate) needs: Needs,
    routes: Vec<UtoipaMethodRouter<App>>,
}

/// The caller of a route that [`admit`] guards.
pub(crate) struct Admitted(pub(crate) Identity);

impl Group {
    pub(crate) const fn new(needs: Needs, routes: Vec<UtoipaMethodRouter<App>>) -> Self {
        Self { needs, routes }
    }

    /// The routes as the document tells of them.
    pub(crate) fn documented(self) -> OpenApi {
        let routes = self.routes.into_iter();
        routes.fold(OpenApiRouter::new(), OpenApiRouter::routes).into_openapi()
    }

    /// The routes, each behind the group's needs. A method that an address does not take needs
    /// nobody to be refused.
    pub(crate) fn guarded(self, app: &App) -> OpenApiRouter<App> {
        let admitting = from_fn_with_state((app.clone(), self.needs), admit);
        let routes = self.routes.into_iter().map(|(schemas, paths, methods)| {
            (schemas, paths, methods.route_layer(admitting.clone()))
        });
        routes.fold(OpenApiRouter::new(), OpenApiRouter::routes)
    }
}

impl Needs {
    /// A key or a sign-in with one of `scopes`.
    pub(crate) const fn any_of(scopes: &'static [Scope]) -> Self {
        Self { scopes, keys: true, metrics_token: false }
    }

    /// A sign-in to the web page.
    pub(crate) const SIGN_IN: Self =
        Self { scopes: &[Scope::Admin], keys: false, metrics_token: false };

    /// The same, or the token of whoever collects figures.
    pub(crate) const fn or_metrics_token(self) -> Self {
        Self { metrics_token: true, ..self }
    }

    fn check(self, identity: &Identity) -> Result<(), Problem> {
        if !self.keys && identity.csrf.is_none() {
            let message = "this address is for the web page's own cookie";
            return Err(Problem::unauthenticated(message));
        }
        let caller = &identity.caller;
        if self.scopes.iter().any(|scope| caller.may(*scope)) {
            return Ok(());
        }
        let words: Vec<String> =
            self.scopes.iter().map(|scope| format!("`{}`", scope.as_str())).collect();
        let message = format!("{} needs the scope {}", caller.principal, words.join(" or "));
        Err(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", message))
    }
}

impl FromRequestParts<App> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Identity>().cloned();
        identity.map(Self).ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a route that needs a caller admits nobody");
            Problem::internal()
        })
    }
}

/// Lets a request on if its caller is known and may call these routes.
pub(crate) async fn admit(
    State((app, needs)): State<(App, Needs)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if needs.metrics_token && has_metrics_token(&app, &parts.headers) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    match identified(&app, needs, &parts).await {
        Ok(identity) => {
            parts.extensions.insert(identity);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn has_metrics_token(app: &App, headers: &HeaderMap) -> bool {
    match credential(headers) {
        Ok(Some(Credential::Bearer(secret))) => app.is_metrics_token(&secret),
        Ok(Some(Credential::Cookie(_)) | None) | Err(_) => false,
    }
}

async fn identified(app: &App, needs: Needs, request: &Parts) -> Result<Identity, Problem> {
    let credential = credential(&request.headers)?.ok_or_else(|| {
        Problem::unauthenticated(
            "this needs a key in `Authorization: Bearer …`; \
             make one with `countersign keys create`",
        )
    })?;
    let identity = match authenticate(app, credential).await {
        Ok(identity) => identity,
        Err(AuthError::Store(error)) => return Err(error.into()),
        Err(AuthError::Refused) => {
            return Err(refuse(app, &request.extensions, "a request").await);
        }
    };
    if identity.csrf.is_some() && !request.method.is_safe() {
        check_csrf(app, &identity, request)?;
    }
    if let Principal::ApiKey(key) = &identity.caller.principal {
        app.rates.count_request(key).map_err(|wait| {
            Problem::too_many("rate_limited", wait, "this key has made too many requests")
        })?;
    }
    needs.check(&identity)?;
    Ok(identity)
}

/// Who is behind a credential.
pub(crate) async fn authenticate(app: &App, credential: Credential) -> Result<Identity, AuthError> {
    let (caller, csrf, expires_at) = match &credential {
        Credential::Bearer(secret) => (bearer(app, secret).await?, None, None),
        Credential::Cookie(cookie) => {
            let web = app.gateway.authenticate_cookie(cookie).await?;
            (web.caller, Some(web.csrf), Some(web.expires_at))
        }
    };
    Ok(Identity { caller, credential, csrf, expires_at })
}

async fn bearer(app: &App, secret: &str) -> Result<Caller, AuthError> {
    if app.is_operator(secret) {
        return Ok(Caller::operator());
    }
    if app.is_env_key(secret)
        && let Ok(name) = ENV_KEY_NAME.parse::<KeyName>()
    {
        let scopes = BTreeSet::from(Scope::ALL);
        return Ok(Caller { principal: Principal::ApiKey(name), scopes });
    }
    app.gateway.authenticate_key(secret).await
}

/// What a request proves itself with. A bearer token goes before a cookie, even a wrong one.
pub(crate) fn credential(headers: &HeaderMap) -> Result<Option<Credential>, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    match (given.next(), given.next()) {
        (None, _) => Ok(cookie(headers).map(Credential::Cookie)),
        (Some(_), Some(_)) => {
            Err(Problem::unauthenticated("`Authorization` was given more than once"))
        }
        (Some(value), None) => {
            let (scheme, secret) =
                value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
            let secret = secret.trim();
            if scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty() {
                Ok(Some(Credential::Bearer(secret.to_owned())))
            } else {
                Err(Problem::unauthenticated("`Authorization` is not of the form `Bearer <key>`"))
            }
        }
    }
}

/// The cookie of a sign-in, if a request carries one.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<String> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == COOKIE_NAME && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Refuses somebody who failed to prove who they are: counts it against their address and records
/// it, as long as that address has not used up its attempts.
pub(crate) async fn refuse(app: &App, of: &Extensions, what: &'static str) -> Problem {
    match count_attempt(app, of) {
        Ok(()) => refuse_counted(app, of, what).await,
        Err(problem) => problem,
    }
}

/// Counts an attempt of this address to prove who it is, before it is looked at.
pub(crate) fn count_attempt(app: &App, of: &Extensions) -> Result<(), Problem> {
    app.rates.count_failure(peer(of)).map_err(|wait| {
        let message = "too many failed attempts from this address";
        Problem::too_many("rate_limited", wait, message)
    })
}

/// Refuses somebody whose attempt was counted, and records it.
pub(crate) async fn refuse_counted(app: &App, of: &Extensions, what: &'static str) -> Problem {
    let address = peer(of);
    let gateway = app.gateway.clone();
    let recorded =
        tokio::spawn(async move { gateway.audit_auth_failure(&address.to_string(), what).await });
    if let Ok(Err(error)) = recorded.await {
        tracing::error!(%error, "a failed sign-in could not be recorded");
    }
    Problem::unauthenticated(AuthError::Refused.to_string())
}

fn peer(of: &Extensions) -> IpAddr {
    of.get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

/// A browser adds the cookie by itself, whoever wrote the page. Only our own page knows the token,
/// and only it has our origin.
fn check_csrf(app: &App, identity: &Identity, request: &Parts) -> Result<(), Problem> {
    let headers = &request.headers;
    let given = headers.get("x-csrf-token").map(HeaderValue::as_bytes).unwrap_or_default();
    let wanted = identity.csrf.as_deref().unwrap_or_default().as_bytes();
    let same_token = bool::from(given.ct_eq(wanted)) && !wanted.is_empty();
    let host = host_of(headers, &request.uri).unwrap_or_default();
    let own_origin = headers
        .get_all(ORIGIN)
        .iter()
        .all(|origin| origin.to_str().is_ok_and(|origin| app.hosts.is_own_origin(origin, host)));
    if same_token && own_origin {
        return Ok(());
    }
    let message = "the request does not come from this gateway's own page; \
         reload the page, or use a key instead of the cookie";
    Err(Problem::new(StatusCode::FORBIDDEN, "csrf_failed", message).about("X-CSRF-Token"))
}
