//! What holds for every input: masking is idempotent, keeps texts valid, copies nothing clean, and costs no more a byte in a longer text.

use std::borrow::Cow;
use std::time::Duration;

use proptest::prelude::*;

fn piece() -> impl Strategy<Value = String> {
    let word =
        |length: usize| proptest::collection::vec(proptest::char::range('0', 'z'), length).prop_map(|word| word.into_iter().collect());
    prop_oneof![
        Just("ghp_".to_owned()),
        Just("AKIA".to_owned()),
        Just("sk-ant-".to_owned()),
        Just("password=".to_owned()),
        Just("\"api_key\": \"".to_owned()),
        Just("-----BEGIN RSA PRIVATE KEY-----".to_owned()),
        Just("-----END RSA PRIVATE KEY-----".to_owned()),
        Just("Authorization: Bearer ".to_owned()),
        Just("postgres://u:".to_owned()),
        Just("@h/".to_owned()),
        Just("\\\"".to_owned()),
        Just("\\n".to_owned()),
        Just("%3D%22".to_owned()),
        Just("\n  ".to_owned()),
        Just("é→".to_owned()),
        Just("A1b2C3d4E5f6G7h8".to_owned()),
        Just("ABCDEFGH23456789".to_owned()),
        Just("c2stYW50LWFwaTAzLUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==".to_owned()),
        "[a-zA-Z0-9]{1,40}",
        word(12),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s10_masking_twice_equals_masking_once(pieces in proptest::collection::vec(piece(), 0..12)) {
        let text = pieces.concat();
        let masked = redact::mask(&text);
        prop_assert_eq!(redact::mask(&masked), &*masked, "{}", text);
    }
}

#[test]
fn clean_text_is_not_copied() {
    for text in ["task-force, npm_config, sk-antique", "", "a", "é", "key: value\\n%20", "line\nline\n"] {
        assert!(matches!(redact::mask(text), Cow::Borrowed(same) if std::ptr::eq(same, text)));
    }
}

const HOSTILE: &[&str] = &[
    "sk-ant-",
    "AKIA",
    "-----BEGIN ",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY----- \"",
    "-----END ",
    "xAIza",
    "password=",
    "password=\"a1",
    "'password': 'a1b2c3d4",
    "secret-token-key.",
    "eyJaaaaaaaaaa-",
    "eyJaaaaaaaaaa.",
    "://a:",
    "://a:b1@",
    "\\\\\\\"",
    "%25",
    "A",
    "QUtJ",
    "41",
    "abcdefgh\n",
    "Cookie: a=",
    "Authorization: ",
    "Authorization: Basic QUJD",
    " -u a:b",
    "AAAAAAAAAAAAAAAAAAAAA",
    "ghp_0123456789012345678901234567890123456789",
    "\\n",
    "token: ",
];

/// Returns what this thread has had of the processor so far, which does not depend on what else the machine does.
fn spent() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(figures.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0))
}

fn cost(text: &str, times: usize) -> Duration {
    let once = || {
        let before = spent();
        (0..times).for_each(|_| drop(std::hint::black_box(redact::mask(text))));
        spent() - before
    };
    (0..3).map(|_| once()).min().expect("it ran three times").max(Duration::from_millis(10))
}

#[test]
fn the_largest_payload_is_masked_within_the_test() {
    let text = "password=\"a1 sk-ant-\\n".repeat((16 << 20) / 22);
    assert!(redact::mask(&text).len() <= text.len() * 2);
}

/// Where the cost grew with the square, one long text would take sixteen times what sixteen short ones take.
#[test]
fn a_text_made_of_keywords_costs_the_same_a_byte_however_long_it_is() {
    for keyword in HOSTILE {
        let (short, long) = (keyword.repeat((32 << 10) / keyword.len()), keyword.repeat((512 << 10) / keyword.len()));
        let (short, long) = (cost(&short, 16), cost(&long, 1));
        assert!(long < short * 5, "{keyword:?}: {short:?} became {long:?}");
    }
}
