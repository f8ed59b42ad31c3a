//! Files: both ways of uploading, and who may download.

use countersign_fakes::mattermost::Settings;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::gateway::{Place, place, place_with};

async fn upload(place: &Place, query: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
    let response = reqwest::Client::new()
        .post(format!("{}/api/v4/files{query}", place.server.url()))
        .header(AUTHORIZATION, format!("Bearer {}", place.bot.token))
        .header(CONTENT_TYPE, kind)
        .body(body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn form(parts: &[(&str, &str)]) -> (String, Vec<u8>) {
    let mut body = String::new();
    for (head, content) in parts {
        body.push_str("--cut\r\nContent-Disposition: form-data; ");
        body.extend([head, "\r\n\r\n", content, "\r\n"]);
    }
    ("multipart/form-data; boundary=cut".to_owned(), format!("{body}--cut--\r\n").into_bytes())
}

#[tokio::test]
async fn a_file_goes_up_as_a_form_and_comes_down_for_readers_of_its_post() {
    let place = place().await;
    let town = place.town.to_string();
    let (kind, body) = form(&[
        ("name=\"channel_id\"", &town),
        ("name=\"files\"; filename=\"a b.txt\"", "one\r\n--cu\r\ntwo"),
    ]);
    let (status, answer) = upload(&place, "", &kind, body).await;
    assert_eq!(status, 201, "{answer}");
    let info = &answer["file_infos"][0];
    assert_eq!(
        (&info["name"], &info["size"], &info["post_id"]),
        (&json!("a b.txt"), &json!(14), &json!(""))
    );
    let id = info["id"].as_str().unwrap();
    let ann = place.server.token(&place.ann);
    let path = format!("/files/{id}");
    assert_eq!(
        place.ask_as(&ann, Method::GET, &path, Value::Null).await.status,
        403,
        "not published"
    );
    let post = place.post(json!({"message": "see", "file_ids": [id]})).await.body;
    assert_eq!(post["metadata"]["files"][0]["post_id"], post["id"]);
    let file = place.ask_as(&ann, Method::GET, &path, Value::Null).await;
    assert_eq!((file.status, file.text.as_str()), (200, "one\r\n--cu\r\ntwo"));
    assert_eq!(file.headers["content-disposition"], "attachment;filename=\"a b.txt\"");
    let infos = format!("/posts/{}/files/info", post["id"].as_str().unwrap());
    assert_eq!(place.get(&infos).await.body[0]["id"], id);
    let again = place.post(json!({"message": "again", "file_ids": [id]})).await.body;
    assert_eq!(again["file_ids"], Value::Null, "a file belongs to one post");
    assert_eq!(place.get("/files/nothing").await.refusal(), (404, "app.file_info.get.app_error"));
}

#[tokio::test]
async fn a_file_goes_up_alone_with_its_name_in_the_address() {
    let place = place().await;
    let query = format!("?channel_id={}&filename=x.bin", place.town);
    let (status, answer) = upload(&place, &query, "application/octet-stream", vec![0, 255]).await;
    assert_eq!((status, &answer["file_infos"][0]["name"]), (201, &json!("x.bin")));
}

#[tokio::test]
async fn uploads_that_are_refused() {
    let place = place_with(Settings { max_file_bytes: 10, ..Settings::default() }).await;
    let elsewhere = place.server.channel(&place.team, "elsewhere", &[]);
    let at = |channel: &str| format!("?channel_id={channel}&filename=x");
    let too_large = "api.file.upload_file.too_large_detailed.app_error";
    let unreadable = "api.file.upload_file.read_request.app_error";
    let rows = [
        (at(&place.town), "text/plain", vec![0; 11], 413, too_large),
        (at(&elsewhere), "text/plain", vec![0; 5], 403, "api.context.permissions.app_error"),
        (at(&place.town), "text/plain", vec![], 400, unreadable),
        (String::new(), "text/plain", vec![0], 400, "api.context.invalid_url_param.app_error"),
        (String::new(), "multipart/form-data; boundary=cut", vec![0], 400, unreadable),
    ];
    for (query, kind, body, status, id) in rows {
        let (got, answer) = upload(&place, &query, kind, body).await;
        assert_eq!((got, answer["id"].as_str()), (status, Some(id)));
    }
    place.server.change(|settings| settings.enable_file_attachments = false);
    let (status, _) = upload(&place, &at(&place.town), "text/plain", vec![0]).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn files_of_other_people_are_not_taken_into_a_post() {
    let place = place().await;
    let post = place
        .ann
        .posts_file(&place.town, None, "mine", ("a.txt", "text/plain", b"a"))
        .await
        .unwrap();
    let file = place.server.post(&post).unwrap().file_ids[0].clone();
    let stolen = place.post(json!({"message": "now mine", "file_ids": [file]})).await;
    assert_eq!((stolen.status, &stolen.body["file_ids"]), (201, &Value::Null));
}
