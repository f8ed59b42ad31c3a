//! The catalogue's statements as PostgreSQL writes them.

/// `sql` with `$1` for `?1`, and without the hints that only SQLite understands.
pub(super) fn dialect(sql: &str) -> String {
    const HINT: &str = "INDEXED BY ";
    let mut written = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(HINT) {
        written.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    }
    written.push_str(rest);
    written.replace('?', "$")
}

#[cfg(test)]
mod tests {
    use super::dialect;

    #[test]
    fn parameters_and_hints_are_translated() {
        let sql = "SELECT seq FROM audit INDEXED BY audit_by_kind WHERE seq > ?1 LIMIT ?12";
        assert_eq!(dialect(sql), "SELECT seq FROM audit  WHERE seq > $1 LIMIT $12");
        assert_eq!(dialect("SELECT 1"), "SELECT 1");
    }
}
