use super::*;
use crate::peer::tcp::WAITING_MAX;
use std::time::Duration;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

const LIMIT: Duration = Duration::from_secs(20);
const MEDIA: [u8; 7] = [0x40, 1, 0, 3, b'a', b'b', b'c'];

struct Setup {
    listener: TcpListener,
    tunnel: Tunnel,
    name: SocketAddr,
    incoming: mpsc::Receiver<(SocketAddr, Bytes)>,
}

async fn setup() -> Setup {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let name = "192.0.0.8:1".parse().expect("an address");
    let server = StreamServer { address: listener.local_addr().expect("bound"), tls: None };
    let (sender, incoming) = mpsc::channel(4);
    Setup { tunnel: Tunnel::open(server, name, sender), listener, name, incoming }
}

impl Setup {
    async fn accept(&self) -> TcpStream {
        timeout(LIMIT, self.listener.accept()).await.expect("in time").expect("a connection").0
    }
}

async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    timeout(LIMIT, stream.read_exact(&mut bytes)).await.expect("in time").expect("an open connection");
    bytes
}

#[tokio::test]
async fn datagrams_go_both_ways_with_padding_on_the_stream_alone() {
    let mut setup = setup().await;
    setup.tunnel.send(Bytes::from_static(&MEDIA));
    let mut stream = setup.accept().await;
    assert_eq!(read(&mut stream, 8).await, [&MEDIA[..], &[0]].concat());
    stream.write_all(&[&MEDIA[..], &[0]].concat()).await.expect("an open connection");
    let (from, message) = timeout(LIMIT, setup.incoming.recv()).await.expect("in time").expect("a message");
    assert_eq!((from, &message[..]), (setup.name, &MEDIA[..]));
}

#[tokio::test]
async fn a_connection_that_ends_or_talks_nonsense_is_made_anew() {
    let setup = setup().await;
    drop(setup.accept().await);
    let mut nonsense = setup.accept().await;
    nonsense.write_all(&[0xff; 16]).await.expect("an open connection");
    let mut third = setup.accept().await;
    setup.tunnel.send(Bytes::from_static(&MEDIA));
    assert_eq!(read(&mut third, 7).await, MEDIA);
}

#[tokio::test]
async fn the_oldest_is_dropped_where_the_server_does_not_keep_up() {
    let setup = setup().await;
    // The connection is made in the background: until this task waits, everything is queued.
    for number in 0..2 * WAITING_MAX {
        let number = u16::try_from(number).expect("small").to_be_bytes();
        setup.tunnel.send(Bytes::copy_from_slice(&[0x40, 1, 0, 4, 0, 0, number[0], number[1]]));
    }
    let mut stream = setup.accept().await;
    let first = read(&mut stream, 8).await;
    assert_eq!(usize::from(u16::from_be_bytes([first[6], first[7]])), WAITING_MAX);
}

#[tokio::test]
async fn dropping_a_tunnel_closes_its_connection() {
    let setup = setup().await;
    let mut stream = setup.accept().await;
    drop(setup.tunnel);
    let ended = timeout(LIMIT, stream.read(&mut [0; 8])).await.expect("in time");
    assert_eq!(ended.expect("closed in order"), 0);
}
