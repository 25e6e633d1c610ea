//! Measures an emulated network from inside: a stream of UDP packets at a given rate, and at its other end the
//! throughput, the loss, and how far each packet's delay is from what the link promises.
//!
//! ```text
//! blast receive ADDRESS SECONDS DELAY_MS   on one host: prints the result
//! blast send ADDRESS SECONDS MBITS         on another
//! ```
#![expect(clippy::disallowed_methods, reason = "a measuring instrument reads the clock")]
use std::{
    env,
    error::Error,
    io::ErrorKind,
    net::UdpSocket,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const PORT: u16 = 5001;
/// With IP and UDP headers 1200 bytes, as a video packet.
const PAYLOAD: usize = 1172;
const PACKET_BITS: f64 = 1200.0 * 8.0;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [mode, address, seconds, number] = arguments.as_slice() else {
        return Err("blast receive|send ADDRESS SECONDS DELAY_MS|MBITS".into());
    };
    let (duration, number) = (Duration::from_secs_f64(seconds.parse()?), number.parse()?);
    match mode.as_str() {
        "send" => send(address, duration, number),
        "receive" => receive(address, duration, number),
        other => Err(format!("send or receive, not {other}").into()),
    }
}

/// Microseconds on the clock that all hosts share: they are one machine.
fn clock_us() -> Result<u64, Box<dyn Error>> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?)
}

fn send(address: &str, duration: Duration, mbits: f64) -> Result<(), Box<dyn Error>> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect((address, PORT))?;
    // The nap between packets: a receive that nobody answers, in steps that the kernel's timer can do.
    socket.set_read_timeout(Some(Duration::from_millis(1)))?;
    let (start, mut sent, mut packet) = (Instant::now(), 0u64, [0; PAYLOAD]);
    while start.elapsed() < duration {
        let due = (start.elapsed().as_secs_f64() * mbits * 1e6 / PACKET_BITS) as u64;
        while sent < due {
            packet[..8].copy_from_slice(&clock_us()?.to_le_bytes());
            socket.send(&packet)?;
            sent += 1;
        }
        socket.recv(&mut [0]).ok();
    }
    println!("sent {sent} packets, {:.1} Mbit/s", sent as f64 * PACKET_BITS / 1e6 / duration.as_secs_f64());
    Ok(())
}

fn receive(address: &str, duration: Duration, delay_ms: f64) -> Result<(), Box<dyn Error>> {
    let socket = UdpSocket::bind((address, PORT))?;
    let start = Instant::now();
    let (mut errors, mut packet) = (Vec::new(), [0; PAYLOAD]);
    let (mut first, mut last) = (None, Duration::ZERO);
    while let Some(left) = duration.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        socket.set_read_timeout(Some(left))?;
        match socket.recv(&mut packet) {
            Ok(_) => {
                let sent = u64::from_le_bytes(*packet.first_chunk().ok_or("a short packet")?);
                errors.push(clock_us()? as f64 / 1e3 - sent as f64 / 1e3 - delay_ms);
                last = start.elapsed();
                first.get_or_insert(last);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    errors.sort_by(f64::total_cmp);
    let span = (last - first.ok_or("nothing came")?).as_secs_f64();
    let at = |percent: usize| errors[(errors.len() - 1) * percent / 100];
    println!(
        "received {} packets, {:.1} Mbit/s, delay error ms: p50 {:.3} p95 {:.3} p99 {:.3} most {:.3}",
        errors.len(),
        errors.len() as f64 * PACKET_BITS / 1e6 / span,
        at(50),
        at(95),
        at(99),
        at(100),
    );
    Ok(())
}
