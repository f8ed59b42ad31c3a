//! Files over the business number, both ways.

use countersign_domain::approvals::Choice;
use countersign_domain::runs::RunStatus;
use countersign_fakes::whatsapp_cloud::{Content, File};
use countersign_ports::store::{PageRequest, RunFilter};

use crate::town::{ANN, Town};

const PHOTO: File<'_> = File {
    kind: "image",
    mime: "image/png",
    name: None,
    caption: Some("say seen"),
    content: b"png of a meter",
};

/// What the agent was given of the only message.
async fn given(town: &Town) -> String {
    let page = PageRequest { before: None, limit: 10 };
    let house = &town.house;
    let runs = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    let [run] = runs.items.try_into().unwrap();
    house.run(run.run.id).await.input.remove(0).text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_an_operator_is_kept_where_the_agent_reads_it() {
    let town = Town::open().await;
    let sent = town.ann.sends(PHOTO).await;
    assert_eq!(sent.status, 200);
    assert_eq!(town.cloud.repeats(&sent).await, 200);
    let text = given(&town).await;
    assert!(text.starts_with("say seen") && text.contains("image.png (image/png)"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("- ")).unwrap();
    let path = line.split(" (").next().unwrap();
    assert_eq!(std::fs::read(town.house.workspace().join(path)).unwrap(), b"png of a meter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_agent_reaches_an_operator_under_its_name() {
    let town = Town::open().await;
    // Whoever has written can be written to.
    town.ann.writes("/whoami").await;
    let house = &town.house;
    std::fs::write(house.workspace().join("list.csv"), "milk;bread").unwrap();
    std::fs::write(house.workspace().join("plan.png"), b"\x89PNG").unwrap();
    for (file, kind, mime, shown_as) in [
        ("list.csv", "document", "text/plain", Some("list.csv")),
        ("plan.png", "image", "image/png", None),
    ] {
        let run = house.say(&format!("send whatsapp:+{ANN} | Here it is.\nattach {file}")).await;
        let card = house.pending(run, 1).await.remove(0).card;
        house.decide(card.approval_id, Choice::Once).await;
        house.run_when(run, RunStatus::Completed).await;
        let sent = town.ann.sees().pop().unwrap();
        let Content::Media { kind: shown, id, name, caption } = &sent.content else {
            panic!("{sent:?}")
        };
        assert_eq!(name.as_deref(), shown_as);
        assert_eq!((shown.as_str(), caption.as_deref()), (kind, Some("Here it is.")));
        let (is, content) = town.cloud.uploaded(id).unwrap();
        let kept = std::fs::read(house.workspace().join(file)).unwrap();
        assert_eq!((is.as_str(), content.as_ref()), (mime, kept.as_slice()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_provider_is_named_and_fetched_by_nobody() {
    let town = Town::serving().await;
    crate::providers::talking(&town).await;
    let bill = File {
        kind: "document",
        mime: "application/pdf",
        name: Some("bill.pdf"),
        caption: Some("Your bill"),
        content: b"%PDF",
    };
    assert_eq!(town.movistar.sends(bill).await.status, 200);
    crate::providers::turns(&town, 1).await;
    let (_, thread) =
        town.house.gateway.service_chat("+34600111222", None, &town.house.operator).await.unwrap();
    let named = "[document: bill.pdf (application/pdf)] Your bill";
    assert!(thread.iter().any(|one| one.said.text == named), "{thread:?}");
    assert_eq!(town.cloud.looked_up(), 0);
}
