//! One of the processes that race for grants: `racer DATABASE-DIRECTORY SEED NOW-MS`.
//!
//! Reads a token a line and tries to use it up through a gateway of its own on the directory of
//! another. Answers each with `won` or with the code of the refusal.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::path::Path;

use countersign_domain::time::Timestamp;
use countersign_gateway::{Caller, ConsumeError, Presented};
use countersign_test_kit::House;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, seed, now] = arguments.as_slice() else {
        return Err("usage: racer DIRECTORY SEED NOW-MS".into());
    };
    let now = Timestamp::from_millis(now.parse()?);
    let gateway = House::gateway_beside(Path::new(directory), seed.parse()?, now);
    writeln!(stdout(), "ready")?;
    for token in stdin().lock().lines() {
        let presented = Presented { grant: token?, ..Presented::default() };
        let answer = match gateway.consume_grant(&presented, &Caller::operator()).await {
            Ok(_) => "won",
            Err(ConsumeError::Refused(error)) => error.code(),
            Err(error) => return Err(error.into()),
        };
        writeln!(stdout(), "{answer}")?;
    }
    Ok(())
}
