//! A plain HTTP/1.1 client that reports how a connection ends.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How an answer's body ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// As its headers promised.
    Whole,
    /// The connection closed before that.
    Short,
    /// The connection was reset.
    Reset,
    /// Nothing arrived within the client's patience.
    Silence,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The message of Google's error body.
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"]
            .as_str()
            .expect("an error message")
            .to_owned()
    }
}

/// One request on its own connection. Fails if no complete head comes back.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a str,
    /// The longest silence that it waits for.
    pub(crate) patience: Duration,
}

impl Request<'_> {
    /// Writes the request and returns the connection.
    pub(crate) fn open(&self) -> io::Result<TcpStream> {
        let (_, rest) = self.url.split_once("://").expect("a URL");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(self.patience))?;
        let mut head = format!(
            "{} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.method,
            self.body.len()
        );
        for (name, value) in self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        stream.write_all(format!("{head}\r\n{}", self.body).as_bytes())?;
        Ok(stream)
    }

    /// Writes the request and reads the answer to its end.
    pub(crate) fn send(&self) -> io::Result<Answer> {
        let mut stream = self.open()?;
        let mut received = Vec::new();
        let failure = read_all(&mut stream, &mut received).err();
        let Some(border) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Err(failure.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()));
        };
        let body = received.split_off(border + 4);
        let head = String::from_utf8_lossy(&received).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status line");
        let chunked = header(&head, "transfer-encoding") == Some("chunked");
        let promised =
            header(&head, "content-length").and_then(|length| length.parse::<usize>().ok());
        let (body, complete) = if chunked {
            join_chunks(&body)
        } else {
            (body, true)
        };
        let end = match failure.map(|error| error.kind()) {
            Some(io::ErrorKind::ConnectionReset) => End::Reset,
            Some(_) => End::Silence,
            None if complete && promised.is_none_or(|promised| body.len() == promised) => {
                End::Whole
            }
            None => End::Short,
        };
        Ok(Answer {
            status,
            head,
            body,
            end,
        })
    }
}

fn read_all(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => received.extend_from_slice(&buffer[..count]),
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The data of a chunked body, and whether its last chunk came.
fn join_chunks(body: &[u8]) -> (Vec<u8>, bool) {
    let mut data = Vec::new();
    let mut rest = body;
    loop {
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
            return (data, false);
        };
        let digits = String::from_utf8_lossy(&rest[..line]);
        let size = usize::from_str_radix(&digits, 16).expect("a chunk's size");
        let start = line + 2;
        if size == 0 {
            return (data, true);
        }
        let end = (start + size).min(rest.len());
        data.extend_from_slice(&rest[start..end]);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
}
