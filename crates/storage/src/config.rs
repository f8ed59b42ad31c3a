//! The section `store`: where everything is kept.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::copy::Place;
use crate::postgres::{InvalidServer, Server, encoded};

/// Where everything is kept.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// `sqlite:PATH` for a file, `postgres://USER@HOST/DATABASE` for a database that several nodes
    /// share; by default a file in the home directory. A server on another machine must prove who
    /// it is; `?sslmode=require` believes it, `?sslrootcert=FILE` names who may vouch for it.
    /// `${NAME}` stands for an environment variable.
    pub url: Option<String>,
    /// Name of the environment variable that holds the database password.
    pub password_env: Option<String>,
    /// The file that holds the database password.
    pub password_file: Option<PathBuf>,
    /// How many connections to the database one node reads through; one more writes. Not for files.
    #[schemars(range(min = 1, max = 100))]
    pub connections: Option<u16>,
}

/// A value that cannot be used; names its key.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct StoreConfigError {
    /// The key, with dots.
    pub key: &'static str,
    /// What is wrong, and what is accepted.
    pub problem: String,
    /// Elsewhere it may be right: a file or the machine's certificates could not be read.
    pub is_about_this_machine: bool,
}

// The address may hold a password.
impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.url.as_ref().map(|_| "…"))
            .field("password_env", &self.password_env)
            .field("password_file", &self.password_file)
            .field("connections", &self.connections)
            .finish()
    }
}

impl StoreConfig {
    /// The place that is meant; `environment` reads a variable, `file` is where everything is kept
    /// if nothing is said.
    pub fn place(
        &self,
        file: PathBuf,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Place, StoreConfigError> {
        if self.connections.is_some_and(|count| !(1..=100).contains(&count)) {
            return Err(wrong("store.connections", "use a number from 1 to 100"));
        }
        let Some(url) = &self.url else {
            return Ok(Place::Sqlite(file));
        };
        let address = filled(url, &environment).map_err(|problem| wrong("store.url", &problem))?;
        let password = self.password(&environment)?;
        place(&address, password.as_deref()).map_err(|error| StoreConfigError {
            is_about_this_machine: matches!(
                error,
                InvalidPlace::Server(
                    InvalidServer::Certificates(..) | InvalidServer::NoCertificates(_)
                )
            ),
            ..wrong("store.url", &error.to_string())
        })
    }

    /// Whether a start would take the values, wherever it happens: what is in the environment and
    /// in files is known only there.
    pub fn check(&self) -> Result<(), StoreConfigError> {
        if self.password_env.is_some() && self.password_file.is_some() {
            self.password(|_| None)?;
        }
        let given = |_: &str| Some("given-at-the-start".to_owned());
        let without = Self { password_env: None, password_file: None, ..self.clone() };
        match without.place(PathBuf::from("/"), given) {
            Err(error) if !error.is_about_this_machine => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn password(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, StoreConfigError> {
        match (&self.password_env, &self.password_file) {
            (Some(_), Some(_)) => Err(wrong(
                "store.password_file",
                "`store.password_env` is set too; use one of them",
            )),
            (Some(name), None) => {
                let found = environment(name).filter(|value| !value.is_empty());
                let unset = || format!("the environment variable `{name}` is not set");
                found.map(Some).ok_or_else(|| wrong("store.password_env", &unset()))
            }
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    wrong("store.password_file", &format!("`{}`: {error}", path.display()))
                })?;
                let password = text.trim_end_matches(['\r', '\n']);
                if password.is_empty() {
                    let empty = format!("`{}` is empty", path.display());
                    return Err(wrong("store.password_file", &empty));
                }
                Ok(Some(password.to_owned()))
            }
            (None, None) => Ok(None),
        }
    }
}

/// Why an address names no store.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPlace {
    /// There is no file in it.
    #[error("name the file: `sqlite:PATH`")]
    NoFile,
    /// Not that of a server, either.
    #[error("{0}; for a file write `sqlite:PATH`")]
    Neither(InvalidServer),
    /// That of a server that cannot be used.
    #[error(transparent)]
    Server(InvalidServer),
}

