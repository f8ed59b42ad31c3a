//! Management commands of web frameworks: `manage.py`, `artisan`.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{UNKNOWN, Value};

impl Machine<'_> {
    pub(super) fn django(&mut self, call: &Call, at: usize) {
        let verb = call.word(at).to_owned();
        if matches!(
            verb.as_str(),
            "flush"
                | "reset_db"
                | "sqlflush"
                | "migrate"
                | "loaddata"
                | "clearsessions"
                | "createsuperuser"
                | "changepassword"
                | "sendtestemail"
                | "delete_user"
                | "remove_stale_contenttypes"
        ) && !call
            .arguments()
            .iter()
            .any(|w| w == "--plan" || w == "--check" || w == "--dry-run")
            && (verb != "migrate" || call.word(at + 2) == "zero")
            && verb != "sqlflush"
        {
            self.effect("db.change", call.text());
        }
        if verb == "dbshell"
            && let Some(end) = call.words.iter().position(|w| w == "--")
        {
            let mut fields = vec![crate::interpret::value::Field::known("psql")];
            fields.extend(call.fields_from(end + 1));
            self.run(fields, None);
        }
        if verb == "shell"
            && let Some(c) = call.words.iter().position(|w| w == "-c")
        {
            let text = call.word(c + 1).to_owned();
            self.code("python", &Value::known(text.clone()), None);
            if text.contains(".delete()")
                || text.contains(".update(")
                || text.contains(".save(")
                || text.contains(UNKNOWN)
            {
                self.effect("db.change", text);
            }
        }
    }

    pub(super) fn artisan(&mut self, call: &Call, at: usize) {
        let verb = call.word(at);
        if matches!(
            verb,
            "migrate:fresh"
                | "migrate:reset"
                | "migrate:refresh"
                | "migrate:rollback"
                | "db:wipe"
                | "db:seed"
                | "queue:flush"
                | "queue:clear"
                | "model:prune"
                | "key:generate"
                | "down"
        ) && !call.arguments().iter().any(|w| w == "--pretend")
        {
            self.effect("db.change", call.text());
        }
        if verb == "tinker"
            && let Some(text) = call.words.iter().find_map(|w| w.strip_prefix("--execute="))
        {
            self.code("php", &Value::known(text), None);
            if text.contains("delete") || text.contains("truncate") {
                self.effect("db.change", text);
            }
        }
    }
}
