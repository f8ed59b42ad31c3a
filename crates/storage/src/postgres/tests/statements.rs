//! The catalogue's statements are ones that PostgreSQL understands, too.

use super::super::dialect::dialect;
use super::super::{marks, plan, transaction};
use super::{beside, fresh};
use crate::catalogue::every::every;

#[tokio::test]
async fn every_statement_can_be_prepared() {
    let (_store, server) = fresh().await;
    let session = beside(&server).await;
    let own = [
        plan::callers::REMEMBER,
        plan::sends::SEND,
        plan::sends::FORGET,
        plan::service::COUNT,
        plan::service::COUNT_IN_CHAT,
        plan::RUN_IN_VERSION,
        plan::CALL_IN_VERSION,
        plan::APPROVAL_IN_VERSION,
        plan::SERVICE_CHAT_IN_VERSION,
        transaction::LOCK,
        transaction::STAND,
        marks::SWEEP,
        marks::PUT,
        marks::FIND,
        marks::REMOVE,
        super::super::log::ROWS,
    ];
    let own = own.map(str::to_owned).into_iter();
    for sql in every().into_iter().map(|named| named.sql).chain(own) {
        let prepared = session.client().prepare(&dialect(&sql)).await;
        assert!(prepared.is_ok(), "{sql}: {prepared:?}");
    }
}
