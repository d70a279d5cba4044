//! What a reader has found so far.

use std::collections::HashMap;

use session::transcript::{Facts, Name, Response, Title, TitleKind};

use super::pass::Wanted;
use super::strings::Strings;

/// Facts while they are being found.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) facts: Facts,
    strings: Strings,
    /// Where the response of a message and a request is.
    responses: HashMap<(u64, u64), usize>,
}

/// A list of strings among facts.
pub(crate) type List = fn(&mut Facts) -> &mut Vec<Name>;

impl Gathered {
    /// Returns the place of a string.
    pub(crate) fn place(&mut self, text: &str) -> Name {
        self.strings.place_text(text)
    }

    /// Notes when something was written.
    pub(crate) fn note_moment(&mut self, at: Option<i64>) {
        let extent = &mut self.facts.extent;
        extent.first = extent.first.into_iter().chain(at).min();
        extent.last = extent.last.max(at);
    }

    /// Notes a string in one of the lists, once.
    pub(crate) fn note(&mut self, list: List, text: &str) {
        let name = self.place(text);
        let list = list(&mut self.facts);
        if name != Name::default() && !list.contains(&name) {
            list.push(name);
        }
    }

    /// Notes that a record is of a conversation.
    pub(crate) fn count_record(&mut self, conversation: &str) {
        let name = self.place(conversation);
        match self.facts.conversations.iter_mut().find(|(held, _)| *held == name) {
            Some((_, count)) => *count += 1,
            None if name != Name::default() => self.facts.conversations.push((name, 1)),
            None => {}
        }
    }

    /// Notes that the conversation was copied from another one. Copies stand at the beginning: so are the prompts before.
    pub(crate) fn note_origin(&mut self, origin: &str) {
        self.note(|facts| &mut facts.origins, origin);
        self.facts.turns.iter_mut().for_each(|turn| turn.is_copied = true);
    }

    /// Keeps of the records of one response what they say together.
    pub(crate) fn response(&mut self, response: Response) {
        let fresh = self.facts.responses.len();
        let place = *self.responses.entry((response.message, response.request)).or_insert(fresh);
        let Some(held) = self.facts.responses.get_mut(place) else { return self.facts.responses.push(response) };
        let strings = &self.strings;
        *held = held.merged(response, &|one, other| strings.order(one, other));
    }

    /// Notes the first prompt as what the conversation is about.
    pub(crate) fn prompt(&mut self, said: &str) {
        if !said.trim().is_empty() && !self.facts.titles.iter().any(|title| title.kind == TitleKind::Prompt) {
            let text = self.place(said);
            self.facts.titles.push(Title { kind: TitleKind::Prompt, text });
        }
    }

    /// Notes a title; it replaces an earlier one of its kind.
    pub(crate) fn title(&mut self, kind: TitleKind, said: &str) {
        let text = self.place(said);
        if text != Name::default() {
            self.facts.titles.retain(|title| title.kind != kind);
            self.facts.titles.push(Title { kind, text });
        }
    }

    /// Returns what was found.
    pub(crate) fn finish(mut self, wanted: Wanted) -> Facts {
        self.facts.names = self.strings.into_names();
        match wanted {
            Wanted::Everything => self.facts,
            Wanted::Usage => self.facts.split_usage().0,
        }
    }
}
