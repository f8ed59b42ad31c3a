//! Clients of clouds, clusters, databases and forges in code, known by the names of their methods.

/// Whether a source uses the client of a cloud, a cluster, a database or a forge.
pub(super) fn is_used(source: &str) -> bool {
    [
        "boto3",
        "google.cloud",
        "azure",
        "kubernetes",
        "docker",
        "github",
        "gitlab",
        "digitalocean",
        "openstack",
        "hcloud",
        "stripe",
        "redis",
        "pymongo",
        "elasticsearch",
        "kafka",
    ]
    .iter()
    .any(|client| source.contains(client))
}

/// Methods of cloud and cluster clients, by their names.
pub(super) fn changes(name: &str) -> bool {
    let verbs = [
        "delete_",
        "terminate_",
        "destroy_",
        "remove_",
        "stop_",
        "reboot_",
        "put_",
        "create_",
        "update_",
        "drop_",
        "purge_",
        "flush",
        "prune",
        "detach_",
        "disable_",
        "modify_",
    ];
    let method = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && (verbs.iter().any(|verb| method.starts_with(verb))
            || matches!(method, "delete" | "terminate" | "drop" | "destroy"))
}
