use countersign_domain::runs::ToolStatus;
use serde_json::json;

use crate::tools::testing::Bench;

#[tokio::test]
async fn a_script_reaches_its_interpreter_as_it_is() {
    let bench = Bench::new();
    for (language, source, expected) in [
        ("bash", "printf '%s\\n' \"$0 'x' \\\"y\\\"\" {1..2}", "bash 'x' \"y\"\n1\n2"),
        ("sh", "echo '$HOME `x`'", "$HOME `x`"),
        ("python", "print('''it's \"so\" $HOME''')", "it's \"so\" $HOME"),
        ("perl", "print 'a' . \"\\x{21}\\n\"", "a!"),
    ] {
        let output =
            bench.run("execute_code", &json!({"language": language, "source": source})).await;
        // Not every machine has every interpreter.
        if output.content.contains("is not installed") {
            continue;
        }
        assert_eq!((output.content.as_str(), output.status), (expected, ToolStatus::Ok));
    }
}

#[tokio::test]
async fn an_interpreter_that_is_missing_is_said() {
    let mut bench = Bench::new();
    bench.context.env.insert("PATH".to_owned(), "/nowhere".to_owned());
    let output = bench.run("execute_code", &json!({"language": "ruby", "source": "1"})).await;
    assert_eq!(output.content, "`ruby` is not installed on this machine; nothing was run");
    assert_eq!(output.status, ToolStatus::Error);
}

#[test]
fn an_unknown_language_is_refused_with_those_that_are_known() {
    let error = Bench::new().refusal("execute_code", &json!({"language": "cobol", "source": "x"}));
    let expected = "`execute_code` does not know the language `cobol`, only `bash`, `sh`, \
                    `python`, `node`, `perl`, `ruby`; it accepts";
    assert!(error.starts_with(expected), "{error}");
}
