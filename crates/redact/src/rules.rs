//! What a secret looks like. A rule is a keyword and what follows it; only where the keyword stands is anything else looked at.

/// Tokens with a fixed beginning.
pub(crate) struct Rule {
    /// What replaces the secret, as in `[REDACTED:name]`.
    pub(crate) name: &'static str,
    /// How the secret begins, in its own case.
    pub(crate) keyword: &'static str,
    /// Which bytes belong to it behind the keyword.
    pub(crate) body: fn(u8) -> bool,
    /// How many of them there are at least.
    pub(crate) least: usize,
    /// Whether the keyword is so short that it must not stand in the middle of a word.
    pub(crate) begins_a_word: bool,
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn dashed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

const fn rule(name: &'static str, keyword: &'static str, body: fn(u8) -> bool, least: usize) -> Rule {
    Rule { name, keyword, body, least, begins_a_word: keyword.len() == 4 && keyword.as_bytes()[3] != b'_' }
}

/// All rules; where two keywords begin alike, the longer one comes first.
pub(crate) const RULES: &[Rule] = &[
    rule("anthropic-key", "sk-ant-", dashed, 20),
    rule("openai-key", "sk-proj-", dashed, 20),
    rule("github-token", "ghp_", word, 36),
    rule("github-token", "gho_", word, 36),
    rule("github-token", "ghu_", word, 36),
    rule("github-token", "ghs_", word, 36),
    rule("github-token", "ghr_", word, 36),
    rule("github-token", "github_pat_", dashed, 60),
    rule("gitlab-token", "glpat-", dashed, 20),
    rule("aws-access-key", "AKIA", upper, 16),
    rule("aws-access-key", "ASIA", upper, 16),
    rule("slack-token", "xoxb-", dashed, 20),
    rule("slack-token", "xoxp-", dashed, 20),
    rule("npm-token", "npm_", word, 36),
    rule("google-key", "AIza", dashed, 35),
    rule("stripe-key", "sk_live_", word, 20),
    rule("stripe-key", "rk_live_", word, 20),
];

/// Between these two lies a private key.
pub(crate) const PRIVATE_KEY: (&str, &str) = ("-----BEGIN ", "PRIVATE KEY-----");
