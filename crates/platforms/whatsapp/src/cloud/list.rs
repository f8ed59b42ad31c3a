//! Messages as the API wants them: a text, and a card with a list below it.

use countersign_domain::approvals::Choice;
use countersign_domain::chat::MessageId;
use countersign_ports::platform::NativeCommand;
use serde_json::{Value, json};

use super::row::Rows;
use crate::transport::{List, Text};

/// What the menu has room for.
const MOST_COMMANDS: usize = 30;
const LONGEST_NAME: usize = 32;
const LONGEST_HINT: usize = 256;

/// A text. Addresses in it show no preview: nobody fetches them for that.
pub(super) fn text(text: &Text<'_>) -> Value {
    let what = json!({"type": "text", "text": {"body": text.text, "preview_url": false}});
    addressed(what, text.chat.number(), (text.key, text.reply_to))
}

/// A card, with a row for each of its buttons.
pub(super) fn list(list: &List<'_>, rows: &Rows) -> Value {
    let List { chat, card, key } = list;
    let row = |choice: Choice| {
        json!({
            "id": rows.id(chat, (card.id, &card.nonce), choice),
            "title": title(choice),
            "description": description(choice),
        })
    };
    let rows: Vec<Value> = card.buttons.iter().copied().map(row).collect();
    let what = json!({
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": card.text},
            "action": {"button": "Decide", "sections": [{"title": "Decision", "rows": rows}]},
        },
    });
    addressed(what, chat.number(), (key, card.reply_to.as_ref()))
}

/// The menu of commands, as far as it has room.
pub(super) fn menu(commands: &[NativeCommand]) -> Value {
    let fits = |command: &&NativeCommand| command.name.chars().count() <= LONGEST_NAME;
    let shown = |command: &NativeCommand| {
        let whole = format!("{} {}", command.description, command.arguments);
        let hint: String = whole.trim().chars().take(LONGEST_HINT).collect();
        let hint = if hint.is_empty() { command.name.clone() } else { hint };
        json!({"command_name": command.name, "command_description": hint})
    };
    let shown: Vec<Value> = commands.iter().filter(fits).take(MOST_COMMANDS).map(shown).collect();
    json!({ "commands": shown })
}

pub(super) fn addressed(
    mut what: Value,
    number: Option<&str>,
    (key, reply_to): (&str, Option<&MessageId>),
) -> Value {
    if let Some(fields) = what.as_object_mut() {
        fields.insert("messaging_product".to_owned(), json!("whatsapp"));
        fields.insert("recipient_type".to_owned(), json!("individual"));
        fields.insert("to".to_owned(), json!(number));
        // It comes back with every status of the message.
        fields.insert("biz_opaque_callback_data".to_owned(), json!(key));
        if let Some(quoted) = reply_to {
            fields.insert("context".to_owned(), json!({"message_id": quoted.as_str()}));
        }
    }
    what
}

/// At most 24 characters.
const fn title(choice: Choice) -> &'static str {
    match choice {
        Choice::Once => "Allow once",
        Choice::Session => "Allow for this session",
        Choice::Always => "Always allow",
        Choice::Deny => "Deny",
    }
}

/// At most 72 characters.
const fn description(choice: Choice) -> &'static str {
    match choice {
        Choice::Once => "Exactly this, now, and nothing else",
        Choice::Session => "This, and what the card says for this session",
        Choice::Always => "This, and what the card says from now on; it leaves a rule",
        Choice::Deny => "Nothing is run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_menu_has_no_more_than_there_is_room_for() {
        let command = |name: &str, description: &str| NativeCommand {
            name: name.to_owned(),
            description: description.to_owned(),
            arguments: String::new(),
        };
        let mut commands = vec![command(&"x".repeat(33), "d"), command("a", "")];
        commands.extend((0..40).map(|n| command(&format!("c{n}"), &"d".repeat(300))));
        let menu = menu(&commands);
        let shown = menu["commands"].as_array().unwrap();
        assert_eq!(shown.len(), MOST_COMMANDS);
        assert_eq!(shown[0], json!({"command_name": "a", "command_description": "a"}));
        assert_eq!(shown[1]["command_description"].as_str().unwrap().len(), LONGEST_HINT);
    }

    #[test]
    fn every_row_is_short_enough() {
        for choice in Choice::ALL {
            assert!(title(choice).len() <= 24, "{choice:?}");
            assert!(description(choice).len() <= 72, "{choice:?}");
        }
    }
}
