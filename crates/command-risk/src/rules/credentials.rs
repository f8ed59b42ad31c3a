//! Credentials among the words of a command: a rule would store them in clear.

/// Ends of names whose value is a credential.
const NAMES: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "access_key",
    "secret_key",
    "private_key",
    "authorization",
    "credential",
    "credentials",
];

/// Programs with a short option that takes a credential, as the next word or glued to it.
const SHORT_OPTIONS: [(&str, &str); 20] = [
    ("mysql", "-p"),
    ("mysqldump", "-p"),
    ("mysqladmin", "-p"),
    ("mariadb", "-p"),
    ("mongo", "-p"),
    ("mongosh", "-p"),
    ("mongodump", "-p"),
    ("sshpass", "-p"),
    ("docker", "-p"),
    ("podman", "-p"),
    ("nerdctl", "-p"),
    ("az", "-p"),
    ("sqlcmd", "-P"),
    ("zip", "-P"),
    ("unzip", "-P"),
    ("redis-cli", "-a"),
    ("ldapsearch", "-w"),
    ("ldapmodify", "-w"),
    ("useradd", "-p"),
    ("7z", "-p"),
];

/// Options whose value is `name:credential`, by any program.
const PAIRS: [&str; 6] = ["-u", "--user", "--proxy-user", "-U", "--proxy", "-a"];

/// Whether a word of a command is a credential, or an option is followed by one.
pub(crate) fn hold_credential(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).copied().filter(|next| !next.starts_with('-'));
        // The value of an option may be a setting itself: `--from-literal=password=x`.
        let inner = word.split_once('=').map_or("", |(_, value)| value);
        is_named_value(word, next)
            || is_named_value(inner, None)
            || is_url_with_password(word)
            || is_pair(word, next)
    }) || is_short_option(&words)
}

/// `--password x`, `password=x`, `X-Api-Key: x`, `secret_access_key x`.
fn is_named_value(word: &str, next: Option<&str>) -> bool {
    let (name, value) = match word.find(['=', ':']) {
        Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default()),
        None => (word, ""),
    };
    let plain = name.trim_start_matches('-');
    let known = plain.to_ascii_lowercase().replace('-', "_");
    let is_option = name.starts_with('-');
    let is_setting = word.len() > name.len() || plain.contains(['_', '-']);
    NAMES.iter().any(|ending| known.ends_with(ending))
        && (is_option || is_setting)
        && (!value.is_empty() || next.is_some())
}

/// `https://ana:x@host`.
fn is_url_with_password(word: &str) -> bool {
    word.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// `-u ana:x`.
fn is_pair(word: &str, next: Option<&str>) -> bool {
    let value = match word.split_once('=') {
        Some((option, value)) if PAIRS.contains(&option) => Some(value),
        _ => next.filter(|_| PAIRS.contains(&word)),
    };
    value.is_some_and(|value| value.split_once(':').is_some_and(|(_, secret)| !secret.is_empty()))
}

fn is_short_option(words: &[&str]) -> bool {
    SHORT_OPTIONS.iter().any(|(program, option)| {
        // Wrappers and containers stand before the program.
        let Some(at) = words.iter().position(|word| word == program) else {
            return false;
        };
        words.iter().skip(at + 1).any(|word| {
            let login =
                *option != "-p" || !matches!(*program, "docker" | "podman" | "nerdctl" | "az");
            word.starts_with(option) && (login || words.contains(&"login"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::hold_credential;

    #[test]
    fn credentials_are_found_by_where_they_stand() {
        for words in [
            "mysql -u root --password hunter2 shop",
            "mysql -uroot -phunter2 shop",
            "docker exec web mysql -u root --password=hunter2",
            "docker login -u ana -p hunter2 registry.test",
            "curl -u ana:hunter2 https://a.test",
            "curl --user=ana:hunter2 https://a.test",
            "curl -H Authorization: Bearer abcdef https://a.test",
            "curl -H X-Api-Key:abcdef https://a.test",
            "git push https://ana:hunter2@git.test/x.git",
            "kubectl create secret generic x --from-literal=password=hunter2",
            "aws configure set aws_secret_access_key wJal",
            "psql postgres://ana:hunter2@db/shop",
            "gh auth login --with-token abc",
            "redis-cli -a hunter2 flushall",
        ] {
            assert!(hold_credential(words), "{words}");
        }
        for words in [
            "git push --force origin main",
            "docker run -p 80:80 web",
            "rm -r token",
            "mkdir -p secret",
            "kubectl delete secret web",
            "curl -u ana https://a.test",
            "npm token list",
            "ssh -p 22 host",
            "psql -p 5432 -c delete",
        ] {
            assert!(!hold_credential(words), "{words}");
        }
    }
}
