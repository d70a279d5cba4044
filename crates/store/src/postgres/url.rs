//! Where a database is: its URL, without what only we understand, and a name for it that holds no password.

use std::path::PathBuf;
use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode};

use crate::StoreError;
use crate::postgres::PostgresOptions;

/// What is asked of a connection's encryption, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Where to find a store, and how.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) encryption: Encryption,
    /// A file of certificates to trust; none for the system's.
    pub(crate) roots: Option<PathBuf>,
    /// The schema our tables lie in; none where the URL's own search path says it.
    pub(crate) schema: Option<String>,
    /// Names host, port, database and user, and nothing else.
    pub(crate) place: String,
}

/// The schema in which tables lie unless somebody says another.
const SCHEMA: &str = "rutter";

/// What an address is called that cannot be told apart from its password.
const UNREADABLE: &str = "postgresql://…";

impl Address {
    pub(crate) fn of(url: &str, options: &PostgresOptions) -> Result<Self, StoreError> {
        let refused = |reason: String| StoreError::Unreachable { place: UNREADABLE.to_owned(), source: reason.into() };
        let (plain, ours) = take_ours(url).map_err(refused)?;
        let mut config: Config = plain.parse().map_err(|error| refused(without_secrets(url, &error)))?;
        let is_odd = |host: &Host| matches!(host, Host::Tcp(name) if name.is_empty() || name.contains(['@', ':', '?', '#']));
        if config.get_hosts().is_empty() || config.get_hosts().iter().any(is_odd) {
            return Err(refused("it has no host, or a password with a character that must be percent-encoded".to_owned()));
        }
        if let Some(password) = &options.password {
            config.password(password);
        }
        let has_search_path = config.get_options().is_some_and(|options| options.contains("search_path"));
        let schema = options.schema.clone().or_else(|| (!has_search_path).then(|| SCHEMA.to_owned()));
        config.connect_timeout(options.patience.max(Duration::from_secs(1)));
        // A server that has vanished is noticed within half a minute, and not by the next command only.
        config.keepalives_idle(Duration::from_secs(10)).keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("rutter");
        }
        let encryption = match (ours.encryption, &ours.roots) {
            // As libpq does, for those who think that a root that is named is looked at.
            (Encryption::Require, Some(_)) => Encryption::VerifyCa,
            (encryption, _) => encryption,
        };
        config.ssl_mode(match encryption {
            Encryption::Disable => SslMode::Disable,
            Encryption::Prefer => SslMode::Prefer,
            Encryption::Require | Encryption::VerifyCa | Encryption::VerifyFull => SslMode::Require,
        });
        Ok(Self { place: place(&config), config, encryption, roots: ours.roots, schema })
    }
}

/// What a URL says to us alone.
struct Ours {
    encryption: Encryption,
    roots: Option<PathBuf>,
}

/// Takes from a URL what the client library does not understand, or understands in part.
fn take_ours(url: &str) -> Result<(String, Ours), String> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("it does not begin with `postgresql://`".to_owned());
    }
    let mut ours = Ours { encryption: Encryption::Prefer, roots: None };
    let Some((plain, query)) = url.split_once('?') else { return Ok((url.to_owned(), ours)) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", mode)) => ours.encryption = encryption(mode)?,
            Some(("sslrootcert", "system")) => ours.roots = None,
            Some(("sslrootcert", file)) => ours.roots = Some(percent_decode(file)?.into()),
            Some(("sslcert" | "sslkey", _)) => return Err("certificates of clients are not supported".to_owned()),
            _ => rest.push(pair),
        }
    }
    let mark = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{plain}{mark}{}", rest.join("&")), ours))
}

fn encryption(mode: &str) -> Result<Encryption, String> {
    Ok(match mode {
        "disable" => Encryption::Disable,
        "prefer" => Encryption::Prefer,
        "require" => Encryption::Require,
        "verify-ca" => Encryption::VerifyCa,
        "verify-full" => Encryption::VerifyFull,
        _ => return Err("its `sslmode` is none of disable, prefer, require, verify-ca, verify-full".to_owned()),
    })
}

