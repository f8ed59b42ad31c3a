//! Mail over SMTP.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::ids::GrantId;
use countersign_domain::outbound::EmailAddress;
use countersign_domain::permit::OutboundPermit;
use countersign_ports::delivery::{Delivery, Mailer};
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment as Part, Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

/// With what mail is sent.
#[derive(Clone)]
pub struct MailSettings {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Certificates in PEM that are trusted besides the public ones.
    pub trusted: Option<String>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, or nothing is sent.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// Not at all: on this machine only.
    None,
}

/// Settings with which no mail can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpProblem {
    /// The password and the mail would cross a network in the clear.
    #[error("without TLS only a server on this machine is spoken to, and `{0}` is elsewhere")]
    InTheClear(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Carries mail to one SMTP server.
pub struct SmtpMailer {
    settings: MailSettings,
    tls: Option<TlsParameters>,
}

/// How long each step of a conversation with the server may take.
const STEP: Duration = Duration::from_secs(30);

impl SmtpMailer {
    /// Carries mail with these settings. Nothing is connected yet.
    pub fn new(settings: MailSettings) -> Result<Self, SmtpProblem> {
        let tls = match settings.tls {
            Tls::None if is_this_machine(&settings.host) => None,
            Tls::None => return Err(SmtpProblem::InTheClear(settings.host)),
            Tls::Starttls | Tls::Implicit => Some(tls_parameters(&settings)?),
        };
        Ok(Self { settings, tls })
    }

    /// A connection over which a mail can be sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let settings = &self.settings;
        let implicit = match settings.tls {
            Tls::Implicit => self.tls.clone(),
            Tls::Starttls | Tls::None => None,
        };
        let hello = ClientId::default();
        let server = (settings.host.as_str(), settings.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(STEP), &hello, implicit, None).await?;
        if let (Tls::Starttls, Some(tls)) = (settings.tls, &self.tls) {
            // Fails if the server does not offer it: a mail never goes on without.
            connection.starttls(tls.clone(), &hello).await?;
        }
        if let Some((user, password)) = &settings.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: OutboundPermit) -> Delivery {
        let Some(letter) = Letter::of(mail.action(), mail.grant()) else {
            return Delivery::NotSent("it cannot be written as a mail".to_owned());
        };
        let opened = tokio::time::timeout(STEP, async {
            let mut connection = self.connect().await?;
            // The server has taken nothing until it has taken the text.
            letter.announce(&mut connection).await?;
            Ok::<_, Error>(connection)
        });
        let mut connection = match opened.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Delivery::NotSent(words(&error)),
            Err(_) => return Delivery::NotSent("the mail server took too long".to_owned()),
        };
        let delivery = match tokio::time::timeout(STEP, connection.message(&letter.text)).await {
            Ok(Ok(answer)) => {
                let first = answer.first_line().unwrap_or_default();
                Delivery::Sent(format!("{} {first}", answer.code()))
            }
            Ok(Err(error)) if error.status().is_some() => Delivery::NotSent(words(&error)),
            Ok(Err(error)) => Delivery::Unknown(format!(
                "the mail server did not say whether it took the mail: {}",
                words(&error)
            )),
            Err(_) => {
                Delivery::Unknown("the mail server did not say in time that it took it".to_owned())
            }
        };
        connection.abort().await;
        delivery
    }
}

/// A mail as the server gets it.
struct Letter {
    from: Address,
    recipients: Vec<Address>,
    text: Vec<u8>,
}

