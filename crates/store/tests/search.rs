//! What can be searched: held against a scan of everything, and what else it promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use store::{Document, Lot, Packed, Query, Scope, Search, SearchIn, Sought, StoreError, Term, TextFile};

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
        files: Vec::new(),
        cwd: "/work".to_owned(),
        project: empty(),
        directory: "/work".to_owned(),
        text: text.to_owned(),
    }
}

fn lot(owner: &str, documents: Vec<Document>) -> Lot {
    Lot { owner: owner.to_owned(), packed: Packed::of(documents), is_again: false }
}

fn add(search: &mut Search, documents: Vec<Document>) {
    search.write(|turn| turn.add(vec![lot("file 1", documents)])).unwrap();
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

fn is_end(path: &str, end: &str) -> bool {
    format!("/{path}").ends_with(&format!("/{end}"))
}

fn fits(document: &Document, sought: &Sought) -> bool {
    let any = |terms: &Vec<Term>| terms.iter().any(|term| says(&document.text, term));
    let is_in = |all: &[String], one: &str| all.is_empty() || all.iter().any(|each| each == one);
    sought.query.groups.iter().all(any)
        && !any(&sought.query.without)
        && is_in(&sought.tools, &document.tool)
        && is_in(&sought.roles, &document.role)
        && (sought.files.is_empty() || sought.files.iter().any(|file| document.files.iter().any(|held| is_end(held, file))))
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
        let (tool, files) = [("", vec![]), ("bash", vec!["a.rs", "/a/b/c/d/e/f/g/src/main.rs"]), ("edit", vec!["main.rs"])][which].clone();
        let (among, files) = (SearchIn::ALL[among], files.into_iter().map(str::to_owned).collect());
        Document { role, tool: tool.to_owned(), files, among, ..document(key, at, &text) }
    });
    prop::collection::vec(of, 1..40).prop_map(|mut all| {
        let place = |document: &Document| (document.at_millis, document.key % 256);
        all.sort_by_key(place);
        all.dedup_by_key(|document| place(document));
        let mut keys = std::collections::HashSet::new();
        all.retain(|document| keys.insert(document.key));
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
fn the_same_twice_is_there_once_whoever_says_it_and_in_whatever_company() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    add(&mut search, vec![document(7, 1, "one"), document(7, 1, "one"), document(7 + 256, 1, "one more")]);
    search.write(|turn| turn.add(vec![lot("session 1", vec![document(7, 1, "one"), document(8, 2, "one else")])])).unwrap();
    // More than there are numbers for a millisecond, twice, in another order.
    let many = |order: &dyn Fn(u64) -> u64| (0..600).map(|n| document(1_000 + order(n) * 256, 5, "many")).collect::<Vec<_>>();
    add(&mut search, many(&|n| n));
    add(&mut search, many(&|n| 599 - n));
    assert_eq!(texts(&search, "one"), ["one else", "one more", "one"]);
    assert_eq!(texts(&search, "many").len(), 600);
    search.write(|turn| turn.forget("session 1")).unwrap();
    assert_eq!(texts(&search, "one"), ["one more", "one"]);
    search.write(|turn| turn.forget("file 1")).unwrap();
    assert_eq!(texts(&search, "one OR many"), Vec::<String>::new());
}

/// Everything that is in the file and its log, blocks unpacked.
fn bytes(home: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for name in ["search.db", "search.db-wal"] {
        all.extend(std::fs::read(home.join(name)).unwrap_or_default());
    }
    let connection = rusqlite::Connection::open(home.join("search.db")).unwrap();
    let mut blocks = connection.prepare("SELECT bytes FROM blocks").unwrap();
    for block in blocks.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        all.extend(zstd::decode_all(&block.unwrap()[..]).unwrap());
    }
    all
}

