//! Files that hold credentials.

use super::deletes::simple_glob;
use super::paths::base_name;
use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;

/// Below the home directory: everything in these is a credential, some names excepted.
const SECRET_DIRS: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".password-store",
    ".config/gcloud",
    ".config/gh",
    ".config/rclone",
    ".local/share/keyrings",
    "Library/Keychains",
    ".config/op",
    ".config/sops",
    ".vault.d",
    ".oci",
    ".config/doctl",
    ".config/hub",
    ".minikube/profiles",
    ".config/heroku",
    ".putty",
    ".config/age",
    ".bitcoin",
    ".electrum",
    ".ethereum",
    ".config/hcloud",
    ".config/helm/registry",
    ".config/containers/auth.json",
    ".config/linode-cli",
    ".config/scw",
    ".config/exoscale",
    ".config/openstack",
    ".config/rbw",
    ".config/Bitwarden CLI",
    ".config/lab",
    ".config/glab-cli",
    ".config/tea",
    ".config/ngrok",
    ".config/ngrok2",
    ".config/stripe",
    ".config/configstore",
    ".config/netlify",
    ".config/.wrangler",
    ".config/pulumi",
    ".config/jira-cli",
    ".config/influxdb2",
    ".config/turso",
    ".config/neonctl",
    ".config/planetscale",
    ".config/databricks",
    ".config/kaggle",
    ".config/composer/auth.json",
    ".config/pypoetry/auth.toml",
    ".config/pip/pip.conf",
    ".config/borg/keys",
    ".config/msmtp/config",
    ".config/syncthing",
    ".config/argocd",
    ".config/doppler",
    ".config/infisical",
    ".config/confluent",
    ".config/snowflake",
    ".snowflake",
    ".local/share/com.vercel.cli",
    ".cloudflared",
    ".wrangler/config",
    ".fly",
    ".railway",
    ".bluemix",
    ".aliyun",
    ".tccli",
    ".civo.json",
    ".pulumi/credentials.json",
    ".chef",
    ".ansible/galaxy_token",
    ".kaggle",
    ".databrickscfg",
    ".snowsql/config",
    ".dbt/profiles.yml",
    ".confluent",
    ".nomad-token",
    ".consul-token",
    ".argocd",
    ".docker/contexts",
    ".rancher",
    ".talos",
    ".doppler",
    ".infisical",
    ".nats",
    ".mongodb/atlascli",
    ".step/secrets",
    ".gsutil",
    ".tarsnap.key",
    ".twine",
    ".jfrog",
    ".sentryclirc",
    ".twilio-cli",
    ".circleci",
    ".travis",
    ".ngrok2",
    ".mc/config.json",
    ".vagrant.d/insecure_private_keys",
];
const SECRET_FILES: &[&str] = &[
    ".netrc",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".git-credentials",
    ".npmrc",
    ".pypirc",
    ".docker/config.json",
    ".vault-token",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".terraformrc",
    ".s3cfg",
    ".boto",
    ".terraform.d/credentials.tfrc.json",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".ivy2/.credentials",
    ".sbt/.credentials",
    ".nuget/NuGet/NuGet.Config",
    ".bundle/config",
    ".msmtprc",
    ".mailrc",
    ".muttrc",
    ".fetchmailrc",
    ".mbsyncrc",
    ".offlineimaprc",
    ".smbcredentials",
    ".rediscli_auth",
    ".passwd-s3fs",
    ".credentials",
    ".edgerc",
    ".jira.d/credentials",
    ".influxdbv2/configs",
    ".cargo/.credentials",
    ".rhosts",
    ".vnc/passwd",
    ".esmtprc",
    ".irssi/config",
    ".weechat/sec.conf",
    ".hex/hex.config",
    ".pub-cache/credentials.json",
    ".config/dart/pub-credentials.json",
    ".gradle/gradle.properties",
    ".config/hub",
    ".huggingface/token",
    ".cache/huggingface/token",
    ".composer/auth.json",
    ".yarnrc.yml",
    ".wakatime.cfg",
    ".authinfo",
    ".authinfo.gpg",
    ".Xauthority",
];
/// Files and directories of the system that hold credentials.
const SYSTEM_SECRETS: &[&str] = &[
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/rke2/rke2.yaml",
    "/etc/rancher/node/password",
    "/var/lib/rancher/k3s/server/token",
    "/var/lib/rancher/k3s/server/node-token",
    "/var/snap/microk8s/current/credentials",
    "/var/lib/kubelet/kubeconfig",
    "/var/lib/kubelet/pki",
    "/etc/openvpn/keys",
    "/etc/ipsec.secrets",
    "/etc/ppp/chap-secrets",
    "/etc/ppp/pap-secrets",
    "/etc/sudoers.d",
    "/etc/security/opasswd",
    "/etc/mysql/debian.cnf",
    "/etc/gitlab/gitlab-secrets.json",
    "/etc/gitlab-runner/config.toml",
    "/etc/vault.d",
    "/etc/cloudflared",
    "/var/lib/tailscale",
    "/etc/letsencrypt/accounts",
    "/etc/letsencrypt/archive",
    "/etc/pki/tls/private",
    "/etc/samba/smbpasswd",
    "/var/lib/samba/private",
    "/etc/exim4/passwd.client",
    "/etc/postfix/sasl_passwd",
    "/etc/msmtprc",
    "/etc/davfs2/secrets",
    "/etc/wpa_supplicant/wpa_supplicant.conf",
    "/var/lib/docker/swarm",
    "/var/lib/jenkins/secrets",
    "/etc/rclone",
    "/etc/restic",
    "/etc/credstore",
];
const PUBLIC: &[&str] = &[
    "known_hosts",
    "config",
    "authorized_keys",
    "environment",
    "rc",
    "pubring.kbx",
    "trustdb.gpg",
    "gpg.conf",
];
const BROWSER: &[&str] = &[
    "Login Data",
    "Cookies",
    "cookies.sqlite",
    "logins.json",
    "key4.db",
    "key3.db",
    "Local State",
    "Web Data",
];
const DATA_ENDINGS: &[&str] = &[
    "txt",
    "json",
    "yml",
    "yaml",
    "toml",
    "env",
    "ini",
    "cfg",
    "conf",
    "csv",
    "xml",
    "properties",
    "enc",
    "gpg",
    "db",
];

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

