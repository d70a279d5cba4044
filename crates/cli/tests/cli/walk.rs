//! The whole walk of somebody who comes from the first scripts, and the documents that must follow the program.

use std::process::Command;

use crate::env;

#[test]
fn the_walk_of_the_first_format_works_to_its_end() {
    let env = env();
    let id = env.answer(["start", "--type", "TASK", "-d", "Feature implementation"]);
    let work: Vec<_> = (1..=8).map(|number| env.answer(["work", "add", "IMPL", &format!("part {number}")])).collect();
    for done in &work[..6] {
        env.answer(["work", "done", done]);
    }
    let stats = env.answer(["stats", &id]);
    assert!(stats.contains("Total Work Items: 8\nCompleted: 6\nIn Progress: 2\nStatus: ACTIVE"), "{stats}");
    assert!(env.answer(["list"]).contains(&id));
    env.answer(["end"]);
    let sh = |script: &str| {
        let output = Command::new("sh").args(["-c", script]).env("HOME", env.home()).env("ID", &id).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let events = sh(r#"grep "$ID" ~/.claude/memory/logs/sessions.log | cut -d'|' -f3 | sort | uniq -c | tr -s ' '"#);
    assert_eq!(events, " 1 CREATED \n 1 ENDED \n 8 WORK_ADDED \n 6 WORK_COMPLETED");
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("SKIPPED: the last step needs jq");
        return;
    }
    let told = sh(
        r#"jq -r '.status, (.work_items | length), ([.work_items[] | select(.status == "COMPLETED")] | length)' ~/.claude/memory/sessions/$ID.json"#,
    );
    assert_eq!(told, "COMPLETED\n8\n6");
}

#[test]
fn the_reference_of_commands_is_what_the_program_says() {
    let file = include_str!("../../../../docs/reference/commands.md");
    let said = env().raw(["commands-reference"]).stdout;
    assert!(file == said, "docs/reference/commands.md is not what the program says: run `cargo xtask docs`");
}

#[test]
fn every_setting_is_in_the_reference() {
    let file = include_str!("../../../../docs/reference/configuration.md");
    for key in tracker::KEYS {
        assert!(file.contains(key.name) && file.contains(key.variable), "{} is not in docs/reference/configuration.md", key.name);
    }
}