fn is_in(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn of_what_does_not_stay_neither_text_nor_words_are_left_in_the_file() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    let hidden = |key: u64| Document { cwd: "/hidden".to_owned(), ..document(key, key.cast_signed(), &format!("zanzibar{key} beside")) };
    let mut all: Vec<Document> =
        (1..2_000).map(|key| if key % 3 == 0 { hidden(key) } else { document(key, key.cast_signed(), "beside") }).collect();
    all.push(Document { conversation: "c2".to_owned(), ..document(5_000, 5_000, "quagmire beside") });
    add(&mut search, all);
    search.empty_log();
    assert!(is_in(&bytes(home.path()), "zanzibar"), "else nothing is shown");
    let gone = search.write(|turn| turn.keep_only(&mut |owner, document| owner == "file 1" && document.cwd != "/hidden")).unwrap();
    assert_eq!((gone, texts(&search, "zanzibar*").len(), texts(&search, "beside").len()), (666, 0, 1_334));
    assert_eq!(search.write(|turn| turn.forget_conversation("claude-code", "c2")).unwrap(), 1);
    search.write(|turn| turn.merge_words()).unwrap();
    assert_eq!((texts(&search, "quagmire").len(), texts(&search, "beside").len()), (0, 1_333));
    search.empty_log();
    let left = bytes(home.path());
    assert!(!is_in(&left, "zanzibar") && !is_in(&left, "anzibar9") && !is_in(&left, "quagmire"));
}

#[test]
fn what_was_read_while_it_was_being_written_gives_way_to_the_whole_of_it() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    add(&mut search, vec![document(1, 5, "The answer"), document(2, 5, "Another thing"), document(3, 6, "The answer is no")]);
    let again = |documents| Lot { is_again: true, ..lot("file 1", documents) };
    search.write(|turn| turn.add(vec![again(vec![document(4, 5, "The answer is yes"), document(2, 5, "Another thing")])])).unwrap();
    assert_eq!(texts(&search, "answer OR another"), ["The answer is no", "The answer is yes", "Another thing"]);
    // What another one says is not a part of it, and what is not said any more stays.
    search.write(|turn| turn.add(vec![Lot { owner: "file 2".to_owned(), ..again(vec![document(5, 5, "Another thing else")]) }])).unwrap();
    assert_eq!(texts(&search, "another").len(), 2);
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
fn what_a_file_said_before_it_was_written_anew_stays() {
    let home = tempfile::tempdir().unwrap();
    let mut search = open(home.path());
    let file = TextFile { agent: "codex".to_owned(), path: "/t.jsonl".to_owned(), place: 5, ..TextFile::default() };
    let begin = |search: &mut Search, key: u64, text: &str| {
        search.write(|turn| {
            let id = turn.begin_file(&file)?;
            turn.add(vec![lot(&id.owner(), vec![document(key, 1, text), document(9, 9, "in both")])])?;
            Ok::<_, StoreError>(id)
        })
    };
    let first = begin(&mut search, 1, "before").unwrap();
    let id = begin(&mut search, 2, "behind").unwrap();
    assert_eq!(first, id, "its documents stay its own");
    assert_eq!((texts(&search, "before").len(), texts(&search, "behind").len(), texts(&search, "both").len()), (1, 1, 1));
    assert!(search.write(|turn| turn.go_on_in_file(id, 5, &TextFile { place: 9, ..file.clone() })).unwrap());
    assert!(!search.write(|turn| turn.go_on_in_file(id, 5, &file)).unwrap(), "somebody else went on");
    assert_eq!(search.text_files().unwrap()[0].1.place, 9);
    for (agent, place) in [(Some("claude-code"), 9), (Some("codex"), 0)] {
        search.write(|turn| turn.read_files_again(agent)).unwrap();
        assert_eq!(search.text_files().unwrap()[0].1.place, place);
    }
}

#[test]
fn a_pipe_in_its_place_holds_nobody_up() {
    let home = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(home.path().join("search.db")).status().unwrap();
    assert!(made.success());
    assert!(Search::open_to_read(home.path(), Duration::ZERO).is_err());
    assert_eq!(texts(&open(home.path()), "any"), Vec::<String>::new());
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
