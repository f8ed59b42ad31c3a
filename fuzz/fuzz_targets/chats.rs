#![no_main]

use std::sync::LazyLock;

use countersign_test_kit::AnythingSaid;

static GATEWAY: LazyLock<AnythingSaid> = LazyLock::new(AnythingSaid::open);

libfuzzer_sys::fuzz_target!(|data: &[u8]| GATEWAY.send(data));
