//! Serves the page to the browser: a secure context needs an origin on loopback.
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

const FILES: [(&str, &str, &str); 6] = [
    ("/", "text/html", include_str!("page.html")),
    ("/peer.js", "text/javascript", include_str!("peer.js")),
    ("/card.js", "text/javascript", include_str!("card.js")),
    ("/meter.js", "text/javascript", include_str!("meter.js")),
    ("/senses.js", "text/javascript", include_str!("senses.js")),
    ("/speech.js", "text/javascript", include_str!("speech.js")),
];

/// Serves for as long as the test process lives.
pub fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    thread::spawn(move || listener.incoming().flatten().try_for_each(answer));
    address
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    // To the end of the head: a close with unread bytes would reset the connection.
    lines.find(String::is_empty);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let found = FILES.iter().find(|(name, _, _)| *name == path);
    let (status, kind, body) =
        found.map_or(("404 Not Found", "text/plain", ""), |(_, kind, body)| ("200 OK", *kind, *body));
    let length = body.len();
    write!(
        &stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