impl Letter {
    fn of(action: &Action, grant: GrantId) -> Option<Self> {
        let Action::SendEmail { from, to, cc, subject, body, attachments } = action else {
            return None;
        };
        let from = address(from)?;
        let domain = from.domain().to_owned();
        let mut builder = Message::builder()
            .from(mailbox(&from))
            .subject(subject.as_str())
            // The same in every attempt, so that whoever gets a mail twice can tell.
            .message_id(Some(format!("<{grant}@{domain}>")));
        for one in to {
            builder = builder.to(mailbox(&address(one)?));
        }
        for one in cc {
            builder = builder.cc(mailbox(&address(one)?));
        }
        let recipients = to.iter().chain(cc).map(address).collect::<Option<Vec<_>>>()?;
        let message = if attachments.is_empty() {
            builder.header(ContentType::TEXT_PLAIN).body(text_body(body)?)
        } else {
            let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(text_body(body)?));
            for file in attachments {
                // Nobody's program is told to do more with it than to keep it.
                let kind = match file.text() {
                    Some(_) => ContentType::TEXT_PLAIN,
                    None => ContentType::parse("application/octet-stream").ok()?,
                };
                let part = Part::new(file.name.as_str().to_owned());
                parts = parts.singlepart(part.body(file_body(file.content.bytes())?, kind));
            }
            builder.multipart(parts)
        };
        let text = message.ok()?.formatted();
        is_one_letter(&text).then_some(Self { from, recipients, text })
    }

    /// Tells the server who writes to whom. If it refuses one recipient, nobody gets the mail.
    async fn announce(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Error> {
        connection.command(Mail::new(Some(self.from.clone()), Vec::new())).await?;
        for recipient in &self.recipients {
            connection.command(Rcpt::new(recipient.clone(), Vec::new())).await?;
        }
        connection.command(Data).await.map(drop)
    }
}

/// The longest line of a mail, in bytes, without its end (RFC 5321).
const LONGEST_LINE: usize = 998;

/// A text in lines of the mail's own making: whatever it says, none of its line ends is one of the
/// protocol's.
fn text_body(text: &str) -> Option<Body> {
    // A carriage return alone is no line end of a text: it goes as a byte like any other.
    let encoding = if text.replace("\r\n", "\n").contains('\r') {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    Body::new_with_encoding(text.to_owned(), encoding).ok()
}

/// The bytes of a file. Nothing of them stands on the wire as it is, so none of them is read as a
/// line of the protocol, and they arrive as they were approved.
fn file_body(bytes: &[u8]) -> Option<Body> {
    Body::new_with_encoding(bytes.to_vec(), ContentTransferEncoding::Base64).ok()
}

/// Whether every server agrees where the lines of `text` end, and so where the mail does.
fn is_one_letter(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    // What stands behind the last line feed has none.
    let last = lines.next_back().unwrap_or_default();
    let ends_once = |line: &[u8]| !line.contains(&b'\r') && line.len() <= LONGEST_LINE;
    ends_once(last) && lines.all(|line| line.strip_suffix(b"\r").is_some_and(ends_once))
}

fn address(address: &EmailAddress) -> Option<Address> {
    address.as_str().parse().ok()
}

fn mailbox(address: &Address) -> Mailbox {
    Mailbox::new(None, address.clone())
}

fn tls_parameters(settings: &MailSettings) -> Result<TlsParameters, SmtpProblem> {
    let problem = |error: Error| SmtpProblem::Tls(words(&error));
    let mut builder: TlsParametersBuilder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.trusted {
        builder =
            builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(problem)?);
    }
    builder.build_rustls().map_err(problem)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An error with its causes.
fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_in_one_way_and_is_not_too_long() {
        let long = [&[b'a'; LONGEST_LINE][..], b"\r\n"].concat();
        for good in [&b""[..], b"a", b"a\r\n", b"a\r\n\r\nb\r\n", &long] {
            assert!(is_one_letter(good), "{good:?}");
        }
        let longer = [b"a", &long[..]].concat();
        for bad in [&b"a\n"[..], b"\n", b"a\r", b"a\rb\r\n", b"a\r\r\n", b"\r\na\nb", &longer] {
            assert!(!is_one_letter(bad), "{bad:?}");
        }
    }

    #[test]
    fn no_body_has_a_line_end_that_is_not_its_encodings_own() {
        for text in ["", "a\nb", "a\r\nb", "a\r.\rb", "\n.\r\n", "\r", "x".repeat(5000).as_str()] {
            for body in [text_body(text), file_body(text.as_bytes())] {
                assert!(is_one_letter(body.unwrap().as_ref()), "{text:?}");
            }
        }
    }
}
