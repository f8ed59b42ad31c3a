//! Files that hold credentials.

mod home;
mod names;
mod system;

use super::deletes::simple_glob;
use super::paths::base_name;
use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;
use home::{SECRET_FILES, is_home_secret};
use names::is_secret_name;
use system::{is_run_secret, is_system_secret};

impl Machine<'_> {
    /// Whether a resolved path (a glob, perhaps) is or reaches a credential.
    pub(crate) fn is_credential(&self, path: &str) -> bool {
        if path.contains(['?', '[']) && self.glob_reaches_credential(path) {
            return true;
        }
        if path.starts_with("/@container") {
            return is_run_secret(path.trim_start_matches("/@container"));
        }
        let name = base_name(path);
        let homes = [self.ctx.home.trim_end_matches('/'), "/root"];
        let in_home = homes
            .iter()
            .find_map(|home| path.strip_prefix(home))
            .or_else(|| {
                let rest = path.strip_prefix("/home/").or_else(|| path.strip_prefix("/Users/"))?;
                rest.find('/').and_then(|at| rest.get(at..))
            })
            .map(|rest| rest.trim_start_matches('/'));
        if in_home.is_some_and(is_home_secret) {
            return true;
        }
        is_run_secret(path) || is_system_secret(path) || is_secret_name(name)
    }

    /// Whether a glob takes in a credential at its usual place.
    fn glob_reaches_credential(&self, path: &str) -> bool {
        let home = self.ctx.home.trim_end_matches('/');
        let usual = ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/run/secrets/x"];
        let below = [".ssh/id_rsa", ".ssh/id_ed25519", ".ssh/id_ecdsa", ".aws/credentials"];
        usual.iter().any(|secret| path_glob(path, secret))
            || below
                .iter()
                .chain(SECRET_FILES)
                .any(|secret| path_glob(path, &format!("{home}/{secret}")))
    }

    /// Records that a file's content is read.
    pub(crate) fn read_path(&mut self, path: &str) {
        if self.read_own(path) || (path.contains(UNKNOWN) && !path.contains("/.ssh/")) {
            return;
        }
        let resolved = self.resolve(path);
        if self.is_credential(&resolved) {
            self.effect("secret.read", path);
        } else if !path.is_empty() {
            self.effect("fs.read", path);
        }
    }
}

/// A glob over a path, part by part.
fn path_glob(glob: &str, path: &str) -> bool {
    let parts = |text: &str| text.split('/').count();
    glob.len() <= 256
        && parts(glob) == parts(path)
        && glob.split('/').zip(path.split('/')).all(|(glob, part)| simple_glob(glob, part))
}
