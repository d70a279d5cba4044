//! What can be searched: held against a scan of everything, and what else it promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use store::{Document, Packed, Query, Scope, Search, SearchIn, Sought, StoreError, Term, TextFile};

fn open(home: &Path) -> Search {
    Search::open(home, Duration::from_secs(5)).unwrap()
}

fn document(key: u64, at_millis: i64, text: &str) -> Document {
    let empty = String::new;
    Document {
        key,
        at_millis,
        among: SearchIn::Transcripts,
        agent: "claude-code".to_owned(),
        conversation: "c1".to_owned(),
        session: empty(),
        turn: empty(),
        role: "answer".to_owned(),
        tool: empty(),
        file: empty(),
        project: empty(),
        directory: "/work".to_owned(),
        text: text.to_owned(),
    }
}

fn add(search: &mut Search, documents: Vec<Document>) {
    search.write(|turn| turn.add(vec![("file 1".to_owned(), Packed::of(documents))])).unwrap();
}

fn found(search: &Search, sought: &Sought) -> Vec<Document> {
    let mut found = Vec::new();
    let unread = search.find(sought, |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    assert_eq!(unread.unwrap(), 0);
    found
}

fn texts(search: &Search, query: &str) -> Vec<String> {
    let sought = Sought { query: Query::read(query).unwrap(), ..Sought::default() };
    found(search, &sought).into_iter().map(|document| document.text).collect()
}

/// The words of a text, and what those are put together from that are, by plain reading.
fn read(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let raw: Vec<&str> = text.split(|each: char| !each.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let apart = raw.iter().map(|word| {
        let mut parts: Vec<String> = Vec::new();
        for each in word.chars() {
            if each.is_ascii_uppercase() || parts.is_empty() {
                parts.push(String::new());
            }
            parts.last_mut().unwrap().push(each.to_ascii_lowercase());
        }
        parts
    });
    let plain = |word: &str| word.to_lowercase().replace('é', "e");
    (raw.iter().map(|word| plain(word)).collect(), apart.filter(|parts| parts.len() > 1).collect())
}

fn has(words: &[String], wanted: &[String], is_prefix: bool) -> bool {
    let fits = |(place, (word, wanted)): (usize, (&String, &String)), last: usize| {
        word == wanted || is_prefix && place == last && word.starts_with(wanted.as_str())
    };
    words.windows(wanted.len()).any(|window| window.iter().zip(wanted).enumerate().all(|each| fits(each, wanted.len() - 1)))
}

fn says(text: &str, term: &Term) -> bool {
    let (words, apart) = read(text);
    let (wanted, wanted_apart) = read(&term.text);
    let in_parts = |wanted: &[String]| apart.iter().any(|parts| has(parts, wanted, term.is_prefix));
    has(&words, &wanted, term.is_prefix)
        || in_parts(&wanted)
        || wanted.len() == 1 && !wanted_apart.is_empty() && in_parts(&wanted_apart.concat())
}

fn fits(document: &Document, sought: &Sought) -> bool {
    let any = |terms: &Vec<Term>| terms.iter().any(|term| says(&document.text, term));
    let is_in = |all: &[String], one: &str| all.is_empty() || all.iter().any(|each| each == one);
    sought.query.groups.iter().all(any)
        && !any(&sought.query.without)
        && is_in(&sought.tools, &document.tool)
        && is_in(&sought.roles, &document.role)
        && (sought.files.is_empty() || sought.files.iter().any(|file| format!("/{}", document.file).ends_with(&format!("/{file}"))))
        && (sought.among.is_empty() || sought.among.contains(&document.among))
        && sought.since_millis.is_none_or(|since| document.at_millis >= since)
        && sought.until_millis.is_none_or(|until| document.at_millis < until)
}

const WORDS: [&str; 14] =
    ["get", "user", "name", "getUserName", "UserName", "get_user", "token", "tokens", "to", "café", "a::b", "src/main.rs", "XRay", "b"];

fn words(count: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), count).prop_map(|words| words.join(" "))
}

