//! The address of a Redis: read, and as much of it shown as anybody may see.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, parse_redis_url};

/// Where a Redis is, and how it lets us in.
#[derive(Clone)]
pub struct RedisAddress(ConnectionInfo);

/// It is no address of a Redis. What it is instead may be a password, and is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisAddressError {
    /// It does not read.
    #[error("it is none of `redis://HOST:PORT/DB`, `rediss://HOST:PORT/DB` (TLS) and `unix:///SOCKET`")]
    NoAddress,
    /// Certificates are not to be looked at.
    #[error("its `#insecure` would accept any certificate, which rutter never does")]
    Insecure,
}

impl RedisAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, RedisAddressError> {
        let url = parse_redis_url(text).ok_or(RedisAddressError::NoAddress)?;
        match url.fragment() {
            None => {}
            Some("insecure") => return Err(RedisAddressError::Insecure),
            Some(_) => return Err(RedisAddressError::NoAddress),
        }
        let info = url.into_connection_info().map_err(|_| RedisAddressError::NoAddress)?;
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(Self(info.set_redis_settings(settings)))
    }

    /// Returns the address with a password that was kept elsewhere.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        let settings = self.0.redis_settings().clone().set_password(password);
        Self(self.0.set_redis_settings(settings))
    }

    /// Returns host and port, or the socket.
    pub fn place(&self) -> String {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => format!("{host}:{port}"),
            ConnectionAddr::Unix(path) => path.display().to_string(),
            _ => String::new(),
        }
    }

    pub(super) fn info(&self) -> &ConnectionInfo {
        &self.0
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.0.redis_settings().password().filter(|password| !password.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> String {
        RedisAddress::read(text).unwrap().place()
    }

    #[test]
    fn of_an_address_host_and_port_are_shown_and_nothing_else() {
        assert_eq!(place("redis://cache"), "cache:6379");
        assert_eq!(place("redis://ada:hunter2@cache:6390/3"), "cache:6390");
        assert_eq!(place("rediss://:hunter2@cache.example:6390"), "cache.example:6390");
        assert_eq!(place("redis://:p%40ss@[::1]:6390/0"), "[::1]:6390");
        assert_eq!(place("valkey://127.0.0.1"), "127.0.0.1:6379");
        assert_eq!(place("unix:///run/redis.sock?pass=hunter2&db=2"), "/run/redis.sock");
    }

    #[test]
    fn what_is_no_address_is_refused_and_not_repeated() {
        for text in [
            "",
            "hunter2",
            "cache:6379",
            "http://cache",
            "redis://",
            "redis://:hunter2@",
            "redis://u:hun#ter2@cache",
            "redis://u:hun/ter2@cache",
            "redis://cache/x",
            "redis://cache:99999",
            "redis://0.0.0.0",
            "unix:hunter2",
        ] {
            let error = RedisAddress::read(text).map(|address| address.place()).unwrap_err();
            assert!(!error.to_string().contains("hunter"), "{text}");
        }
        assert_eq!(RedisAddress::read("rediss://cache#insecure").err(), Some(RedisAddressError::Insecure));
    }
}