/// The place that `address` names.
pub fn place(address: &str, password: Option<&str>) -> Result<Place, InvalidPlace> {
    if let Some(path) = address.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(InvalidPlace::NoFile);
        }
        return Ok(Place::Sqlite(Path::new(path).to_owned()));
    }
    match Server::parse(address, password) {
        Ok(server) => Ok(Place::Postgres(Box::new(server))),
        Err(error @ InvalidServer::Address(_)) => Err(InvalidPlace::Neither(error)),
        Err(error) => Err(InvalidPlace::Server(error)),
    }
}

/// `text` with the values of the environment variables that it names, encoded for an address.
pub fn filled(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) =
            after.split_once('}').ok_or_else(|| "a `${` is not closed by `}`".to_owned())?;
        let value = environment(name)
            .ok_or_else(|| format!("the environment variable `{name}` is not set"))?;
        whole.push_str(before);
        whole.push_str(&encoded(&value));
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

fn wrong(key: &'static str, problem: &str) -> StoreConfigError {
    StoreConfigError { key, problem: problem.to_owned(), is_about_this_machine: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(config: &StoreConfig) -> Result<Place, String> {
        let environment = |name: &str| (name == "DB_PASSWORD").then(|| "a/b c@d".to_owned());
        config.place("/home/countersign.db".into(), environment).map_err(|error| error.to_string())
    }

    fn server(place: Result<Place, String>) -> (String, Option<String>) {
        match place {
            Ok(Place::Postgres(server)) => (server.to_string(), server.password()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn by_default_it_is_a_file_in_the_home() {
        let place = read(&StoreConfig::default()).unwrap();
        assert_eq!(place.to_string(), "sqlite:/home/countersign.db");
        let config = StoreConfig { url: Some("sqlite:/srv/cs.db".into()), ..Default::default() };
        assert_eq!(read(&config).unwrap().to_string(), "sqlite:/srv/cs.db");
    }

    #[test]
    fn a_password_comes_from_one_place() {
        let url = Some("postgres://cs@localhost/cs".to_owned());
        let named = StoreConfig {
            url: url.clone(),
            password_env: Some("DB_PASSWORD".into()),
            ..Default::default()
        };
        let password = Some("a/b c@d".to_owned());
        assert_eq!(
            server(read(&named)),
            ("postgres://cs@localhost:5432/cs".into(), password.clone())
        );
        let inside = "postgres://cs:${DB_PASSWORD}@localhost/cs".to_owned();
        let inside = StoreConfig { url: Some(inside), ..Default::default() };
        assert_eq!(server(read(&inside)), ("postgres://cs@localhost:5432/cs".into(), password));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from a file\n").unwrap();
        let filed =
            StoreConfig { url, password_file: Some(file.path().to_owned()), ..Default::default() };
        assert_eq!(server(read(&filed)).1.as_deref(), Some("from a file"));
        let both = StoreConfig { password_env: Some("DB_PASSWORD".into()), ..filed };
        assert!(read(&both).unwrap_err().contains("use one of them"));
    }

    #[test]
    fn what_cannot_be_used_names_its_key() {
        let url = |url: &str| StoreConfig { url: Some(url.to_owned()), ..Default::default() };
        let unset =
            StoreConfig { password_env: Some("NO".into()), ..url("postgres://localhost/x") };
        for (config, expected) in [
            (url("mysql://x"), "`store.url`: it is not an address"),
            (url("sqlite:"), "`store.url`: name the file"),
            (url("postgres://${NO}@localhost/x"), "variable `NO` is not set"),
            (url("postgres://${NO"), "not closed"),
            (unset, "`store.password_env`: the environment variable `NO` is not set"),
            (
                StoreConfig { connections: Some(0), ..Default::default() },
                "`store.connections`: use a number from 1 to 100",
            ),
        ] {
            let refused = read(&config).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
    }

    #[test]
    fn an_address_is_never_printed() {
        let url = Some("postgres://cs:s3cret@localhost/cs".to_owned());
        let config = StoreConfig { url, ..Default::default() };
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
