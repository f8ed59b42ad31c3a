//! The normal form of what an effect is done to, so that another spelling is the same target.

/// `object` of an effect of this class, for a command run in `cwd` by a user with this `home`.
///
/// Paths are compared as text: links are not followed, which can only miss that two are the same.
pub(super) fn target(class: &str, object: &str, cwd: &str, home: &str) -> String {
    if !class.starts_with("fs.") {
        return object.to_owned();
    }
    let whole = match object.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        Some(_) | None if object.starts_with('/') => object.to_owned(),
        Some(_) | None => format!("{cwd}/{object}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn another_spelling_is_the_same_path() {
        for spelling in ["old", "./old", "old/", "x/../old", "/w/old", "/w//./old"] {
            assert_eq!(target("fs.recursive_delete", spelling, "/w", "/home/me"), "/w/old");
        }
        assert_eq!(target("fs.bulk_delete", "~/old", "/w", "/home/me"), "/home/me/old");
        assert_eq!(target("net.upload", "./old", "/w", "/home/me"), "./old");
    }
}
