//! What is said in sessions.

use std::io;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use super::{reader, tree};
use crate::transcripts::hearing::{Heard, Hearing, Role};
use crate::{lenient, lines};

/// Hears a database or a session, and hands over what is said in each session.
pub(crate) fn hear(path: &Path, scratch: Option<&Path>, take: &mut dyn FnMut(Heard)) -> io::Result<()> {
    if path.extension().is_some_and(|extension| extension == "json") {
        let session: Value = parse(&tree::content(path)?);
        let mut hearing = begin(session["id"].as_str(), session["directory"].as_str());
        for (file, parts) in tree::messages(path) {
            let message = tree::content(&file).map(|bytes| parse(&bytes)).unwrap_or_default();
            for part in parts {
                let said = tree::content(&part).map(|bytes| parse(&bytes)).unwrap_or_default();
                let id = said["id"].as_str().unwrap_or_default().to_owned();
                listen(&mut hearing, &message, (&id, tree::stem(&file)), &said, None);
            }
        }
        take(hearing.finish(0));
        return Ok(());
    }
    reader::with(path, scratch, &mut |connection| hear_all(connection, take))
}

fn hear_all(connection: &Connection, take: &mut dyn FnMut(Heard)) -> rusqlite::Result<()> {
    let mut sessions = connection.prepare("SELECT id, min(directory) FROM session GROUP BY id ORDER BY id")?;
    let mut rows = sessions.query([])?;
    while let Some(row) = rows.next()? {
        let id = reader::text(row, 0);
        let mut hearing = begin(Some(&id), Some(&reader::text(row, 1)));
        // What is sorted is held, all of it: so that is where rows are, and not what is in them.
        let query = "SELECT (SELECT CASE WHEN octet_length(data) <= ?2 THEN data END FROM message WHERE rowid = of), message, part, at,
            (SELECT CASE WHEN octet_length(data) <= ?2 THEN data END FROM part WHERE rowid = place)
            FROM (SELECT m.rowid AS of, m.id AS message, p.id AS part, p.time_created AS at, p.rowid AS place
                FROM part p JOIN message m ON m.id = p.message_id WHERE p.session_id = ?1 ORDER BY m.time_created, m.id, p.id LIMIT -1)";
        let mut parts = connection.prepare_cached(query)?;
        let mut rows = parts.query((&id, reader::LONGEST))?;
        while let Some(row) = rows.next()? {
            let value = |place| row.get_ref(place).ok().and_then(reader::bytes).map(parse).unwrap_or_default();
            let (message, part): (Value, Value) = (value(0), value(4));
            let (message_id, part_id) = (reader::text(row, 1), reader::text(row, 2));
            listen(&mut hearing, &message, (&part_id, &message_id), &part, row.get::<_, i64>(3).ok());
        }
        take(hearing.finish(0));
    }
    Ok(())
}

fn begin(conversation: Option<&str>, directory: Option<&str>) -> Hearing {
    let mut hearing = Hearing::default();
    hearing.state.conversation = conversation.unwrap_or_default().to_owned();
    hearing.state.cwd = directory.unwrap_or_default().to_owned();
    hearing
}

fn parse(bytes: &[u8]) -> Value {
    lenient::parse(&lines::held(bytes)).unwrap_or_default()
}

fn listen(hearing: &mut Hearing, message: &Value, (id, message_id): (&str, &str), part: &Value, at_millis: Option<i64>) {
    hearing.at(&message["time"]["created"]);
    hearing.state.at_millis = at_millis.or(hearing.state.at_millis);
    let text = part["text"].as_str().unwrap_or_default();
    let is_user = message["role"].as_str() == Some("user");
    match part["type"].as_str() {
        Some("text") if is_user => {
            message_id.clone_into(&mut hearing.state.turn);
            if part["synthetic"].as_bool() != Some(true) {
                hearing.say(Role::Prompt, id, text);
            }
        }
        Some("text") => hearing.say(Role::Answer, id, text),
        Some("reasoning") => hearing.say(Role::Thinking, id, text),
        Some("tool") => {
            hearing.call(id, part["tool"].as_str().unwrap_or_default(), &part["state"]["input"]);
            let output = if part["state"]["output"].is_null() { &part["state"]["error"] } else { &part["state"]["output"] };
            hearing.result(id, "", output);
        }
        _ => {}
    }
}
