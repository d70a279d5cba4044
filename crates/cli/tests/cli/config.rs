use crate::{env, object, objects};

#[test]
fn every_setting_says_where_it_comes_from() {
    let mut env = env();
    env.set("RUTTER_STORE_WAIT_SECONDS", "3");
    insta::assert_snapshot!(env.run(["config"]), @"
    [exit 0]
    [out] Configuration file: /home/.config/rutter/config.toml
    [out]
    [out] store.home = /home/.local/share/rutter
    [out]    the directory of the store
    [out]    by default; set it here or with RUTTER_HOME
    [out]
    [out] store.wait_seconds = 3
    [out]    how long a command waits for other writers
    [out]    from RUTTER_STORE_WAIT_SECONDS
    [out]
    [out] session.owner = ada
    [out]    whose sessions these are (default: the OS user)
    [out]    by default; set it here or with RUTTER_OWNER
    [out]
    [out] session.project = (not set)
    [out]    the project, by name or path, instead of the one of the directory
    [out]    by default; set it here or with RUTTER_PROJECT
    [out]
    [out] record.prompts = true
    [out]    whether the text of prompts is recorded
    [out]    by default; set it here or with RUTTER_RECORD_PROMPTS
    [out]
    [out] record.exclude = (not set)
    [out]    directories in which agents are not recorded, separated by `:`
    [out]    by default; set it here or with RUTTER_RECORD_EXCLUDE
    [out]
    [out] hook.banner = true
    [out]    whether an agent shows the banner when a session starts
    [out]    by default; set it here or with RUTTER_HOOK_BANNER
    [out]
    [out] hook.context = true
    [out]    whether an agent is told which session it is in and how to record
    [out]    by default; set it here or with RUTTER_HOOK_CONTEXT
    [out]
    [out] hook.environment = true
    [out]    whether an agent's shell gets RUTTER_SESSION and CURRENT_SESSION
    [out]    by default; set it here or with RUTTER_HOOK_ENVIRONMENT
    [out]
    [out] mirror.root = /home/.claude/memory
    [out]    the directory of the JSON files and the session log, or `off`
    [out]    by default; set it here or with RUTTER_MIRROR
    [out]
    [out] marker.directory = /markers
    [out]    the directory of the markers that other scripts read
    [out]    from RUTTER_MARKER_DIR
    [out]
    [out] marker.ttl = 24h
    [out]    how long a marker is fresh
    [out]    by default; set it here or with RUTTER_MARKER_TTL
    [out]
    [out] marker.clean_interval = 24h
    [out]    how often stale markers are cleaned
    [out]    by default; set it here or with RUTTER_MARKER_CLEAN_INTERVAL
    [out]
    [out] marker.refresh = true
    [out]    whether markers are written as agents are taken in, and cleaned
    [out]    by default; set it here or with RUTTER_MARKER_REFRESH
    [out]
    [out] documents.mode = auto
    [out]    `auto`: documents of sessions in which something was written down; `on`: of all; `off`
    [out]    by default; set it here or with RUTTER_DOCUMENTS
    [out]
    [out] gate.mode = advise
    [out]    what becomes of a commit that breaks a rule: `off`, `advise` or `strict`
    [out]    by default; set it here or with RUTTER_GATE
    [out]
    [out] handoff.deliver = true
    [out]    whether an agent that starts is told of the sessions before it
    [out]    by default; set it here or with RUTTER_HANDOFF
    [out]
    [out] handoff.limit = 6000
    [out]    how many characters it is told at most
    [out]    by default; set it here or with RUTTER_HANDOFF_LIMIT
    [out]
    [out] index.transcript_text = false
    [out]    whether the text of transcripts is kept, redacted, so that `rutter search` finds it
    [out]    by default; set it here or with RUTTER_INDEX_TRANSCRIPT_TEXT
    [out]
    [out] vault.enabled = false
    [out]    whether exact copies of transcripts are kept, from before the agents delete them
    [out]    by default; set it here or with RUTTER_VAULT
    [out]
    [out] vault.max_bytes = none
    [out]    how much room these copies may take: a number of bytes, `2GB`, `500MB`, or `none`
    [out]    by default; set it here or with RUTTER_VAULT_MAX_BYTES
    [out]
    [out] agents.roots = (not set)
    [out]    more directories with a directory for each conversation of agents, separated by `:`
    [out]    by default; set it here or with RUTTER_AGENTS_ROOTS
    [out]
    [out] groups.tickets = any
    [out]    which tickets sessions are grouped by: `any`, or names of trackers and `#`, separated by `,`
    [out]    by default; set it here or with RUTTER_GROUPS_TICKETS
    [out]
    [out] redis.url = (not set)
    [out]    the Redis for checkpoints of builds, `redis://HOST:PORT/DB`, `rediss://` or `unix:///` (default: kept beside the store)
    [out]    by default; set it here or with RUTTER_REDIS_URL
    [out]
    [out] redis.password_file = (not set)
    [out]    a file whose first line is the password of that Redis
    [out]    by default; set it here or with RUTTER_REDIS_PASSWORD_FILE
    [out]
    [out] trash.keep_days = 30
    [out]    for how many days what was deleted of agents' files can be put back
    [out]    by default; set it here or with RUTTER_TRASH_KEEP_DAYS
    [out]
    [out] ui.ascii = (not set)
    [out]    `1`: no emoji; `0`: emoji even if the terminal may not support them
    [out]    by default; set it here or with RUTTER_ASCII
    ");
    let keys: Vec<_> = objects(&env, ["config"]).iter().map(|setting| setting["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        keys,
        [
            "store.home",
            "store.wait_seconds",
            "session.owner",
            "session.project",
            "record.prompts",
            "record.exclude",
            "hook.banner",
            "hook.context",
            "hook.environment",
            "mirror.root",
            "marker.directory",
            "marker.ttl",
            "marker.clean_interval",
            "marker.refresh",
            "documents.mode",
            "gate.mode",
            "handoff.deliver",
            "handoff.limit",
            "index.transcript_text",
            "vault.enabled",
            "vault.max_bytes",
            "agents.roots",
            "groups.tickets",
            "redis.url",
            "redis.password_file",
            "trash.keep_days",
            "ui.ascii",
        ]
    );
}

#[test]
fn a_setting_is_read_and_set() {
    let env = env();
    insta::assert_snapshot!(env.run(["config", "mirror.root"]), @"
    [exit 0]
    [out] /home/.claude/memory
    ");
    insta::assert_snapshot!(env.run(["config", "mirror.root", "off"]), @"
    [exit 0]
    [err] mirror.root is set in /home/.config/rutter/config.toml
    ");
    insta::assert_snapshot!(env.run(["config", "mirror.root"]), @"
    [exit 0]
    [out] off
    ");
    assert_eq!(object(&env, ["config", "mirror.root"])["origin"], "file");
}

#[test]
fn setting_keeps_what_else_is_in_the_file() {
    let env = env();
    std::fs::create_dir_all(env.path(".config/rutter")).unwrap();
    let file = env.path(".config/rutter/config.toml");
    std::fs::write(&file, "# mine\n[session]\nowner = \"eve\" # for now\n").unwrap();
    env.answer(["config", "ui.ascii", "1"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, "# mine\n[session]\nowner = \"eve\" # for now\n\n[ui]\nascii = \"1\"\n");
    assert_eq!(env.answer(["config", "session.owner"]), "eve");
}

#[test]
fn a_key_or_value_that_is_none_is_refused() {
    let env = env();
    insta::assert_snapshot!(env.run(["config", "colour"]), @"
    [exit 1]
    [err] error: `colour` is not a setting
    [err] hint: run `rutter config` to see every setting
    ");
    insta::assert_snapshot!(env.run(["config", "colour", "blue"]), @"
    [exit 1]
    [err] error: `colour` is not a setting
    [err] hint: run `rutter config` to see every setting
    ");
    insta::assert_snapshot!(env.run(["config", "store.wait_seconds", "long"]), @"
    [exit 2]
    [err] error: `long` is not a value for `store.wait_seconds`: it is a number of seconds up to 86400
    ");
    insta::assert_snapshot!(env.run(["config", "mirror.root", "here"]), @"
    [exit 2]
    [err] error: `here` is not a value for `mirror.root`: it is an absolute path, or `off`
    ");
    assert!(!env.path(".config").exists(), "nothing was written");
}
