//! The bridge to a `WhatsApp` account, as a linked device of it.
//!
//! What a bridge is, is `countersign-whatsapp-bridge`; here is what stands behind it: a client that
//! speaks the protocol of linked devices (`whatsapp-rust`), translated both ways. It decides nothing.

mod device;
mod history;
mod inbound;
mod keys;
mod outbound;
mod session;

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use countersign_whatsapp_bridge::{Bridge, Store, TERMS, TERMS_TEXT, Token, listen};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::device::Device;

/// The bridge to a `WhatsApp` account, as a linked device of it.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "It speaks docs/whatsapp-bridge.openapi.json. The gateway starts it where \
                  `whatsapp.bridge.managed` names it; alone it is started so:\n  \
                  countersign-whatsapp --terms\n  \
                  countersign-whatsapp --state ~/.countersign-whatsapp --accept-terms NAME"
)]
struct Arguments {
    /// Print what has to be accepted, and end
    #[arg(long)]
    terms: bool,
    /// Where its keys and its queue are; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "terms")]
    state: Option<PathBuf>,
    /// Where it listens, on this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8790")]
    listen: SocketAddr,
    /// The file with the token that requests must give; made if it is not there [default: DIR/token]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The name of the terms, which you have read and accept
    #[arg(long, value_name = "NAME")]
    accept_terms: Option<String>,
    /// End when the standard input does: so it never outlives who started it
    #[arg(long)]
    while_stdin: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The client's own log names numbers and what was said: it goes nowhere.
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nowhere else to say it.
            writeln!(io::stderr(), "countersign-whatsapp: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    if arguments.terms {
        writeln!(io::stdout(), "{TERMS}\n\n{TERMS_TEXT}")?;
        return Ok(());
    }
    if arguments.accept_terms.as_deref() != Some(TERMS) {
        let what = format!("read --terms, and give --accept-terms {TERMS} if you accept them");
        return Err(what.into());
    }
    let state = arguments.state.ok_or("--state is missing")?;
    // What is written here opens the account.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    prepare(&state)?;
    let token_file = arguments.token_file.unwrap_or_else(|| state.join("token"));
    let token =
        Token::at(&token_file).map_err(|error| format!("{}: {error}", token_file.display()))?;
    let store = Store::open(&state.join("bridge.db"))?;
    let device = Device::new();
    let bridge = Bridge::new(store.clone(), device.clone() as Arc<_>, token);
    let mut listening = listen(bridge, arguments.listen).await?;
    tracing::info!(address = %listening.address(), "listening");
    let mut session = tokio::spawn(session::keep(device.clone(), store, state));
    let mut terminated = signal(SignalKind::terminate())?;
    let ended: Result<(), Box<dyn std::error::Error>> = tokio::select! {
        ended = listening.ended() => ended.map_err(Into::into),
        ended = &mut session => match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        },
        _ = terminated.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
        () = standard_input(), if arguments.while_stdin => Ok(()),
    };
    listening.stop().await;
    device.leave().await;
    ended
}

/// A folder for its owner's eyes alone.
fn prepare(state: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(state) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    if fs::metadata(state)?.permissions().mode() & 0o077 != 0 {
        let what = format!("{} is open to others: give it the mode 700", state.display());
        return Err(io::Error::other(what));
    }
    Ok(())
}

/// Returns when nobody is at the other end of the standard input any more.
async fn standard_input() {
    let mut buffer = [0_u8; 256];
    let mut input = tokio::io::stdin();
    while input.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
