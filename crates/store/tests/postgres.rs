//! What only a server can do to a store: go away, come back, refuse, and serve many at once.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

#[path = "ground/proxy.rs"]
mod proxy;

use std::error::Error;

use session::{Event, SessionKey, Text, Uuid};
use store::{Access, Appended, Durability, InboxPosition, MirrorName, MirrorPosition, Postgres, PostgresOptions, Store, StoreError, write};
use testkit::{PostgresServer, Schema, opened, opened_with, session_event, work_added};

use crate::proxy::{Cut, Proxy};

#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn skip(missing: &str) {
    eprintln!("SKIPPED: {missing}");
}

fn schema() -> Option<Schema> {
    Schema::new().map_err(|missing| skip(&missing)).ok()
}

fn server() -> Option<PostgresServer> {
    PostgresServer::start(&[]).map_err(|missing| skip(&missing)).ok()
}

fn options(schema: &Schema) -> PostgresOptions {
    PostgresOptions { schema: Some(schema.name().to_owned()), ..PostgresOptions::default() }
}

fn open(schema: &Schema) -> Postgres {
    Postgres::open(schema.url(), &options(schema), Access::Write).unwrap()
}

fn append(store: &mut dyn Store, events: &[Event]) -> Result<Vec<Appended>, StoreError> {
    write(store, Durability::Full, |turn| events.iter().map(|event| turn.append(event)).collect())
}

fn ids(store: &dyn Store) -> Vec<u128> {
    store.reads().log(0, 1_000_000).unwrap().events.iter().map(|recorded| recorded.event.id.uuid().as_u128()).collect()
}

