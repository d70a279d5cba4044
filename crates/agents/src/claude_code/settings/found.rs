//! What of ours is registered in a text, for whoever checks an installation.

use super::error::{SettingsError, place};
use super::events::Handler;
use super::insert::handlers;
use super::spans::scan;

/// A handler of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The event it hears of.
    pub event: String,
    /// What is run.
    pub handler: Handler,
}

/// Returns every handler of ours, in the order of the text.
pub fn registered(text: &str) -> Result<Vec<Registered>, SettingsError> {
    let Some(top) = scan(text).map_err(|fault| SettingsError::of(text, &fault))? else { return Ok(Vec::new()) };
    if top.members().is_none() {
        let (line, column) = place(text, top.span.start);
        return Err(SettingsError::NotObject { line, column });
    }
    let events = top.member(text, "hooks").and_then(|hooks| hooks.members()).unwrap_or_default();
    let found = events.iter().flat_map(|event| {
        let name = serde_json::from_str(&text[event.key.clone()]).unwrap_or_default();
        handlers(text, &event.value).map(move |(_, handler)| Registered { event: String::clone(&name), handler })
    });
    Ok(found.filter(|found| found.handler.is_ours()).collect())
}

/// Returns whether a text switches all hooks off, whoever registered them.
pub fn are_hooks_disabled(text: &str) -> bool {
    let top = scan(text).ok().flatten();
    top.and_then(|top| Some(&text[top.member(text, "disableAllHooks")?.span.clone()] == "true")).unwrap_or_default()
}
