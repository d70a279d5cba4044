//! Which names promise that their value is a secret, and whose secret it is.

use crate::pattern::Pattern;

/// What a name leads one to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Something a person may have thought up.
    Password,
    /// Something a machine made: only what looks random counts.
    Key,
}

/// Endings of names that are read as [`Promise::Password`].
const PASSWORDS: &[&str] =
    &["password", "passwd", "passphrase", "pwd", "passwort", "userpass", "dbpass", "rootpass", "adminpass", "mailpass"];

/// Endings of names that are read as [`Promise::Key`].
const KEYS: &[&str] = &["secret", "token", "credential", "credentials", "apikey", "authkey", "auth", "keyvalue"];

/// What stands before `key` where the key is secret.
const KEY_KINDS: &[&str] = &[
    "api",
    "app",
    "application",
    "access",
    "secret",
    "private",
    "encryption",
    "encrypt",
    "signing",
    "sign",
    "signature",
    "auth",
    "account",
    "master",
    "license",
    "service",
    "admin",
    "storage",
    "shared",
    "client",
    "consumer",
    "deploy",
    "webhook",
    "jwt",
    "hmac",
    "aes",
    "crypto",
    "ingest",
    "write",
    "read",
    "server",
    "rest",
    "rolekey",
    "subscription",
    "root",
    "account0",
    "org",
    "team",
    "bot",
];

/// What may follow the word that makes a name secret.
const ENDINGS: &[&str] =
    &["value", "base", "base64", "b64", "prod", "production", "dev", "staging", "test", "live", "text", "string", "raw"];

/// Names that end like a secret and are none.
const HARMLESS: &[&str] = &[
    "nexttoken",
    "pagetoken",
    "nextpagetoken",
    "prevpagetoken",
    "previoustoken",
    "continuationtoken",
    "eostoken",
    "bostoken",
    "padtoken",
    "unktoken",
    "septoken",
    "masktoken",
    "clstoken",
    "stoptoken",
    "synctoken",
    "cancellationtoken",
    "publickey",
    "primarykey",
];

const LONGEST: usize = 64;

/// The secret of one maker: known by a word in its name and by the looks of its value.
pub(crate) struct Maker {
    word: &'static str,
    /// What replaces the secret.
    pub(crate) kind: &'static str,
    value: Pattern,
}

const fn maker(word: &'static str, kind: &'static str, value: &str) -> Maker {
    Maker { word, kind, value: Pattern::new(value) }
}

/// Where a maker's secrets have no mark of their own.
pub(crate) static MAKERS: [Maker; 39] = [
    maker("aws", "aws-secret-key", r"[\w+/]{40}"),
    maker("secretaccesskey", "aws-secret-key", r"[\w+/]{40}"),
    maker("sessiontoken", "aws-session-token", r"[\w+/=]{100,}"),
    maker("datadog", "datadog-key", r"\h{32,40}"),
    maker("ddapi", "datadog-key", r"\h{32}"),
    maker("ddapp", "datadog-key", r"\h{40}"),
    maker("twilio", "twilio-key", r"\h{32}"),
    maker("heroku", "heroku-key", r"[\h-]{36}"),
    maker("cloudflare", "cloudflare-key", r"[\w_-]{37,40}"),
    maker("cfapi", "cloudflare-key", r"[\w_-]{37,40}"),
    maker("mailgun", "mailgun-key", r"\h{32}-\h{8}-\h{8}"),
    maker("mailgun", "mailgun-key", r"\h{32}"),
    maker("mailchimp", "mailchimp-key", r"\h{32}"),
    maker("discord", "discord-token", r"\w{23,26}\.[\w_-]{6}\.[\w_-]{27,}"),
    maker("discord", "discord-token", r"[\w_-]{32}"),
    maker("facebook", "facebook-secret", r"\h{32}"),
    maker("asana", "asana-token", r"[\d/:\h]{32,}"),
    maker("vercel", "vercel-token", r"\w{24}"),
    maker("algolia", "algolia-key", r"\h{32}"),
    maker("fastly", "fastly-key", r"[\w_-]{32}"),
    maker("twitter", "twitter-secret", r"\w{40,50}"),
    maker("dropbox", "dropbox-token", r"[\w._-]{15,}"),
    maker("mistral", "mistral-key", r"\w{32}"),
    maker("cohere", "cohere-key", r"\w{40}"),
    maker("okta", "okta-token", r"00[\w_-]{40}"),
    maker("snyk", "snyk-token", r"[\h-]{36}"),
    maker("codecov", "codecov-token", r"[\h-]{36}"),
    maker("sonar", "sonar-token", r"[\w_]{40,}"),
    maker("travis", "travis-token", r"\w{22}"),
    maker("zendesk", "zendesk-token", r"\w{40}"),
    maker("intercom", "intercom-token", r"[\w=+/_-]{60}"),
    maker("paypal", "paypal-secret", r"[\w_-]{80}"),
    maker("braintree", "braintree-token", r"\h{32}"),
    maker("square", "square-token", r"[\w_-]{60,64}"),
    maker("azure", "azure-secret", r"[\w~._+/=-]{32,}"),
    maker("railway", "railway-token", r"[\h-]{36}"),
    maker("newrelic", "newrelic-key", r"\h{36}NRAL"),
    maker("newrelic", "newrelic-key", r"\h{40}"),
    maker("bitbucket", "bitbucket-token", r"[\w_=-]{32,}"),
];