/// Says what an error and its causes say, in one line.
fn words(error: &StoreError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[test]
fn whatever_text_comes_it_comes_back() {
    let Some(schema) = schema() else { return };
    let mut store = open(&schema);
    let hostile = ["a\0b", "\u{1}", "\u{1}\u{1}", "\u{1}\u{2}", "'; DROP TABLE events; --", "\\", "$1 ? {}", "é🆔\u{202e}", ""];
    for (number, text) in (1..).zip(hostile) {
        let mut event = opened_with(number, |opened| {
            opened.owner = Text::redacted(text);
            opened.worktree = Some(Text::redacted(text));
        });
        event.by.owner = Text::redacted(text);
        let mirror = MirrorName { machine: text.to_owned(), root: format!("{text}{}", "long".repeat(2_000)) };
        let (inbox, position) =
            (InboxPosition { mark: u64::MAX, place: number as u64, ..InboxPosition::default() }, MirrorPosition::default());
        write(&mut store, Durability::Normal, |turn| {
            turn.set_inbox_position(text, &inbox)?;
            turn.set_mirror_position(&mirror, &position)?;
            turn.append(&event)
        })
        .unwrap();
        let reads = store.reads();
        assert_eq!(reads.log_of(SessionKey::new(Uuid::from_u128(number))).unwrap()[0].event, event, "{text:?}");
        let wanted = store::Wanted { owners: vec![text.to_owned()], worktree: Some(text.to_owned()), ..store::Wanted::default() };
        let found = reads.sessions(&wanted, None).unwrap();
        assert_eq!((found.len(), found[0].owner.as_str()), (1, text));
        assert_eq!((reads.inbox_position(text).unwrap(), reads.mirror_position(&mirror).unwrap()), (Some(inbox), Some(position)));
        assert!(reads.project_at(text).unwrap().is_none() && reads.transitions_to(text).unwrap().is_empty());
    }
    let mut sorted = hostile.to_vec();
    sorted.sort_unstable();
    let segments: Vec<_> = store.reads().inbox_positions().unwrap().into_iter().map(|(segment, _)| segment).collect();
    assert_eq!(segments, sorted, "in the order of their bytes");
    assert!(store.rebuild(&mut |_, _| {}).unwrap().identical);
}

#[test]
fn d12_a_connection_that_is_cut_at_any_statement_loses_and_doubles_nothing() {
    let Some(schema) = schema() else { return };
    drop(open(&schema));
    for cut in [Cut::Before, Cut::After, Cut::Terminated] {
        let mut at = 0;
        loop {
            let proxy = Proxy::to(schema.url(), schema.name());
            let mut store = Postgres::open(&proxy.url(), &options(&schema), Access::Write).unwrap();
            let number = ids(&store).len() as u128 + 1;
            let events = [opened(number), session_event(20_000 + number, number, 2, work_added(number))];
            proxy.arm(cut, at);
            let position = InboxPosition { place: number as u64, ..InboxPosition::default() };
            write(&mut store, Durability::Full, |turn| {
                assert!(turn.session(SessionKey::new(Uuid::from_u128(number)))?.is_none(), "{cut:?} {at}");
                turn.append(&events[0])?;
                assert!(turn.reads()?.session(SessionKey::new(Uuid::from_u128(number)))?.is_some());
                turn.append(&events[1])?;
                turn.set_inbox_position("a", &position)
            })
            .unwrap_or_else(|error| panic!("{cut:?} {at}: {}", words(&error)));
            let was_cut = proxy.was_cut();
            let fresh = open(&schema);
            let recorded = ids(&fresh);
            let mine: Vec<_> = recorded.iter().filter(|&&id| id == 10_000 + number || id == 20_000 + number).collect();
            assert_eq!((mine.len(), recorded.len() as u128), (2, number + 1), "{cut:?} {at}");
            assert_eq!(fresh.reads().inbox_position("a").unwrap(), Some(position));
            if !was_cut {
                break;
            }
            at += 1;
        }
        assert!(at >= 5, "a turn has more statements than {at}");
    }
    assert!(open(&schema).rebuild(&mut |_, _| {}).unwrap().identical);
}

#[test]
fn who_only_reads_asks_again_when_the_connection_was_lost() {
    let Some(schema) = schema() else { return };
    append(&mut open(&schema), &[opened(1)]).unwrap();
    for cut in [Cut::Before, Cut::After, Cut::Terminated] {
        let proxy = Proxy::to(schema.url(), schema.name());
        let store = Postgres::open(&proxy.url(), &options(&schema), Access::Read).unwrap();
        proxy.arm(cut, 0);
        assert_eq!(store.reads().last_seq().unwrap(), 1, "{cut:?}");
        proxy.arm(cut, 0);
        let mut seen = 0;
        let looked = store.look(&mut |reads| reads.last_seq().map(|seq| seen = seq));
        assert!(looked.is_ok() && seen == 1 && proxy.was_cut(), "{cut:?} {looked:?}");
    }
}

#[test]
fn what_is_wrong_with_a_url_is_said_in_one_line_without_its_password() {
    let Some(server) = server() else { return };
    let said = |url: &str| {
        let options = PostgresOptions { patience: std::time::Duration::from_secs(5), ..PostgresOptions::default() };
        let said = words(&Postgres::open(url, &options, Access::Write).err().unwrap());
        assert!(!said.contains("s3cret"), "{said}");
        said.replace(&server.port().to_string(), "PORT")
    };
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
    let port = server.port();
    assert_eq!(
        said(&format!("postgresql://ada:s3cret@127.0.0.1:{port}/team")),
        "cannot reach the store at `postgresql://ada@127.0.0.1:PORT/team`: password authentication failed for user \"ada\""
    );
    assert_eq!(
        said(&server.url().replace("/postgres", "/team")),
        "cannot reach the store at `postgresql://rutter@127.0.0.1:PORT/team`: database \"team\" does not exist"
    );
    assert_eq!(
        said(&format!("postgresql://ada:s3cret@127.0.0.1:{closed}/team")).replace(&closed, "PORT"),
        "cannot reach the store at `postgresql://ada@127.0.0.1:PORT/team`: Connection refused (os error 111)"
    );
    assert_eq!(
        said(&format!("postgresql://ada:s3cret@127.0.0.1:{port}/team?sslmode=verify-full&sslrootcert=/nowhere.pem")),
        "cannot reach the store at `postgresql://ada@127.0.0.1:PORT/team`: cannot read the certificates in `/nowhere.pem`: I/O error: No such file or directory (os error 2)"
    );
    assert_eq!(
        said(&format!("postgresql://ada:s3cret@127.0.0.1:{port}/team?sslmode=require")),
        "cannot reach the store at `postgresql://ada@127.0.0.1:PORT/team`: server does not support TLS"
    );
}

#[test]
fn a_password_may_come_apart_from_its_url() {
    let Some(server) = server() else { return };
    let url = server.url();
    let (user, rest) = url.split_once(':').map(|_| url.rsplit_once(':').unwrap()).unwrap();
    let (before, password_and_host) = user.rsplit_once(':').unwrap();
    let (password, host) = password_and_host.split_once('@').unwrap();
    let options = PostgresOptions { password: Some(password.to_owned()), ..PostgresOptions::default() };
    let store = Postgres::open(&format!("{before}@{host}:{rest}"), &options, Access::Write).unwrap();
    assert_eq!(store.reads().last_seq().unwrap(), 0);
    assert!(!store.place().contains(password));
}

#[test]
fn an_older_build_reads_a_newer_store_and_never_writes_it() {
    let Some(schema) = schema() else { return };
    let mut before = open(&schema);
    append(&mut before, &[opened(1)]).unwrap();
    schema.client().batch_execute("INSERT INTO migrations VALUES (99, 'of the future')").unwrap();
    let refused = append(&mut before, &[opened(2)]);
    assert!(matches!(refused, Err(StoreError::TooNew { found: 99, .. })), "{refused:?}");
    let refused = Postgres::open(schema.url(), &options(&schema), Access::Write);
    assert!(matches!(refused, Err(StoreError::TooNew { found: 99, .. })));
    let reader = Postgres::open(schema.url(), &options(&schema), Access::Read).unwrap();
    assert_eq!(ids(&reader), [10_001]);
}

#[test]
fn another_program_s_tables_are_left_alone() {
    let Some(schema) = schema() else { return };
    let mut client = schema.client();
    client.batch_execute(&format!("CREATE SCHEMA {}; CREATE TABLE events (what text)", schema.name())).unwrap();
    let refused = Postgres::open(schema.url(), &options(&schema), Access::Write);
    assert!(matches!(refused, Err(StoreError::NotOurs { .. })));
}

#[test]
fn many_who_open_at_once_make_one_store() {
    let Some(schema) = schema() else { return };
    std::thread::scope(|scope| {
        for number in 1..=8 {
            let schema = &schema;
            scope.spawn(move || append(&mut open(schema), &[opened(number)]).unwrap());
        }
    });
    assert_eq!(ids(&open(&schema)).len(), 8);
    assert_eq!(schema.client().query("SELECT 1 FROM migrations", &[]).unwrap().len(), 1);
}

#[test]
fn the_search_path_of_a_url_says_where_the_tables_lie() {
    let Some(schema) = schema() else { return };
    schema.client().batch_execute(&format!("CREATE SCHEMA {}", schema.name())).unwrap();
    let url = format!("{}?options=-csearch_path%3D{}", schema.url(), schema.name());
    append(&mut Postgres::open(&url, &PostgresOptions::default(), Access::Write).unwrap(), &[opened(1)]).unwrap();
    assert_eq!(ids(&open(&schema)), [10_001]);
}

#[test]
fn events_are_never_edited_and_one_that_does_not_read_costs_only_itself() {
    let Some(schema) = schema() else { return };
    let mut store = open(&schema);
    append(&mut store, &[opened(1), opened(2), opened(3)]).unwrap();
    let mut client = schema.client();
    for edit in ["UPDATE events SET owner = 'x'", "DELETE FROM events", "TRUNCATE events"] {
        assert!(client.batch_execute(edit).is_err(), "{edit}");
    }
    client.batch_execute("ALTER TABLE events DISABLE TRIGGER USER; UPDATE events SET body = '{' WHERE seq = 2").unwrap();
    let part = store.reads().log(0, 10).unwrap();
    assert_eq!((part.events.len(), part.unreadable, part.end), (2, vec![2], Some(3)));
    assert_eq!(store.check().unwrap(), ["event 2 does not read"]);
    let rebuilt = store.rebuild(&mut |_, _| {}).unwrap();
    assert_eq!((rebuilt.events, rebuilt.unreadable, rebuilt.sessions, rebuilt.identical), (2, 1, 2, false));
}

#[test]
fn who_waits_too_long_for_others_is_told() {
    let Some(schema) = schema() else { return };
    let mut busy = open(&schema);
    let patience = std::time::Duration::from_millis(50);
    let mut waiting = Postgres::open(schema.url(), &PostgresOptions { patience, ..options(&schema) }, Access::Write).unwrap();
    busy.turn(Durability::Normal, &mut |turn| {
        turn.append(&opened(1))?;
        let refused = append(&mut waiting, &[opened(2)]);
        assert!(matches!(refused, Err(StoreError::Busy { .. })), "{refused:?}");
        Ok(store::Verdict::Keep)
    })
    .unwrap();
    append(&mut waiting, &[opened(2)]).unwrap();
    assert_eq!(ids(&busy), [10_001, 10_002]);
}

#[test]
fn certificates_are_checked_as_far_as_the_url_says() {
    let Some(server) = server() else { return };
    let directory = tempfile::tempdir().unwrap();
    let (key, root) = (directory.path().join("key.pem"), directory.path().join("root.pem"));
    let mut openssl = std::process::Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "3650",
        "-subj",
        "/CN=db",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(&key).arg("-out").arg(&root);
    if !openssl.output().is_ok_and(|output| output.status.success()) {
        return skip("no `openssl` that makes certificates");
    }
    server.write_file("server.key", &std::fs::read_to_string(&key).unwrap());
    server.write_file("server.crt", &std::fs::read_to_string(&root).unwrap());
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).unwrap();
    client.batch_execute("ALTER SYSTEM SET ssl = on").unwrap();
    client.batch_execute("SELECT pg_reload_conf()").unwrap();
    drop(client);
    let by_name = server.url().replace("127.0.0.1", "localhost");
    let open = |url: &str, query: &str| {
        Postgres::open(&format!("{url}{query}"), &PostgresOptions::default(), Access::Write).map(drop).map_err(|error| words(&error))
    };
    let root = format!("&sslrootcert={}", root.display());
    // It takes its settings up by itself.
    while open(&by_name, "?sslmode=require").is_err() {}
    assert!(open(&by_name, "?sslmode=verify-full").unwrap_err().contains("invalid peer certificate: UnknownIssuer"));
    assert_eq!(open(&by_name, &format!("?sslmode=verify-full{root}")), Ok(()));
    assert!(open(&server.url(), &format!("?sslmode=verify-full{root}")).unwrap_err().contains("not valid for name"));
    assert_eq!(open(&server.url(), &format!("?sslmode=verify-ca{root}")), Ok(()));
    assert_eq!(open(&server.url(), "?sslmode=prefer"), Ok(()));
}