fn is_home_secret(rest: &str) -> bool {
    let name = base_name(rest);
    if SECRET_FILES.contains(&rest) || BROWSER.contains(&name) {
        return true;
    }
    let first = rest.as_bytes().first();
    SECRET_DIRS.iter().filter(|dir| dir.as_bytes().first() == first).any(|dir| {
        rest.strip_prefix(dir).is_some_and(|inner| {
            let inner = inner.trim_start_matches('/');
            let at_border =
                rest.len() == dir.len() || rest.as_bytes().get(dir.len()) == Some(&b'/');
            let public = PUBLIC.contains(&inner) && *dir != ".kube" || has_ending(inner, "pub");
            at_border && !public
        })
    })
}

fn is_run_secret(path: &str) -> bool {
    path.starts_with("/run/secrets/") || path.starts_with("/var/run/secrets/")
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "these are no file extensions, or names in which case matters"
)]
fn is_system_secret(path: &str) -> bool {
    let environ =
        path.starts_with("/proc/") && (path.ends_with("/environ") || path.ends_with("/mem"));
    environ
        || matches!(
            path,
            "/etc/shadow"
                | "/etc/gshadow"
                | "/etc/shadow-"
                | "/etc/krb5.keytab"
                | "/etc/master.passwd"
                | "/dev/mem"
                | "/proc/kcore"
                | "/etc/sudoers"
        )
        || path.starts_with("/etc/ssl/private")
        || path.starts_with("/etc/sha")
        || path.starts_with("/etc/letsencrypt/live/") && path.contains("privkey")
        || (path.starts_with("/etc/ssh/ssh_host_") && !path.ends_with(".pub"))
        || path.starts_with("/var/lib/sss/secrets")
        || path.starts_with("/etc/kubernetes/")
            && (path.ends_with(".conf") || path.ends_with(".key"))
        || path.starts_with("/etc/NetworkManager/system-connections")
        || path.starts_with("/etc/wireguard/")
        || (path.starts_with("/etc/") || path.starts_with("/var/"))
            && SYSTEM_SECRETS.iter().any(|secret| super::paths::is_within(path, secret))
}

fn has_ending(name: &str, ending: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

/// Names that say so wherever they stand.
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
fn is_secret_name(name: &str) -> bool {
    if !name.contains('.') {
        return [
            "id_rsa",
            "id_dsa",
            "id_ecdsa",
            "id_ed25519",
            "id_*",
            "identity",
            "credentials",
            "secrets",
            "passwords",
            "kubeconfig",
        ]
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret));
    }
    let harmless = ["example", "sample", "template", "dist", "test", "schema", "md", "pub"];
    if name.rsplit('.').take(2).any(|part| harmless.contains(&part)) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    if lower == ".env"
        || lower.starts_with(".env.")
        || lower == ".htpasswd"
        || lower == ".netrc"
        || lower == ".pgpass"
        || lower == ".token"
        || has_ending(&lower, "token")
    {
        return true;
    }
    if ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*", "identity"].contains(&lower.as_str())
    {
        return true;
    }
    if ["pem", "p12", "pfx", "jks", "keystore", "kdbx", "ppk", "keytab", "agekey", "ovpn"]
        .iter()
        .any(|e| has_ending(&lower, e))
    {
        return !["cert", "ca.", "ca-", "chain", "public"].iter().any(|word| lower.contains(word));
    }
    if has_ending(&lower, "key") {
        return !lower.contains("public");
    }
    let Some((stem, ending)) = lower.rsplit_once('.') else {
        return matches!(
            lower.as_str(),
            "credentials" | "secrets" | "passwords" | ".npmrc" | ".pypirc" | "kubeconfig"
        );
    };
    let stem = stem.strip_suffix(".enc").unwrap_or(stem);
    let secret_stem = [
        "secret",
        "secrets",
        "credentials",
        "credential",
        "passwords",
        "password",
        "service-account",
        "serviceaccount",
        "api_key",
        "apikey",
        "token",
        "vault",
    ];
    DATA_ENDINGS.contains(&ending)
        && secret_stem.iter().any(|s| {
            stem == *s
                || stem.ends_with(&format!("-{s}"))
                || stem.ends_with(&format!("_{s}"))
                || stem.starts_with(&format!("{s}-"))
                || stem.starts_with(&format!("{s}."))
        })
}