fn percent_decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        match byte {
            b'%' => match (digit(), digit()) {
                (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                _ => return Err("a percent sign in it is not followed by two digits".to_owned()),
            },
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// Says what is wrong with a URL. Where a password may have been taken for something else, its words are not repeated.
fn without_secrets(url: &str, error: &postgres::Error) -> String {
    let is_clear = !url.split_once('?').is_some_and(|(_, query)| query.contains('@'));
    match std::error::Error::source(error) {
        Some(reason) if is_clear => reason.to_string(),
        _ => "it is not a URL of the form `postgresql://user@host:port/database`".to_owned(),
    }
}

/// Names host, port, database and user of a store.
fn place(config: &Config) -> String {
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let port_of = |at: usize| config.get_ports().get(at).or(config.get_ports().first()).copied().unwrap_or(5432);
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port_of(at)),
        Host::Unix(directory) => format!("{}:{}", directory.display(), port_of(at)),
    });
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgresql://{user}{}/{database}", hosts.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        Address::of(url, &PostgresOptions::default()).unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn refusal(url: &str) -> String {
        let Err(StoreError::Unreachable { place, source }) = Address::of(url, &PostgresOptions::default()) else { panic!("{url}") };
        format!("{place}: {source}")
    }

    #[test]
    fn a_place_names_host_port_database_and_user_but_no_password() {
        assert_eq!(address("postgres://ada:s3cret@db.example:6543/team").place, "postgresql://ada@db.example:6543/team");
        assert_eq!(address("postgresql://ada@a,b:1/team?application_name=x").place, "postgresql://ada@a:5432,b:1/team");
        assert_eq!(address("postgresql://ada@%2Frun%2Fpg/team").place, "postgresql://ada@/run/pg:5432/team");
    }

    #[test]
    fn encryption_is_what_libpq_means_by_it() {
        let of = |query: &str| address(&format!("postgres://a@h/d{query}")).encryption;
        assert_eq!(
            [of(""), of("?sslmode=disable"), of("?sslmode=require")],
            [Encryption::Prefer, Encryption::Disable, Encryption::Require]
        );
        assert_eq!(of("?sslmode=require&sslrootcert=/r%20s.pem"), Encryption::VerifyCa);
        assert_eq!(of("?sslmode=verify-full&connect_timeout=3"), Encryption::VerifyFull);
        assert_eq!(address("postgres://a@h/d?sslrootcert=/r%20s.pem").roots, Some("/r s.pem".into()));
        assert_eq!(address("postgres://a@h/d?sslrootcert=system").roots, None);
    }

    #[test]
    fn a_url_that_cannot_be_read_shows_no_password() {
        for url in [
            "postgres://ada:s3@cret@h/d",
            "postgres://ada:s3?cret=1@h/d",
            "postgres://ada:5432?s3cret=1@h/d",
            "postgres://ada:s3#cret@h/d",
            "mysql://ada:s3cret@h/d",
            "ada:s3cret",
            "postgres://ada:s3cret@h/d?sslmode=s3cret",
            "postgres://ada:s3cret@h/d?sslkey=x",
            "postgres://ada:s3cret@/d",
        ] {
            // What is a password all the same is taken for one.
            let said = match Address::of(url, &PostgresOptions::default()) {
                Ok(address) => address.place,
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains("cret") && !said.contains("s3"), "{url} shows {said}");
        }
        let plain = address("postgres://ada:s3/cret@h/d").place;
        assert!(plain.contains("@h") && !plain.contains("cret"), "a slash in a password is a part of it: {plain}");
        assert_eq!(refusal("postgres://a@h/d?color=1"), "postgresql://…: unknown option `color`");
    }

    #[test]
    fn tables_lie_in_a_schema_of_their_own_unless_the_url_says_another() {
        assert_eq!(address("postgres://a@h/d").schema.as_deref(), Some("rutter"));
        assert_eq!(address("postgres://a@h/d?options=-csearch_path%3Dteam").schema, None);
        let options = PostgresOptions { schema: Some("mine".to_owned()), ..PostgresOptions::default() };
        assert_eq!(Address::of("postgres://a@h/d?options=-csearch_path%3Dteam", &options).unwrap().schema.as_deref(), Some("mine"));
    }
}
