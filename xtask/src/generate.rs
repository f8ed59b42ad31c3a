//! Files that are made from the code: written by `generate`, checked by `tidy`.

use std::process::Command;
use std::{fs, io};

use anyhow::{Context as _, Result, ensure};

const CONFIG_SCHEMA: &str = "docs/generated/config.schema.json";
const OPENAPI: &str = "docs/generated/openapi.json";

/// Where each file goes, and what belongs in it.
fn generated() -> Result<[(&'static str, String); 2]> {
    let openapi = countersign_http_api::openapi() + "\n";
    Ok([(CONFIG_SCHEMA, config_schema()?), (OPENAPI, openapi)])
}

/// Writes every generated file.
pub(crate) fn write() -> Result<()> {
    fs::create_dir_all("docs/generated")?;
    for (path, made) in generated()? {
        fs::write(path, made)?;
    }
    Ok(())
}

/// The generated files that are not what the code makes now.
pub(crate) fn stale() -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (path, made) in generated()? {
        let stored = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        if stored != made {
            stale.push(format!("{path} is stale: run `cargo xtask generate`"));
        }
    }
    Ok(stale)
}

/// The sections are composed in the program, so it is asked for their schema.
fn config_schema() -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "countersign-cli", "--", "config", "schema"])
        .output()
        .context("cargo run")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