fn documents() -> impl Strategy<Value = Vec<Document>> {
    let of = (0..60_i64, 0..1_000_u64, words(1..9), 0..3_usize, 0..4_usize);
    let of = of.prop_map(|(at, key, text, which, among)| {
        let role = ["answer", "tool_input", "prompt"][which].to_owned();
        let (tool, file) = [("", ""), ("bash", "/home/ada/src/main.rs"), ("edit", "main.rs")][which];
        let among = SearchIn::ALL[among];
        Document { role, tool: tool.to_owned(), file: file.to_owned(), among, ..document(key, at, &text) }
    });
    prop::collection::vec(of, 1..40).prop_map(|mut all| {
        let place = |document: &Document| (document.at_millis, document.key % 256);
        all.sort_by_key(place);
        all.dedup_by_key(|document| place(document));
        all
    })
}

fn sought() -> impl Strategy<Value = Sought> {
    let term = (words(1..3), any::<bool>()).prop_map(|(text, is_prefix)| Term { text, is_prefix }).boxed();
    let group = prop::collection::vec(term.clone(), 1..3);
    let query = (prop::collection::vec(group, 1..3), prop::collection::vec(term, 0..2));
    let narrow = (0..4_usize, 0..4_usize, 0..3_usize, prop::option::of(0..60_i64), prop::option::of(0..60_i64), 0..5_usize);
    (query, narrow).prop_map(|((groups, without), (tool, role, file, since_millis, until_millis, among))| Sought {
        query: Query { groups, without },
        tools: ["bash", "edit"].iter().take(tool % 3).map(|tool| (*tool).to_owned()).collect(),
        roles: ["answer", "tool_input"].iter().take(role % 3).map(|role| (*role).to_owned()).collect(),
        files: ["src/main.rs", "main.rs"].iter().take(file).map(|file| (*file).to_owned()).collect(),
        among: SearchIn::ALL.into_iter().take(among).collect(),
        since_millis,
        until_millis,
        ..Sought::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_found_is_what_a_scan_finds_newest_first_in_whatever_order_it_came(
        all in documents(),
        asked in prop::collection::vec(sought(), 12),
        order in prop::collection::vec(any::<u32>(), 40),
        lot in 1..9_usize,
    ) {
        let home = tempfile::tempdir().unwrap();
        let mut search = open(home.path());
        let mut shuffled: Vec<(u32, Document)> = order.into_iter().zip(all.clone()).collect();
        shuffled.sort_by_key(|(order, _)| *order);
        for batch in shuffled.chunks(lot) {
            add(&mut search, batch.iter().map(|(_, document)| document.clone()).collect());
        }
        for sought in &asked {
            let wanted: Vec<&Document> = all.iter().rev().filter(|document| fits(document, sought)).collect();
            let found = found(&search, sought);
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{:?}", sought);
            let mut ranked = self::found(&search, &Sought { is_ranked: true, ..sought.clone() });
            ranked.sort_by_key(|document| std::cmp::Reverse((document.at_millis, document.key % 256)));
            prop_assert_eq!(ranked, found);
        }
    }

    #[test]
    fn nothing_that_is_typed_is_a_mistake(typed in "(\\PC|\"|\\*|-|OR |AND |NOT |NEAR\\(|text:|\\^|\\{|\\}|\\+|a |é){0,24}") {
        let home = tempfile::tempdir().unwrap();
        let mut search = open(home.path());
        add(&mut search, vec![document(1, 1, "a b c")]);
        if let Ok(query) = Query::read(&typed) {
            found(&search, &Sought { query, ..Sought::default() });
        }
    }
}

#[test]
fn names_in_code_are_found_as_they_are_written_and_by_what_they_are_put_together_from() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    let all = ["call getUserName now", "foo_bar::baz(1)", "run parse-tree in src/main.rs", "get the user a name"];
    add(&mut search, all.iter().zip(1..).map(|(text, number)| document(number, number.cast_signed(), text)).collect());
    for (query, wanted) in [
        ("getUserName", vec![all[0]]),
        ("UserName", vec![all[0]]),
        ("\"user name\"", vec![all[0]]),
        ("username", vec![]),
        ("foo_bar::baz", vec![all[1]]),
        ("bar", vec![all[1]]),
        ("parse-tree", vec![all[2]]),
        ("src/main.rs", vec![all[2]]),
        ("main", vec![all[2]]),
        ("user name", vec![all[3], all[0]]),
        ("user -getUserName", vec![all[3]]),
        ("\"now get\"", vec![]),
    ] {
        assert_eq!(texts(&search, query), wanted, "{query}");
    }
}

#[test]
fn the_same_twice_is_there_once_and_what_is_forgotten_is_not_found() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    add(&mut search, vec![document(7, 1, "one"), document(7, 1, "one"), document(7 + 256, 1, "one more")]);
    search
        .write(|turn| turn.add(vec![("session 1".to_owned(), Packed::of(vec![document(7, 1, "one"), document(8, 2, "one else")]))]))
        .unwrap();
    assert_eq!(texts(&search, "one"), ["one else", "one more", "one"]);
    search.write(|turn| turn.forget("session 1")).unwrap();
    assert_eq!(texts(&search, "one"), ["one more", "one"]);
    search.write(|turn| turn.forget("file 1")).unwrap();
    assert_eq!(texts(&search, "one"), Vec::<String>::new());
}

