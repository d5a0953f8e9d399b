//! The least of an HTTP client: what it does not do costs the server under test nothing of the shared cores.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
}

/// A GET as bytes.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// A POST of JSON as bytes.
pub fn post(path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

impl Connection {
    /// To `http://host:port`.
    pub async fn open(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// Sends a request and waits for the whole answer: its status and body.
    pub async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.unwrap();
        let mut answer = Vec::with_capacity(4 << 10);
        let head = loop {
            self.more(&mut answer).await;
            if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).map(str::trim);
        let length: usize = length.expect("an answer of unknown length").parse().unwrap();
        while answer.len() < head + length {
            self.more(&mut answer).await;
        }
        (status, answer.split_off(head))
    }

    async fn more(&mut self, answer: &mut Vec<u8>) {
        assert_ne!(self.stream.read_buf(answer).await.unwrap(), 0, "the server hung up");
    }
}
