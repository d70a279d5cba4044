//! Transcripts of conversations that never were, as the client writes them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A transcript that is being written: a second passes with each record.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The agent's id of the conversation.
    pub id: String,
    /// Where the agent is.
    pub cwd: PathBuf,
    /// Seconds since 1970 of the next record.
    pub at: i64,
    /// The records so far, each with its line feed.
    pub text: String,
    records: u64,
    prompt: String,
}

/// 2026-01-02T10:00:00Z.
pub const BEGINNING: i64 = 1_767_348_000;

impl Transcript {
    /// Begins a transcript.
    pub fn new(id: &str, cwd: &Path, at: i64) -> Self {
        Self { id: id.to_owned(), cwd: cwd.to_owned(), at, text: String::new(), records: 0, prompt: String::new() }
    }

    /// Adds a record with what all records of a conversation have.
    pub fn record(&mut self, kind: &str, rest: Value) -> &mut Self {
        self.records += 1;
        let at = jiff::Timestamp::from_second(self.at).unwrap();
        let mut record = json!({
            "parentUuid": null, "isSidechain": false, "type": kind, "uuid": format!("{}-{}", self.id, self.records),
            "timestamp": format!("{at:.3}"), "cwd": self.cwd, "sessionId": self.id, "version": "2.1.328", "gitBranch": "main",
        });
        record.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        self.at += 1;
        self.line(&record.to_string())
    }

    /// Adds a line as it is.
    pub fn line(&mut self, line: &str) -> &mut Self {
        self.text.push_str(line);
        self.text.push('\n');
        self
    }

    /// Somebody prompts.
    pub fn prompt(&mut self, text: &str) -> &mut Self {
        self.prompt = format!("{}-prompt-{}", self.id, self.records);
        let prompt = self.prompt.clone();
        self.record("user", json!({"promptId": prompt, "message": {"role": "user", "content": text}}))
    }

    /// The agent answers with a text, in two records: `number` names the response.
    pub fn answer(&mut self, number: u64, output: u64) -> &mut Self {
        let block = json!({"type": "text", "text": "Done."});
        self.response(number, output, &json!({"type": "thinking", "thinking": ""}), Value::Null);
        self.response(number, output, &block, "end_turn".into())
    }

    /// The agent calls a tool and is told that it succeeded, or failed.
    pub fn tool(&mut self, number: u64, output: u64, tool: &str, input: &Value, has_failed: bool) -> &mut Self {
        let call = format!("toolu_{}_{number}", self.id);
        let prompt = self.prompt.clone();
        self.response(number, output, &json!({"type": "tool_use", "id": call, "name": tool, "input": input}), "tool_use".into());
        let result = json!({"type": "tool_result", "tool_use_id": call, "content": "…", "is_error": has_failed});
        self.record("user", json!({"promptId": prompt, "message": {"role": "user", "content": [result]}}))
    }

    /// Adds a record of a response: 100 tokens in, 1,000 to and 10,000 from a cache.
    pub fn response(&mut self, number: u64, output: u64, block: &Value, stop: Value) -> &mut Self {
        let usage = json!({
            "input_tokens": 100, "output_tokens": output, "cache_creation_input_tokens": 1_000, "cache_read_input_tokens": 10_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 1_000, "ephemeral_1h_input_tokens": 0},
        });
        let message = json!({
            "id": format!("msg_{}_{number}", self.id), "model": "claude-sonnet-4-5-20250929", "role": "assistant",
            "content": [block], "stop_reason": stop, "usage": usage,
        });
        self.record("assistant", json!({"requestId": format!("req_{}_{number}", self.id), "message": message}))
    }

    /// Returns where it lies below a directory of transcripts.
    pub fn path(&self, projects: &Path) -> PathBuf {
        let folder: String = self.cwd.to_str().unwrap().chars().map(|each| if each.is_ascii_alphanumeric() { each } else { '-' }).collect();
        projects.join(folder).join(format!("{}.jsonl", self.id))
    }

    /// Writes it below a directory of transcripts, and returns where.
    pub fn write(&self, projects: &Path) -> PathBuf {
        let path = self.path(projects);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &self.text).unwrap();
        path
    }
}
