//! Our hooks as a plugin: a folder that is its own marketplace, for who wants their settings left alone. A skill and slash commands lie
//! in it, too, by which the agent records by itself.

use serde_json::{Value, json};

use super::settings::Registration;
use super::words;

/// A file of the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginFile {
    /// Below the plugin's folder.
    pub path: &'static str,
    /// The same bytes every time.
    pub content: String,
}

/// Returns the files of the plugin. Once they are written, `claude plugin marketplace add FOLDER` and
/// `claude plugin install rutter@rutter` install it.
pub fn files(registration: &Registration, version: &str) -> Vec<PluginFile> {
    let description = "Keeps the book of every session";
    let plugin = json!({ "name": "rutter", "version": version, "description": description, "author": { "name": "rutter" }, "license": "MIT OR Apache-2.0" });
    let market = json!({
        "name": "rutter",
        "description": description,
        "owner": { "name": "rutter" },
        "plugins": [{ "name": "rutter", "source": "./", "description": description }],
    });
    let mut files = vec![
        file(".claude-plugin/marketplace.json", &market),
        file(".claude-plugin/plugin.json", &plugin),
        file("hooks/hooks.json", &json!({ "hooks": registration.hooks() })),
        PluginFile { path: "skills/recording/SKILL.md", content: words::skill() },
    ];
    files.extend(words::COMMANDS.map(|(path, text)| PluginFile { path, content: text.to_owned() }));
    files
}

fn file(path: &'static str, content: &Value) -> PluginFile {
    PluginFile { path, content: format!("{content:#}\n") }
}
