//! The tables that the crate comes with.

/// One text a family.
pub(super) const TEXTS: &[&str] = &[
    include_str!("../../tables/accounts.json"),
    include_str!("../../tables/cloud.json"),
    include_str!("../../tables/cluster.json"),
    include_str!("../../tables/containers.json"),
    include_str!("../../tables/core.json"),
    include_str!("../../tables/databases.json"),
    include_str!("../../tables/desktop.json"),
    include_str!("../../tables/devtools.json"),
    include_str!("../../tables/disks.json"),
    include_str!("../../tables/forges.json"),
    include_str!("../../tables/git.json"),
    include_str!("../../tables/housekeeping.json"),
    include_str!("../../tables/kernel.json"),
    include_str!("../../tables/messaging.json"),
    include_str!("../../tables/network.json"),
    include_str!("../../tables/packages.json"),
    include_str!("../../tables/secrets.json"),
    include_str!("../../tables/services.json"),
    include_str!("../../tables/shells.json"),
    include_str!("../../tables/wrappers.json"),
];
