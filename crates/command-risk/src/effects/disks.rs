//! Block devices: which is the system's.

/// What a device path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// The disk that the system most likely runs from, or a part of it.
    System,
    Other,
    /// Not a block device.
    None,
}

impl Disk {
    /// The disk that a resolved path names.
    pub(crate) fn of(path: &str) -> Self {
        let Some(name) = path.strip_prefix("/dev/") else {
            return Self::None;
        };
        let name = name.strip_prefix('r').filter(|n| n.starts_with("disk")).unwrap_or(name);
        let first = ["sda", "nvme0", "vda", "xvda", "hda", "mmcblk0", "disk0"];
        let digits_or_part = |rest: &str| {
            rest.is_empty()
                || rest.starts_with(|c: char| {
                    c.is_ascii_digit() || matches!(c, 'n' | 'p' | 's' | '*' | '?')
                })
        };
        if first.iter().any(|disk| name.strip_prefix(disk).is_some_and(digits_or_part))
            || matches!(name, "root" | "sd*" | "sd[a-z]" | "sd?" | "nvme*" | "*")
        {
            return Self::System;
        }
        let others = [
            "sd",
            "nvme",
            "vd",
            "xvd",
            "hd",
            "mmcblk",
            "disk",
            "md",
            "dm-",
            "mapper/",
            "loop",
            "zd",
            "nbd",
            "sr",
            "vg",
            "ubuntu-vg",
            "zvol/",
            "bcache",
            "drbd",
        ];
        if others.iter().any(|prefix| name.starts_with(prefix)) { Self::Other } else { Self::None }
    }
}
