//! What a named program does: built in here, or by the tables.

mod arguments;
mod by_table;
mod containers;
mod help;
mod unlisted;

use super::Machine;
use super::simple::Call;
use super::value::{Taint, Value};
use help::asks_for_help;

impl Machine<'_> {
    pub(super) fn invoke(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        if call.name.starts_with("./") {
            return self.local_script(call, stdin);
        }
        if let Some(output) = self.builtin(call, stdin) {
            return output;
        }
        if let Some(owner) = self.is_own_cli(&call.name) {
            self.own_cli(owner, &call.words);
            return Value::unknown(Taint::LOCAL);
        }
        let tool = self.policy.tables.tool(&call.name).cloned();
        if asks_for_help(call, tool.as_deref()) {
            return Value::unknown(Taint::NONE);
        }
        self.common(call, tool.as_deref());
        self.carrying_options(call, tool.as_deref());
        self.embedded_languages(call, stdin);
        self.singular(call);
        if let Some(output) = self.filter(call, stdin) {
            return output;
        }
        if let Some(output) = self.wrapper(call, stdin) {
            return output;
        }
        if let Some(output) = self.special(call, stdin) {
            return output;
        }
        match tool {
            Some(tool) => self.by_table(call, &tool, stdin),
            None => self.unlisted(call, stdin),
        }
    }

    /// A program of the checkout: allowed, but not to be told to switch things off.
    fn local_script(&mut self, call: &Call, _stdin: Option<&Value>) -> Value {
        self.common(call, None);
        self.effect("code.run", call.word(0));
        let name = call.name.trim_start_matches("./").to_owned();
        let wrapped = ["mvnw", "gradlew"].contains(&name.as_str());
        if wrapped && let Some(tool) = self.policy.tables.tool(&name).cloned() {
            self.carrying_options(call, Some(&tool));
            return self.by_table(call, &tool, None);
        }
        if let Some(owner) = self.is_own_cli(&name) {
            self.own_cli(owner, &call.words);
        }
        self.framework_code(&name, call);
        Value::unknown(Taint::LOCAL)
    }
}
