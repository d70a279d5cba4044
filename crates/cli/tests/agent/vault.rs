//! Transcripts that were lost, and put back from the vault or the trash: the agent goes on in the same conversation.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::stage::Stage;

impl Stage {
    /// Everything that the agent has of its conversations, with its times.
    fn held(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let (mut found, mut waiting) = (BTreeMap::new(), vec![self.home.home().join(".claude/projects")]);
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                found.insert(path.clone(), (fs::metadata(&path).unwrap().modified().unwrap(), fs::read(&path).unwrap()));
            }
        }
        found
    }

    /// Goes on in a conversation, and expects that the model is told what was said in it before.
    #[track_caller]
    fn goes_on(&self, id: &str, said: &str) {
        let resumed = self.run("And again. @@fail", &["--resume", id]);
        assert_eq!(resumed.session_id(), id);
        let records = self.home.transcript(id);
        assert!(records.iter().any(|record| record.to_string().contains(said)), "{records:#?}");
        let session = self.session_of(id);
        assert_eq!(session["agent_sessions"].as_array().unwrap().len(), 1, "{session:#}");
    }
}

#[test]
fn a_conversation_that_was_lost_is_put_back_from_the_vault_and_goes_on() {
    let Some(stage) = Stage::set() else { return };
    let first = stage.run("Begin with this. @@tools", &[]);
    let id = first.session_id();
    let copied = stage.objects(["vault", "copy"]).remove(0);
    assert_eq!(copied["unreadable"], serde_json::json!([]), "{copied}");
    let before = stage.held();
    fs::remove_dir_all(stage.home.home().join(".claude/projects")).unwrap();
    let lost = stage.home.run_print("And again. @@fail", &["--resume", &id]);
    assert_ne!(lost.code, Some(0), "{lost:#?}");
    drop(fs::remove_dir_all(stage.home.home().join(".claude/projects")));
    stage.rutter(["agents", "restore", &id, "--from", "vault"]);
    let after = stage.held();
    assert!(after.iter().all(|(path, held)| before.get(path) == Some(held)) && !after.is_empty(), "{:?}", after.keys());
    assert!(after.len() == before.len(), "{:?} of {:?}", after.keys(), before.keys());
    stage.goes_on(&id, "Begin with this.");
    assert_eq!(stage.session_of(&id)["turns"], 2);
}

#[test]
fn a_conversation_that_was_deleted_is_put_back_from_the_trash_and_goes_on() {
    let Some(stage) = Stage::set() else { return };
    let id = stage.run("Begin with this. @@tools", &[]).session_id();
    let before = stage.held();
    stage.rutter(["agents", "delete", &id]);
    assert_ne!(stage.held(), before);
    assert_eq!(stage.rutter(["agents", "clean", "--older-than", "1m"]), "Nothing to clean up: all of it is recent or in use");
    stage.rutter(["agents", "restore", &id]);
    assert_eq!(stage.held(), before);
    stage.goes_on(&id, "Begin with this.");
}
