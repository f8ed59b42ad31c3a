//! Secrets in what would leave.

use super::readings::secret_in;
use super::url_parts::{host_and_port, query};
use crate::action::Action;
use crate::redaction::Redactor;

/// A secret in something that would leave: where and by which rule it was found, not what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// Where it stands.
    pub place: String,
    /// The rule that found it.
    pub rule: &'static str,
}

/// The secrets in `action`, as far as it sends anything.
pub fn leaks(action: &Action, scanner: &Redactor) -> Vec<Leak> {
    let scan =
        |place: String, text: &str| secret_in(text, scanner).map(|rule| Leak { place, rule });
    let named = |place: &str| place.to_owned();
    let found = match action {
        Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::FileWrite { .. } => Vec::new(),
        Action::SendMessage { destination, name, text, .. } => vec![
            scan(named("the text"), text),
            scan(named("the destination"), destination.as_str()),
            scan(named("the destination's name"), name.as_deref().unwrap_or_default()),
        ],
        Action::SendEmail { to, cc, subject, body, .. } => {
            let mut found =
                vec![scan(named("the subject"), subject.as_str()), scan(named("the body"), body)];
            found.extend(to.iter().chain(cc).map(|one| scan(named("a recipient"), one.as_str())));
            found
        }
        Action::HttpRequest { url, headers, body, .. } => {
            let query = query(url);
            let host = host_and_port(url).map(|(host, _)| host).unwrap_or_default();
            let mut found = vec![
                scan(named("the query string"), query),
                scan(named("the URL"), url),
                // A name can be cut into labels.
                scan(named("the host"), &host.replace('.', "")),
                scan(named("the body"), body),
            ];
            found.extend(headers.iter().map(|(name, value)| {
                scan(format!("the header `{name}`"), value)
                    .or_else(|| scan(named("a header's name"), name))
            }));
            found
        }
    };
    let attached = action.attachments().iter().flat_map(|file| {
        let name = file.name.as_str();
        // A token in a file that is no text is one all the same.
        let text = String::from_utf8_lossy(file.content.bytes());
        let place = format!("the attachment `{}`", scanner.redact(name));
        [scan(named("the name of an attachment"), name), scan(place, &text)]
    });
    let mut leaks: Vec<Leak> = found.into_iter().chain(attached).flatten().collect();
    leaks.dedup();
    leaks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::outbound::{Attachment, Content};

    #[test]
    fn a_secret_is_found_wherever_it_would_leave_and_is_not_repeated() {
        let own = "hunter2-hunter2";
        let scanner = Redactor::new([own.to_owned()]);
        let key = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
        let request = |url: &str, header: &str, body: &str| Action::HttpRequest {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: BTreeMap::from([("x-a".to_owned(), header.to_owned())]),
            body: body.to_owned(),
        };
        let message = |text: &str| Action::SendMessage {
            destination: "webhook:ops".parse().unwrap(),
            name: None,
            text: text.to_owned(),
            attachments: Vec::new(),
        };
        let mail = |subject: &str, body: &str| Action::SendEmail {
            from: "me@a.example".parse().unwrap(),
            to: vec!["you@b.example".parse().unwrap()],
            cc: Vec::new(),
            subject: subject.parse().unwrap(),
            body: body.to_owned(),
            attachments: Vec::new(),
        };
        let with_file = |name: &str, content: &[u8]| {
            let mut mail = mail("", "");
            if let Action::SendEmail { attachments, .. } = &mut mail {
                attachments.push(Attachment {
                    name: name.parse().unwrap(),
                    path: None,
                    content: Content::new(content.to_vec()),
                });
            }
            mail
        };
        let binary = [b"\0\xff ", key.as_bytes(), b" \0"].concat();
        for (action, place, rule) in [
            (message(&format!("look: {key}")), "the text", "AWS access key"),
            (message(own), "the text", "credential of this gateway"),
            (mail(&key, ""), "the subject", "AWS access key"),
            (mail("", own), "the body", "credential of this gateway"),
            (with_file("a.bin", &binary), "the attachment `a.bin`", "AWS access key"),
            (with_file(own, b""), "the name of an attachment", "credential of this gateway"),
            (request("https://a.example/", &key, ""), "the header `x-a`", "AWS access key"),
            (request("https://a.example/", "", &key), "the body", "AWS access key"),
            (
                request("https://a.example/?k=hunter2%2Dhunter2", "", ""),
                "the query string",
                "credential of this gateway",
            ),
        ] {
            let found = leaks(&action, &scanner);
            let first = found.first().unwrap();
            assert_eq!((first.place.as_str(), first.rule), (place, rule));
            assert!(!format!("{found:?}").contains("hunter2"));
        }
        assert_eq!(leaks(&message("nothing"), &scanner), []);
    }
}
