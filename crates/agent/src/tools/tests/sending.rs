use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::outbound::{Destination, Directory};
use countersign_domain::permit::OutboundPermit;
use countersign_domain::runs::ToolStatus;
use countersign_ports::delivery::{Delivery, Mailer, Messenger};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::tools::testing::{Bench, call, granted, permitted};
use crate::tools::{Plan, Sending, Toolbox};

/// Takes everything and remembers it.
#[derive(Default)]
struct Remote(Mutex<Vec<String>>);

#[async_trait]
impl Messenger for Remote {
    fn platform(&self) -> &'static str {
        "webhook"
    }

    fn check(&self, _: &Destination) -> Result<(), String> {
        Ok(())
    }

    async fn deliver(&self, message: OutboundPermit) -> Delivery {
        self.0.lock().unwrap().push(message.action().canonical_json());
        Delivery::Sent("taken".to_owned())
    }
}

#[async_trait]
impl Mailer for Remote {
    async fn send(&self, mail: OutboundPermit) -> Delivery {
        self.0.lock().unwrap().push(mail.action().canonical_json());
        Delivery::Sent("taken".to_owned())
    }
}

fn toolbox(remote: &Arc<Remote>) -> Toolbox {
    let boss = ("boss".to_owned(), "email:boss@example.org".parse().unwrap());
    let messenger: Arc<dyn Messenger> = remote.clone();
    Toolbox::builtin(Bench::new().context).and_sending(Sending {
        directory: Directory::new([boss]),
        messengers: [messenger].into_iter().collect(),
        mail: Some((remote.clone(), "agent@example.org".parse().unwrap())),
    })
}

fn message() -> Value {
    json!({"target": "webhook:ops", "message": "hello"})
}

fn mail() -> Value {
    json!({"to": "boss", "cc": ["ana@example.org"], "subject": "s", "body": "b"})
}

#[tokio::test]
async fn a_tool_that_is_started_without_a_grant_sends_nothing() {
    let remote = Arc::new(Remote::default());
    let tools = toolbox(&remote);
    let post = json!({"url": "http://127.0.0.1:1/", "method": "POST", "body": "x"});
    for (tool, arguments) in
        [("send_message", message()), ("send_email", mail()), ("http_request", post)]
    {
        let call = call(tool, &arguments);
        let Ok(Plan::Effect(action)) = tools.plan(&call) else { panic!("{tool}") };
        let output = tools.execute(&call, permitted(action), CancellationToken::new()).await;
        assert_eq!(output.status, ToolStatus::Error);
        assert!(output.content.starts_with("approval_required: "), "{}", output.content);
    }
    assert!(remote.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn with_a_grant_exactly_what_was_planned_is_sent() {
    let remote = Arc::new(Remote::default());
    let tools = toolbox(&remote);
    let mut planned = Vec::new();
    for (tool, arguments) in [("send_message", message()), ("send_email", mail())] {
        let call = call(tool, &arguments);
        let Ok(Plan::Effect(action)) = tools.plan(&call) else { panic!("{tool}") };
        planned.push(action.canonical_json());
        let output = tools.execute(&call, granted(action), CancellationToken::new()).await;
        assert_eq!((output.status, output.content.as_str()), (ToolStatus::Ok, "sent: taken"));
    }
    assert_eq!(*remote.0.lock().unwrap(), planned);
    assert!(planned[1].contains(r#""to":["boss@example.org"]"#), "{planned:?}");
}

#[test]
fn what_could_be_read_in_two_ways_or_start_another_header_is_refused() {
    let tools = toolbox(&Arc::new(Remote::default()));
    let with = |tool: &str, arguments: &str| {
        let mut call = call(tool, &json!({}));
        call.arguments = arguments.to_owned();
        tools.plan(&call).unwrap_err().to_string()
    };
    for (arguments, words) in [
        (r#"{"target":"webhook:a","target":"webhook:b","message":"x"}"#, "the key `target` twice"),
        (r#"{"target":"webhook:a","message":9007199254740993}"#, "beyond 2^53"),
        (r#"{"target":"webhook:a","message":0.1}"#, "no integer"),
        (r#"{"target":"webhook:a","message":"\ud800"}"#, "not valid JSON"),
        (r#"{"target":"webhook:a","message":" "}"#, "needs something to send"),
        (r#"{"target":"https://a.example","message":"x"}"#, "is not a destination"),
    ] {
        let problem = with("send_message", arguments);
        assert!(problem.contains(words), "{arguments}: {problem}");
    }
    for (to, subject) in [
        ("a@b.example\r\nBcc: c@d.example", "s"),
        ("a@b.example, c@d.example", "s"),
        ("webhook:ops", "s"),
        ("", "s"),
        ("a@b.example", "s\r\nBcc: c@d.example"),
        ("a@b.example", "s\u{2028}x"),
    ] {
        let arguments = json!({"to": to, "subject": subject, "body": "b"}).to_string();
        with("send_email", &arguments);
    }
}

#[test]
fn a_file_that_goes_along_says_where_it_was_read() {
    let bench = Bench::new();
    let remote = Arc::new(Remote::default());
    let tools = Toolbox::builtin(bench.context.clone()).and_sending(Sending {
        directory: Directory::new([]),
        messengers: [].into_iter().collect(),
        mail: Some((remote, "agent@example.org".parse().unwrap())),
    });
    let root = bench.root().canonicalize().unwrap();
    std::fs::create_dir(root.join("payroll")).unwrap();
    std::fs::write(root.join("payroll/all.txt"), "x").unwrap();
    std::os::unix::fs::symlink("payroll/all.txt", root.join("harmless.txt")).unwrap();
    for given in ["payroll/all.txt", "payroll/../harmless.txt"] {
        let arguments =
            json!({"to": "ana@example.org", "subject": "s", "body": "b", "attachments": given});
        let planned = tools.plan(&call("send_email", &arguments));
        let Ok(Plan::Effect(action)) = planned else { panic!("{given}: {planned:?}") };
        let read = action.attachments().first().and_then(|file| file.path.clone());
        assert_eq!(read, root.join("payroll/all.txt").to_str().map(str::to_owned), "{given}");
    }
}
