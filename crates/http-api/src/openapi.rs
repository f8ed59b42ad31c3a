//! The OpenAPI document, made from the code of the routes.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, Response, ResponseBuilder,
    ServerBuilder,
};

use crate::access::{COOKIE_NAME, Needs};
use crate::config::HttpConfig;
use crate::problem::Refusals;
use crate::router::{groups, open};
use crate::v1::{ChatSchemas, ResponseSchemas, Schemas};

/// What every route may answer.
const ALWAYS: [(&str, &str); 2] = [("421", "`host_not_allowed`"), ("500", "`internal_error`")];

/// What routes behind a caller may answer.
const GUARDED: [(&str, &str); 5] = [
    ("400", "A parameter or a field is wrong; `param` names it."),
    ("401", "`unauthenticated`"),
    ("403", "`insufficient_scope`, `csrf_failed`"),
    ("429", "`rate_limited`"),
    ("503", "`store_unavailable`"),
];

/// What routes that take a body may answer.
const WITH_BODY: [(&str, &str); 3] = [
    ("408", "`request_timeout`"),
    ("413", "`body_too_large`"),
    ("415", "`unsupported_media_type`"),
];

/// The document as JSON, as it is for a gateway at its default address.
pub fn openapi() -> String {
    let document = document(&format!("http://{}", HttpConfig::default().listen));
    // The document is plain data with text keys, which JSON can always write.
    document.to_pretty_json().unwrap_or_default()
}

/// The document of the gateway at `base`.
pub(crate) fn document(base: &str) -> OpenApi {
    let mut document = open().into_openapi();
    for group in groups() {
        let needs = group.needs;
        let mut part = group.documented();
        for operation in part.paths.paths.values_mut().flat_map(operations) {
            operation.security = Some(security(needs));
            add(operation, &GUARDED);
        }
        document.merge(part);
    }
    document.merge(Schemas::openapi());
    document.merge(ChatSchemas::openapi());
    document.merge(ResponseSchemas::openapi());
    document.merge(Refusals::openapi());
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        add(operation, &ALWAYS);
        if operation.request_body.is_some() {
            add(operation, &WITH_BODY);
        }
    }
    describe(&mut document, base);
    document
}

fn describe(document: &mut OpenApi, base: &str) {
    document.info = InfoBuilder::new()
        .title("Countersign")
        .version("1")
        .description(Some(
            "An agent gateway under hard human control: runs, their events, and the approvals \
             that people give them.",
        ))
        .license(Some(
            LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
        ))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url(base).build()]);
    let components = document.components.get_or_insert_default();
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key made with `countersign keys create`; the words are its scopes."));
    let cookie = ApiKeyValue::with_description(
        COOKIE_NAME,
        "The web page's sign-in. Changing requests repeat its token in `X-CSRF-Token`.",
    );
    components.add_security_scheme("key", SecurityScheme::Http(key.build()));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
}

fn security(needs: Needs) -> Vec<SecurityRequirement> {
    let keys = needs.scopes.iter().filter(|_| needs.keys);
    let keys = keys.map(|scope| SecurityRequirement::new("key", [scope.as_str()]));
    keys.chain([SecurityRequirement::new("cookie", [] as [&str; 0])]).collect()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Adds answers that the route itself does not tell of.
fn add(operation: &mut Operation, answers: &[(&str, &str)]) {
    for (status, description) in answers {
        let known = &mut operation.responses.responses;
        known.entry((*status).to_owned()).or_insert_with(|| refusal(description).into());
    }
}

fn refusal(description: &str) -> Response {
    let schema = Ref::from_schema_name("Error");
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
