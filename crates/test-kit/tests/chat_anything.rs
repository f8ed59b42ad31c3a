//! Command lines, mentions, ids and clicks with random fields: no panic, and no decision. The fuzz
//! target `chats` goes on where this ends.

use countersign_test_kit::AnythingSaid;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[test]
fn whatever_is_sent_decides_nothing() {
    let anything = AnythingSaid::open();
    let mut runner = TestRunner::new(Config { cases: 400, ..Config::default() });
    let text = proptest::collection::vec(any::<u8>(), 0..80);
    runner
        .run(&text, |data| {
            anything.send(&data);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
