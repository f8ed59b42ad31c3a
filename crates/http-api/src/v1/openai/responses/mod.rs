//! Responses: runs that go on from one another, and can be read again.

mod create;
mod id;
mod read;
mod remove;
mod request;
mod stream;
mod wire;

use utoipa_axum::routes;

use crate::v1::Routes;

pub(crate) use request::ResponseSchemas;

pub(super) fn routes() -> Routes {
    vec![routes!(create::create_response), routes!(read::read_response, remove::delete_response)]
}
