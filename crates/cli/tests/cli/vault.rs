use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use testkit::{BEGINNING, TestEnv, Transcript};

use crate::index::{CALLS, places};
use crate::machine::{assert_private, skip, through, tree};
use crate::{env, object};

/// Everything below a directory: modification time, mode, content.
pub(crate) type Tree = BTreeMap<PathBuf, (i64, u32, Vec<u8>)>;

pub(crate) fn projects(env: &TestEnv) -> PathBuf {
    env.path(".claude/projects")
}

fn vault(env: &TestEnv) -> PathBuf {
    env.path(".local/share/rutter/vault")
}

/// The files below a directory, with their times.
pub(crate) fn files(root: &Path) -> Tree {
    let of = |(path, (mode, bytes)): (PathBuf, (u32, Vec<u8>))| {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let nanos = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
        metadata.is_file().then_some((path, (nanos, mode, bytes)))
    };
    if root.exists() { tree(root).into_iter().filter_map(of).collect() } else { Tree::new() }
}

/// Writes a file that was last written to at a second of its own, with some nanoseconds.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>, second: u64) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    set_time(path, second);
}

fn set_time(path: &Path, second: u64) {
    let at = SystemTime::UNIX_EPOCH + Duration::new(second, 123_456_789);
    File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

/// A conversation with everything that one can have; returns its folder.
pub(crate) fn conversation(env: &TestEnv, id: &str) -> PathBuf {
    let mut transcript = Transcript::new(id, &env.project(), BEGINNING);
    transcript.prompt(&format!("Mend the {id}"));
    transcript.tool(1, 50, "Bash", &json!({"command": "cargo test"}), false).answer(2, 100);
    let path = transcript.write(&projects(env));
    set_time(&path, 1_767_400_000);
    let folder = path.with_extension("");
    write(&folder.join("subagents/agent-1.jsonl"), "{\"isSidechain\":true}\nhalf a li", 1_767_400_001);
    write(&folder.join("subagents/agent-1.meta.json"), "{}", 1_767_400_002);
    write(&folder.join("tool-results/out.txt"), b"\xff\x00 bytes\n".repeat(500), 1_767_400_003);
    write(&folder.join("tool-results/empty.txt"), "", 1_767_400_004);
    folder
}

/// Runs the program as [`TestEnv::run`] does; the folder of the project is called the same each time.
pub(crate) fn told(env: &TestEnv, arguments: &[&str]) -> String {
    let folder: String =
        env.project().to_str().unwrap().chars().map(|each| if each.is_ascii_alphanumeric() { each } else { '-' }).collect();
    env.run(arguments).replace(&folder, "-project")
}

/// Returns what time it is for files, in seconds since 1970.
pub(crate) fn seconds_now(env: &TestEnv) -> u64 {
    let path = env.path("now");
    fs::write(&path, "").unwrap();
    u64::try_from(fs::metadata(path).unwrap().mtime()).unwrap()
}

/// Deletes a conversation as the agent does.
pub(crate) fn lose(folder: &Path) {
    drop(fs::remove_dir_all(folder));
    drop(fs::remove_file(folder.with_extension("jsonl")));
}

/// How much room all chunks take.
fn chunk_bytes(env: &TestEnv) -> u64 {
    files(&vault(env).join("chunks")).values().map(|(_, _, bytes)| bytes.len() as u64).sum()
}

/// Lines that do not compress well.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed * 2 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (state >> 57) as u8 {
            0 => b'\n',
            byte => byte | 0x80,
        }
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn the_vault_says_how_it_stands() {
    let env = env();
    insta::assert_snapshot!(told(&env, &["vault"]), @"
    [exit 0]
    [out] Vault:   off, /home/.local/share/rutter/vault
    [out] Size:    0 B, for 0 B of transcripts (0 files in 0 conversations)
    [out] Growth:  0 B in 7 days, 0 B in 30 days
    [out] Copied:  never
    [out] Leaving: nothing that the agent deletes within 7 days
    ");
    for id in ["c", "d"] {
        conversation(&env, id);
    }
    insta::assert_snapshot!(told(&env, &["vault", "copy"]), @"
    [exit 0]
    [out] 2 conversations: copied 13.8 KB, 10 files in 2 conversations
    [out] The vault has grown by 1.2 KB
    ");
    let after = object(&env, ["vault"]);
    assert_eq!((&after["conversations"], &after["files"], &after["enabled"]), (&2.into(), &10.into(), &false.into()), "{after}");
    insta::assert_snapshot!(told(&env, &["vault", "copy"]), @"
    [exit 0]
    [out] 2 conversations: nothing new
    ");
    lose(&conversation(&env, "c"));
    assert_eq!(object(&env, ["vault"])["only_here"], 1);
    insta::assert_snapshot!(told(&env, &["vault", "verify"]), @"
    [exit 0]
    [out] Read 13.8 KB, 10 files in 2 conversations: all whole
    ");
    insta::assert_snapshot!(told(&env, &["vault", "on"]), @"
    [exit 0]
    [out] 1 conversation: nothing new
    [err] The vault is on, as /home/.config/rutter/config.toml says
    ");
    insta::assert_snapshot!(told(&env, &["vault", "off"]), @"
    [exit 0]
    [out] The vault is off; what is in it stays
    ");
    assert_eq!(object(&env, ["vault"])["enabled"], false);
}

#[test]
fn what_was_copied_comes_back_byte_for_byte_with_its_times() {
    let env = env();
    let folder = conversation(&env, "c");
    conversation(&env, "d");
    let before = files(&projects(&env));
    env.answer(["vault", "copy"]);
    lose(&folder);
    insta::assert_snapshot!(told(&env, &["agents", "restore", "c"]), @"
    [exit 0]
    [out] Put back 5 files from the vault
    [out]   /home/.claude/projects/-project/c/subagents/agent-1.jsonl
    [out]   /home/.claude/projects/-project/c/subagents/agent-1.meta.json
    [out]   /home/.claude/projects/-project/c/tool-results/empty.txt
    [out]   /home/.claude/projects/-project/c/tool-results/out.txt
    [out]   /home/.claude/projects/-project/c.jsonl
    ");
    assert_eq!(files(&projects(&env)), before);
    insta::assert_snapshot!(told(&env, &["agents", "restore", "c"]), @"
    [exit 0]
    [out] Nothing to put back: 5 files of it there already
    ");
    // Also where all of the agent's files are gone.
    fs::remove_dir_all(env.path(".claude")).unwrap();
    for id in ["c", "d"] {
        env.answer(["agents", "restore", id]);
    }
    assert_eq!(files(&projects(&env)), before);
    let touched = lose_and_restore(&env, &folder, &["--touch"]);
    assert!(touched > 1_767_400_000_000_000_000 + 86_400_000_000_000, "{touched}");
}

#[test]
fn whenever_transcripts_are_read_they_are_copied_where_that_was_switched_on() {
    let env = env();
    conversation(&env, "early");
    env.answer(["index"]);
    assert!(!vault(&env).exists());
    env.answer(["vault", "on"]);
    for (id, command) in [("late", "index"), ("later", "usage")] {
        let folder = conversation(&env, id);
        let before = files(&projects(&env));
        env.answer([command, "--quiet"]);
        lose(&folder);
        env.answer(["agents", "restore", id]);
        assert_eq!(files(&projects(&env)), before, "{command}");
    }
}

/// Loses a conversation, puts it back, and returns when its transcript says it was written to.
fn lose_and_restore(env: &TestEnv, folder: &Path, options: &[&str]) -> i64 {
    lose(folder);
    env.answer(["agents", "restore", folder.file_name().unwrap().to_str().unwrap()].iter().chain(options));
    files(&projects(env))[&folder.with_extension("jsonl")].0
}

#[test]
fn a_file_that_is_there_is_never_written_over() {
    let env = env();
    let folder = conversation(&env, "c");
    env.answer(["vault", "copy"]);
    let transcript = folder.with_extension("jsonl");
    let before = fs::read(&transcript).unwrap();
    // It went on: what the vault has is the beginning of it.
    let longer = [&before[..], b"{\"more\":1}\n"].concat();
    fs::write(&transcript, &longer).unwrap();
    fs::remove_file(folder.join("tool-results/out.txt")).unwrap();
    let view = object(&env, ["agents", "restore", "c"]);
    assert_eq!((view["restored"].as_array().unwrap().len(), view["there"].as_array().unwrap().len()), (1, 4), "{view}");
    assert_eq!(fs::read(&transcript).unwrap(), longer);
    // Something else is there.
    fs::write(&transcript, "else").unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let sentinel = env.path("sentinel");
    write(&sentinel.join("tool-results/out.txt"), "mine", 1);
    let outside = tree(&sentinel);
    std::os::unix::fs::symlink(&sentinel, &folder).unwrap();
    let outcome = env.raw(["agents", "restore", "c"]);
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert_eq!((fs::read(&transcript).unwrap(), tree(&sentinel)), (b"else".to_vec(), outside));
    fs::remove_file(&folder).unwrap();
    insta::assert_snapshot!(told(&env, &["agents", "restore", "c"]), @"
    [exit 1]
    [out] Put back 4 files from the vault
    [out]   /home/.claude/projects/-project/c/subagents/agent-1.jsonl
    [out]   /home/.claude/projects/-project/c/subagents/agent-1.meta.json
    [out]   /home/.claude/projects/-project/c/tool-results/empty.txt
    [out]   /home/.claude/projects/-project/c/tool-results/out.txt
    [out] Left alone /home/.claude/projects/-project/c.jsonl
    [err] error: 1 file left alone: something else is there
    [err] hint: move what is there away, or delete it with `rutter agents delete c`, and run `rutter agents restore c --from vault`
    ");
    assert_eq!(fs::read(&transcript).unwrap(), b"else");
}

#[test]
fn a_transcript_that_grows_costs_what_grew_and_one_that_moves_nothing() {
    let env = env();
    let path = projects(&env).join("-p/c.jsonl");
    let mut bytes = noise(3 << 20, 1);
    write(&path, &bytes, 1);
    env.answer(["vault", "copy"]);
    let first = chunk_bytes(&env);
    for round in 0..10 {
        bytes.extend(noise(10_000, 10 + round));
        write(&path, &bytes, 2 + round);
        env.answer(["vault", "copy"]);
    }
    let grown = chunk_bytes(&env) - first;
    assert!(grown < 100_000 + 2_000, "{grown} for 100,000 bytes more");
    assert_eq!(object(&env, ["vault", "copy"])["copied"], 0);
    let moved = projects(&env).join("-q/c.jsonl");
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::rename(&path, &moved).unwrap();
    let view = object(&env, ["vault", "copy"]);
    assert_eq!((&view["copied"], &view["grown"]), (&1.into(), &0.into()), "{view}");
    // The same content again, elsewhere.
    write(&projects(&env).join("-p/d.jsonl"), noise(3 << 20, 1), 1);
    assert_eq!(object(&env, ["vault", "copy"])["grown"], 0);
}

#[test]
fn what_was_written_anew_can_be_had_as_it_was() {
    let env = env();
    let path = projects(&env).join("-p/c.jsonl");
    write(&path, "{\"one\":1}\n", 1);
    env.answer(["vault", "copy"]);
    let between = object(&env, ["vault"])["copied_at"].as_str().unwrap().to_owned();
    write(&path, "{}\n", 2);
    env.answer(["vault", "copy"]);
    for (options, expected) in [(vec!["--as-of", between.as_str()], "{\"one\":1}\n"), (vec![], "{}\n")] {
        fs::remove_file(&path).unwrap();
        env.answer(["agents", "restore", "c"].into_iter().chain(options));
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}

#[test]
fn damage_is_said_and_never_put_back_and_healed_where_the_agent_still_has_it() {
    let env = env();
    let folder = conversation(&env, "c");
    let before = files(&projects(&env));
    env.answer(["vault", "copy"]);
    for chunk in files(&vault(&env).join("chunks")).into_keys() {
        let whole = fs::read(&chunk).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x10;
        fs::write(&chunk, damaged).unwrap();
        assert_eq!(env.raw(["vault", "verify"]).code, 1, "{}", chunk.display());
        lose(&folder);
        let outcome = env.raw(["agents", "restore", "c"]);
        assert!(outcome.code == 1 && outcome.stderr.contains("nothing was put back"), "{outcome:?}");
        assert!(files(&projects(&env)).is_empty());
        conversation(&env, "c");
        assert_eq!(object(&env, ["vault", "copy"])["copied"], 1);
        assert_eq!((env.raw(["vault", "verify"]).code, fs::read(&chunk).unwrap()), (0, whole));
    }
    lose(&folder);
    env.answer(["agents", "restore", "c"]);
    assert_eq!(files(&projects(&env)), before);
    lose(&folder);
    // A damaged list of chunks: nothing is garbage as long as nobody knows what it named.
    let kept = files(&vault(&env).join("kept")).into_keys().next().unwrap();
    let mut bytes = fs::read(&kept).unwrap();
    bytes[20] ^= 1;
    fs::write(&kept, bytes).unwrap();
    let chunks = files(&vault(&env).join("chunks"));
    write(&projects(&env).join("-p/d.jsonl"), "{}\n", 1);
    let outcome = env.raw(["vault", "verify"]);
    assert!(outcome.code == 1 && outcome.stdout.contains("0 conversations: 1 damaged"), "{outcome:?}");
    assert_eq!(object(&env, ["vault", "copy"])["copied"], 1);
    assert!(chunks.iter().all(|(path, held)| files(&vault(&env)).get(path) == Some(held)));
}

#[test]
fn what_is_not_to_be_recorded_is_not_copied() {
    let env = env();
    fs::create_dir_all(env.path(".config/rutter")).unwrap();
    fs::write(env.path(".config/rutter/config.toml"), format!("[record]\nexclude = {:?}\n", env.project())).unwrap();
    conversation(&env, "c");
    // In a folder of another name, and it went there later.
    write(&projects(&env).join("-x/d.jsonl"), format!("{{\"cwd\":\"/x\"}}\n{{\"cwd\":\"{}/a\"}}\n", env.project().display()), 1);
    write(&projects(&env).join("-x/e.jsonl"), "{\"cwd\":\"/x\"}\n", 1);
    // Beside it, in a folder whose name begins alike.
    let beside = format!("{}-server", env.project().display());
    let folder: String = beside.chars().map(|each| if each.is_ascii_alphanumeric() { each } else { '-' }).collect();
    write(&projects(&env).join(folder).join("f.jsonl"), format!("{{\"cwd\":\"{beside}\"}}\n"), 1);
    let view = object(&env, ["vault", "copy"]);
    assert_eq!((&view["copied"], &view["excluded"]), (&2.into(), &2.into()), "{view}");
}

#[test]
fn where_there_is_no_room_nothing_goes_that_is_nowhere_else() {
    let mut env = env();
    let path = |id: &str| projects(&env).join(format!("-p/{id}.jsonl"));
    let paths = ["a", "b", "c"].map(path);
    for (round, path) in paths.iter().enumerate() {
        write(path, noise(200_000, round as u64), 1 + round as u64);
    }
    env.set("RUTTER_VAULT_MAX_BYTES", "450KB");
    let outcome = env.raw(["vault", "copy"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("no room for 1 conversation"), "{outcome:?}");
    // What was used last is what is left out, and what is written over makes room.
    let view = object(&env, ["vault"]);
    assert_eq!((&view["conversations"], view["size"].as_u64().unwrap() < 455_000), (&2.into(), true), "{view}");
    fs::remove_file(&paths[0]).unwrap();
    write(&paths[1], "{}\n", 9);
    assert_eq!(env.raw(["vault", "copy"]).code, 0);
    for (round, path) in paths.iter().enumerate() {
        drop(fs::remove_file(path));
        env.answer(["agents", "restore", &path.file_stem().unwrap().to_string_lossy()]);
        let expected = if round == 1 { b"{}\n".to_vec() } else { noise(200_000, round as u64) };
        assert!(fs::read(path).unwrap() == expected, "{round}");
    }
}

#[test]
fn nothing_that_was_written_over_goes_in_vain() {
    let mut env = env();
    let path = |id: &str| projects(&env).join(format!("-p/{id}.jsonl"));
    for round in 0..2 {
        write(&path("a"), noise(100_000, round), 1 + round);
        write(&path("z"), "{}\n", 1);
        env.answer(["vault", "copy"]);
    }
    let manifests = vault(&env).join("kept");
    let whole = files(&manifests);
    // It can never fit.
    write(&path("b"), noise(2_000_000, 2), 3);
    let b = path("b");
    env.set("RUTTER_VAULT_MAX_BYTES", "230KB");
    assert_eq!(env.raw(["vault", "copy"]).code, 1);
    assert!(files(&manifests) == whole);
    // It could, but nobody knows what is garbage.
    write(&b, noise(100_000, 2), 3);
    let (damaged, held) = whole.iter().min_by_key(|(_, (_, _, bytes))| bytes.len()).unwrap();
    fs::write(damaged, "damaged").unwrap();
    assert_eq!(env.raw(["vault", "copy"]).code, 1);
    let of_a = whole.keys().find(|path| *path != damaged).unwrap();
    assert!(files(&manifests)[of_a] == whole[of_a]);
    for path in fs::read_dir(&manifests).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path != of_a) {
        fs::remove_file(path).unwrap();
    }
    fs::write(damaged, &held.2).unwrap();
    env.answer(["vault", "copy"]);
    let view = object(&env, ["vault"]);
    assert_eq!((&view["conversations"], view["size"].as_u64() <= view["max_bytes"].as_u64()), (&3.into(), true), "{view}");
}

#[test]
fn what_the_agent_is_about_to_delete_is_said_and_whether_it_is_safe() {
    let env = env();
    conversation(&env, "old");
    write(&projects(&env).join("-p/fresh.jsonl"), "{}\n", seconds_now(&env));
    let leaving = |env: &TestEnv| object(env, ["vault"])["leaving"].clone();
    assert_eq!((&leaving(&env)["conversations"], &leaving(&env)["unsafe_ids"]), (&1.into(), &json!(["old"])));
    env.answer(["vault", "copy"]);
    assert_eq!((&leaving(&env)["safe"], &leaving(&env)["unsafe_ids"]), (&1.into(), &json!([])));
    // It went on since.
    write(&projects(&env).join("-p/old.jsonl"), "{}\n", 5);
    assert_eq!(leaving(&env)["unsafe_ids"], json!(["old"]));
    fs::write(env.path(".claude/settings.json"), r#"{"cleanupPeriodDays": 9999}"#).unwrap();
    assert_eq!((&leaving(&env)["conversations"], &leaving(&env)["after_days"]), (&1.into(), &9_999.into()));
    assert_eq!(object(&env, ["vault", "--within", "1"])["leaving"]["conversations"], 1);
}

#[test]
fn s3_everything_in_vault_and_trash_is_for_its_owner_alone_whatever_the_umask() {
    for mask in ["000", "002", "022", "077"] {
        let env = env();
        conversation(&env, "c");
        let under = |arguments: &[&str]| {
            let script = format!("umask {mask}; exec \"$0\" \"$@\"");
            let output = through(&env, ["sh", "-c", &script]).args(arguments).output().unwrap();
            assert!(output.status.success(), "{mask} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            assert_private(&[vault(&env)]);
        };
        under(&["vault", "copy"]);
        under(&["agents", "delete", "c"]);
        let trash = env.path(".local/share/rutter/trash");
        let modes: Vec<u32> = [trash.clone()]
            .into_iter()
            .chain(fs::read_dir(&trash).unwrap().map(|entry| entry.unwrap().path()))
            .map(|path| fs::metadata(path).unwrap().mode() & 0o077)
            .collect();
        assert!(modes.len() == 3 && modes.iter().all(|open| *open == 0), "{modes:?}");
        under(&["agents", "restore", "c", "--from", "vault"]);
        // What was opened is closed again.
        fs::set_permissions(vault(&env), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        under(&["vault", "copy"]);
    }
}

/// A copy that is killed: what is there is whole, and the next one completes it.
#[test]
fn killed_at_any_point_the_vault_is_whole_and_the_next_copy_completes_it() {
    const KILLS: usize = 200;
    let has_strace = Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success());
    if !has_strace {
        return skip("no `strace` on this machine, or it may not trace");
    }
    let env = TestEnv::in_memory(env!("CARGO_BIN_EXE_rutter"));
    for number in 0..8 {
        conversation(&env, &format!("c{number}"));
    }
    // One copy has been made already, and something has happened since.
    env.answer(["vault", "copy"]);
    let first = env.path("first");
    copy_tree(&vault(&env), &first);
    for number in 4..10 {
        let folder = conversation(&env, &format!("c{number}"));
        write(&folder.join("tool-results/more.txt"), noise(3_000, number), 1_767_400_009);
        write(&folder.with_extension("jsonl"), noise(2_000, 100 + number), 1_767_400_010);
    }
    let before = files(&projects(&env));
    let trace = env.project().with_file_name("trace");
    let copy = |options: &[String]| {
        let fixed = ["strace", "-f", "-qq", "-o"].map(str::to_owned).into_iter().chain([trace.to_string_lossy().into_owned()]);
        through(&env, fixed.chain(options.iter().cloned())).args(["vault", "copy"]).output().unwrap()
    };
    let filter = ["-e".to_owned(), format!("trace={CALLS}")];
    assert!(copy(&filter).status.success());
    let places = places(&fs::read_to_string(&trace).unwrap());
    let contents =
        |env: &TestEnv| files(&vault(env).join("chunks")).into_iter().map(|(path, (.., bytes))| (path, bytes)).collect::<BTreeMap<_, _>>();
    let wanted = contents(&env);
    let (mut killed, step) = (0, (places.len() / KILLS).max(1));
    for (name, count) in places.iter().step_by(step).take(KILLS) {
        fs::remove_dir_all(vault(&env)).unwrap();
        copy_tree(&first, &vault(&env));
        let inject = [&filter[..], &["-e".to_owned(), format!("inject={name}:signal=KILL:when={count}")]].concat();
        killed += usize::from(!copy(&inject).status.success());
        let verified = object(&env, ["vault", "verify"]);
        assert!(verified["conversations"].as_u64().unwrap() >= 8, "{name} {count}: {verified}");
        env.answer(["vault", "copy"]);
        // Nothing is missing, and nothing is left of the one that was killed.
        assert!(contents(&env) == wanted, "{name} {count}");
        assert_eq!(object(&env, ["vault"])["leaving"]["safe"], 10, "{name} {count}");
    }
    println!("killed at {killed} of {} calls: whole each time", places.len());
    assert!(killed * 10 > places.len().min(KILLS) * 8, "{killed}");
    fs::remove_dir_all(projects(&env)).unwrap();
    for number in 0..10 {
        env.answer(["agents", "restore", &format!("c{number}")]);
    }
    assert!(files(&projects(&env)) == before);
}

fn copy_tree(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(done.success());
}

#[test]
fn one_command_at_a_time_works_on_the_vault() {
    let mut env = env();
    conversation(&env, "c");
    env.answer(["vault", "copy"]);
    let lock = File::options().write(true).open(vault(&env).join("lock")).unwrap();
    lock.lock().unwrap();
    env.set("RUTTER_STORE_WAIT_SECONDS", "0");
    for arguments in [&["vault", "copy"][..], &["vault", "verify"], &["agents", "restore", "c", "--from", "vault"]] {
        let outcome = env.raw(arguments);
        assert!(outcome.code == 3 && outcome.stderr.contains("another command has worked on the vault"), "{outcome:?}");
    }
    // Looking waits for nobody.
    assert_eq!(object(&env, ["vault"])["conversations"], 1);
}

#[test]
fn init_offers_the_vault_and_nobody_gets_it_unasked() {
    let env = env();
    conversation(&env, "c");
    fs::write(env.path(".claude/settings.json"), "{}").unwrap();
    env.answer(["init"]);
    assert_eq!(object(&env, ["vault"])["enabled"], false);
    // Copies are not redacted: whoever lets a script say yes to hooks has not said so.
    let told: Value = object(&env, ["init", "--yes"]);
    assert_eq!((object(&env, ["vault"])["enabled"].clone(), &told["vault"]), (false.into(), &false.into()));
}
