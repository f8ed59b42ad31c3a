//! Credentials of the system and of services.

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

pub(super) fn is_run_secret(path: &str) -> bool {
    path.starts_with("/run/secrets/") || path.starts_with("/var/run/secrets/")
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "these are no file extensions, or names in which case matters"
)]
pub(super) fn is_system_secret(path: &str) -> bool {
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
            && SYSTEM_SECRETS.iter().any(|secret| crate::effects::paths::is_within(path, secret))
}