/// Returns what the name promises, if it is the name of something secret.
pub(crate) fn promise(name: &[u8]) -> Option<Promise> {
    let (mut letters, mut count) = ([0; LONGEST], 0);
    let bare = bare(name, &mut letters, &mut count);
    if HARMLESS.contains(&bare) {
        return None;
    }
    let stem = ENDINGS.iter().filter_map(|ending| bare.strip_suffix(ending)).find(|stem| ends_secret(stem).is_some()).unwrap_or(bare);
    ends_secret(stem).or_else(|| stem.strip_suffix('s').and_then(ends_secret)).or_else(|| ends_in_pass(name))
}

/// Returns the maker whose secret, by its name and its looks, this is.
pub(crate) fn maker_of(name: &[u8], value: &[u8]) -> Option<&'static Maker> {
    let (mut letters, mut count) = ([0; LONGEST], 0);
    let bare = bare(name, &mut letters, &mut count);
    MAKERS.iter().find(|maker| bare.contains(maker.word) && maker.value.is_all_of(value))
}

/// Returns the name in lower case, without separators and without digits at its end.
fn bare<'a>(name: &[u8], letters: &'a mut [u8; LONGEST], count: &mut usize) -> &'a str {
    let from = name.len().saturating_sub(LONGEST);
    for byte in name[from..].iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        letters[*count] = byte.to_ascii_lowercase();
        *count += 1;
    }
    let end = letters[..*count].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
    let end = if letters[..*count].ends_with(b"base64") || letters[..*count].ends_with(b"b64") { *count } else { end };
    std::str::from_utf8(&letters[..end]).expect("only ASCII was kept")
}

fn ends_secret(bare: &str) -> Option<Promise> {
    if PASSWORDS.iter().any(|ending| bare.ends_with(ending)) {
        return Some(Promise::Password);
    }
    let is_key = bare.strip_suffix("key").is_some_and(|before| KEY_KINDS.iter().any(|kind| before.ends_with(kind)));
    let names_a_maker = bare.ends_with("key") && MAKERS.iter().any(|maker| bare.contains(maker.word));
    (is_key || names_a_maker || KEYS.iter().any(|ending| bare.ends_with(ending))).then_some(Promise::Key)
}

/// `pass` alone is a verb as well, so it has to be a word of its own.
fn ends_in_pass(name: &[u8]) -> Option<Promise> {
    let before = name.len().checked_sub(4)?;
    let is_word = before == 0 || !name[before - 1].is_ascii_alphanumeric();
    (is_word && name[before..].eq_ignore_ascii_case(b"pass")).then_some(Promise::Password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_them() {
        use Promise::{Key, Password};
        let cases: &[(Option<Promise>, &[&str])] = &[
            (Some(Password), &["password", "DB_PASSWORD", "spring.datasource.password", "userPassword2", "PGPASSWORD", "DB_PASS", "pwd"]),
            (Some(Key), &["api_key", "apiKey", "X-Api-Key", "SECRET_KEY_BASE", "token", "GITHUB_TOKEN_PROD", "clientSecret", "app.secret"]),
            (Some(Key), &["AWS_SECRET_ACCESS_KEY", "SecretAccessKey", "_auth", "aws_credentials", "SECRET_KEY_B64", "tokens"]),
            (
                None,
                &["token_count", "tokenizer", "password_hash", "key", "primary_key", "public_key", "next_page_token", "bypass", "monkey"],
            ),
            (None, &["secret_name", "keyboard", "compass", "token_type", "cache_key", ""]),
        ];
        for (expected, names) in cases {
            for name in *names {
                assert_eq!(promise(name.as_bytes()), *expected, "{name}");
            }
        }
    }
}
