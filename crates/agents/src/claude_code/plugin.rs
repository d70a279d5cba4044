//! Our hooks as a plugin: a folder that is its own marketplace, for who wants their settings left alone.

use serde_json::{Value, json};

use super::settings::Registration;

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
    vec![
        file(".claude-plugin/marketplace.json", &market),
        file(".claude-plugin/plugin.json", &plugin),
        file("hooks/hooks.json", &json!({ "hooks": registration.hooks() })),
    ]
}

fn file(path: &'static str, content: &Value) -> PluginFile {
    PluginFile { path, content: format!("{content:#}\n") }
}
