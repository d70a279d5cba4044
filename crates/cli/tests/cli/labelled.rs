//! Every labelled kind of secret, written down in every field, and in nothing that is written or shown.

use std::fs;

use crate::env;

#[expect(dead_code, reason = "made for the tests of the masks themselves, which throw more")]
#[path = "../../../redact/tests/s10/dice.rs"]
mod dice;
#[expect(dead_code, reason = "what is no secret is asked elsewhere")]
#[path = "../../../redact/tests/s10/kinds.rs"]
mod kinds;

/// So many bytes in a row of a secret are a leak.
const LEAK: usize = 10;

#[test]
fn s10_no_labelled_secret_reaches_a_document_or_a_handoff() {
    let env = env();
    env.answer(["start", "--quiet", "--number", "1"]);
    // They are written once, when all is written down.
    env.answer(["config", "documents.mode", "off"]);
    let mut dice = dice::Dice::new(5);
    let mut secrets = Vec::new();
    for kind in kinds::KINDS {
        let (secret, drawn) = dice.fill(kind.secret);
        let text = if kind.name.is_empty() { format!("({secret} )") } else { format!("{}=\"{secret}\"", kind.name) };
        secrets.push((kind.label, secret[drawn].to_owned()));
        let (message, why, instead) = (format!("--message={text}"), format!("--rationale={text}"), format!("--alternative={text}"));
        env.answer(["decision", &message, &why, &instead]);
        let (failure, command) = (format!("--failure={text}"), format!("--command={text}"));
        env.answer(["test", &message, "--passed=0", "--failed=1", &failure, &command]);
        env.answer(["todo", &message]);
    }
    env.answer(["config", "documents.mode", "auto"]);
    env.answer(["end", "--quiet"]);
    env.answer(["config", "handoff.limit", "9000"]);
    let mut shown: Vec<String> = ["handoff", "summary", "entries", "files"].iter().map(|command| env.answer([command, "1"])).collect();
    shown.extend(["handoff", "summary", "entries"].iter().map(|command| env.answer(["--json", command, "1"])));
    let files = fs::read_dir(env.project().join("archive/sessions")).unwrap();
    shown.extend(files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()));
    assert_eq!((shown.len(), kinds::KINDS.len() >= 60), (11, true));
    let leaks = |secret: &str| {
        let parts = secret.as_bytes().windows(LEAK.min(secret.len())).filter_map(|part| std::str::from_utf8(part).ok());
        parts.into_iter().any(|part| shown.iter().any(|text| text.contains(part)))
    };
    let leaked: Vec<_> = secrets.iter().filter(|(_, secret)| !secret.is_empty() && leaks(secret)).map(|(label, _)| label).collect();
    assert_eq!(leaked, Vec::<&&str>::new());
}
