//! API keys, with and without a gateway.

use crate::support::Home;

#[test]
fn a_key_can_be_made_before_the_first_start_and_works_after_it() {
    let home = Home::new();
    let made = home.cli(&["keys", "create", "ci", "--scope", "runs", "--json"]).json();
    let key = made["secret"].as_str().unwrap().to_owned();
    assert!(key.starts_with("cs_key_"), "{made}");
    let listed = home.cli(&["keys", "list", "--json"]);
    assert_eq!(listed.json()["data"][0]["name"], "ci");
    assert!(!listed.out.contains(&key));
    let gateway = home.up(&[]);
    let said = gateway.cli(&["runs", "start", "hello", "--key", &key, "--wait"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let forbidden = gateway.cli(&["keys", "list", "--key", &key]);
    assert_eq!(forbidden.code, Some(1), "{forbidden:?}");
    assert_eq!(gateway.cli(&["keys", "revoke", "ci"]).code, Some(0));
    let refused = gateway.cli(&["runs", "list", "--key", &key]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("does not accept this key"), "{refused:?}");
}

#[test]
fn names_are_given_once_and_wrong_words_are_refused() {
    let home = Home::new();
    let create = |name: &str, more: &[&str]| {
        home.cli(&[&["keys", "create", name, "--scope", "runs"], more].concat())
    };
    assert_eq!(create("ci", &["--expires", "90d"]).code, Some(0));
    let taken = create("ci", &[]);
    assert_eq!(taken.code, Some(1), "{taken:?}");
    assert!(taken.err.contains("`ci`"), "{taken:?}");
    for (name, more, words) in [
        ("a b", &[][..], "not a key name"),
        ("x", &["--scope", "everything"][..], "`approvals:decide`"),
        ("x", &["--expires", "soon"][..], "not a duration"),
        ("x", &["--expires", "0"][..], "too short"),
    ] {
        let said = create(name, more);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(words), "{words} in {said:?}");
    }
    assert_eq!(home.cli(&["keys", "revoke", "nobody"]).code, Some(1));
}
