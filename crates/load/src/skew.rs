//! Wall clocks that are wrong: a small library that is put before the system's own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

const SOURCE: &str = include_str!("skew.c");

/// The variable that says by how many seconds.
pub(crate) const SECONDS: &str = "COUNTERSIGN_LOAD_SKEW";

/// Makes the library in `dir`.
pub(crate) async fn library(dir: &Path) -> Result<PathBuf> {
    let (source, made) = (dir.join("skew.c"), dir.join("skew.so"));
    std::fs::write(&source, SOURCE)?;
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&made).arg(&source);
    let output = compiler.output().await.context("a C compiler (`cc`) makes wrong clocks")?;
    ensure!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
    Ok(made)
}
