//! As much of HTTP/1.1 as the agent speaks: requests with a length or in chunks, responses whole or in chunks.

use std::io::{BufRead, Error, ErrorKind, Read, Result, Write};

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    /// Returns a header; names are in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the next request of a connection, or nothing where it ends.
pub(crate) fn read(from: &mut impl BufRead) -> Result<Option<Incoming>> {
    let Some(first) = line(from)? else { return Ok(None) };
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(broken("request line")) };
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let mut request = Incoming { method, path, headers: headers(from)?, body: Vec::new() };
    request.body = body(from, &request)?;
    Ok(Some(request))
}

fn line(from: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = String::new();
    let read = from.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

fn headers(from: &mut impl BufRead) -> Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    while let Some(line) = line(from)?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| broken("header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(headers)
}

fn body(from: &mut impl BufRead, request: &Incoming) -> Result<Vec<u8>> {
    if request.header("transfer-encoding").is_some_and(|how| how.eq_ignore_ascii_case("chunked")) {
        return chunks(from);
    }
    let length = request.header("content-length").map_or(Ok(0), str::parse).map_err(|_| broken("content-length"))?;
    exactly(from, length)
}

fn chunks(from: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?.ok_or_else(|| broken("chunk"))?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16).map_err(|_| broken("chunk size"))?;
        body.extend(exactly(from, size)?);
        line(from)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn exactly(from: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("broken {what}"))
}

/// Writes a response that is known as a whole.
pub(crate) fn respond(to: &mut impl Write, status: u16, request_id: &str, body: &[u8]) -> Result<()> {
    let kind = "content-type: application/json";
    let head = format!("HTTP/1.1 {status} Scripted\r\n{kind}\r\ncontent-length: {}\r\nrequest-id: {request_id}\r\n\r\n", body.len());
    to.write_all(&[head.as_bytes(), body].concat())?;
    to.flush()
}

/// Begins a response whose events come one by one.
pub(crate) fn begin_events(to: &mut impl Write, request_id: &str) -> Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked";
    write!(to, "{head}\r\nrequest-id: {request_id}\r\n\r\n")
}

/// Writes one chunk; the empty one ends the response.
pub(crate) fn chunk(to: &mut impl Write, data: &[u8]) -> Result<()> {
    let size = format!("{:x}\r\n", data.len());
    to.write_all(&[size.as_bytes(), data, b"\r\n"].concat())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, path: &str, body: &str) {
        let request = read(&mut text.as_bytes()).unwrap().unwrap();
        assert_eq!((request.path.as_str(), request.body.as_slice()), (path, body.as_bytes()));
    }

    #[test]
    fn requests_come_with_a_length_in_chunks_or_without_a_body() {
        check("POST /v1/messages?beta=true HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "/v1/messages", "{}");
        check("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n2\r\n\"}\r\n0\r\n\r\n", "/x", "{\"a\"}");
        check("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "/", "");
    }

    #[test]
    fn a_connection_that_ends_has_no_next_request() {
        assert!(read(&mut b"".as_slice()).unwrap().is_none());
    }
}