#[test]
fn a_project_is_told_by_its_key_and_by_its_place() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    let by_key = Document { project: "k1".to_owned(), directory: String::new(), ..document(1, 1, "word") };
    add(&mut search, vec![by_key, document(2, 2, "word"), Document { directory: "/other".to_owned(), ..document(3, 3, "word") }]);
    let sought = Sought {
        query: Query::read("word").unwrap(),
        scopes: vec![Scope::Project("k1".to_owned()), Scope::Directory("/work".to_owned())],
        ..Sought::default()
    };
    assert_eq!(found(&search, &sought).iter().map(|document| document.key).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_file_that_is_read_from_its_beginning_says_nothing_of_what_it_said_before() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    let file = TextFile { agent: "codex".to_owned(), path: "/t.jsonl".to_owned(), place: 5, ..TextFile::default() };
    let begin = |search: &mut Search, text: &str| {
        search.write(|turn| {
            let id = turn.begin_file(&file)?;
            turn.add(vec![(id.owner(), Packed::of(vec![document(1, 1, text)]))])?;
            Ok::<_, StoreError>(id)
        })
    };
    begin(&mut search, "before").unwrap();
    let id = begin(&mut search, "behind").unwrap();
    assert_eq!((texts(&search, "before").len(), texts(&search, "behind").len()), (0, 1));
    assert!(search.write(|turn| turn.go_on_in_file(id, 5, &TextFile { place: 9, ..file.clone() })).unwrap());
    assert!(!search.write(|turn| turn.go_on_in_file(id, 5, &file)).unwrap(), "somebody else went on");
    assert_eq!(search.text_files().unwrap()[0].1.place, 9);
}

#[test]
fn what_is_damaged_is_made_anew() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()));
    std::fs::write(home.path().join("search.db"), "no database, and long enough to be none: ".repeat(40)).unwrap();
    assert_eq!(texts(&open(home.path()), "any"), Vec::<String>::new());
}

#[test]
fn what_cannot_be_written_can_be_read() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    add(&mut search, vec![document(1, 1, "word")]);
    let reading = Search::open_to_read(home.path(), Duration::ZERO).unwrap();
    assert_eq!(texts(&reading, "word"), ["word"]);
    assert!(Search::open_to_read(&home.path().join("nowhere"), Duration::ZERO).is_err());
}
