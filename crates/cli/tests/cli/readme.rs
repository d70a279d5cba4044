//! The README's tour is true: every console block is typed in order and answers as it says.

use std::process::{Command, Stdio};

use crate::env;

/// Returns commands and the answers the README promises.
fn tour(readme: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut is_console = false;
    for line in readme.lines() {
        match line {
            "```console" => is_console = true,
            "```" => is_console = false,
            _ if !is_console => {}
            _ => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push((command.to_owned(), String::new())),
                (None, Some((_, answer))) => answer.push_str(&format!("{line}\n")),
                (None, None) => panic!("an answer without a command: {line}"),
            },
        }
    }
    steps
}

/// A busy machine takes its time.
fn without_durations(text: &str) -> String {
    text.lines().map(|line| if line.starts_with("Duration: ") { "Duration: …\n".to_owned() } else { format!("{line}\n") }).collect()
}

#[test]
fn the_tour_of_the_readme_is_true() {
    let env = env();
    let steps = tour(include_str!("../../../../README.md"));
    assert!(steps.len() >= 8, "{} steps", steps.len());
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("SKIPPED: the tour needs jq");
        return;
    }
    const MARK: &str = "--- the next step ---";
    let script: String = steps.iter().map(|(command, _)| format!("{command}\necho '{MARK}'\n")).collect();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_rutter")).parent().unwrap().to_string_lossy().into_owned();
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).env_clear().env("HOME", env.home()).env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"));
    let output =
        bash.env("TZ", "UTC").env("RUTTER_MARKER_DIR", env.markers()).current_dir(env.project()).stdin(Stdio::null()).output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = answers.split(&format!("{MARK}\n")).collect();
    // Ids are numbered over the whole tour, so that the same id reads the same in every answer.
    let whole = |answers: Vec<&str>| without_durations(&env.comparable(&answers.join(&format!("{MARK}\n"))));
    let promised: Vec<_> = steps.iter().map(|(_, answer)| answer.as_str()).collect();
    assert_eq!(whole(promised), whole(said[..steps.len()].to_vec()), "{}", String::from_utf8_lossy(&output.stderr));
}
