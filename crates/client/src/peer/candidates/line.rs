//! One candidate's line of text (RFC 8839 section 5.1).
use eyeline_protocol::stats::CandidateType;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{net::lookup_host, time::timeout};

/// Longest wait for a name: whoever knows it is on this network.
const LOOKUP_LIMIT: Duration = Duration::from_secs(3);
/// How a name ends that only this network knows (RFC 6762 section 3).
const LOCAL: &str = ".local";
/// Lengths of a UUID's five groups of hexadecimal digits (RFC 9562 section 4).
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Where a candidate of the peer's is, and of what type; `None` for names and TCP, and for what is no candidate.
pub(super) fn place(line: &str) -> Option<(SocketAddr, CandidateType)> {
    let line = line.strip_prefix("candidate:").unwrap_or(line);
    // foundation component transport priority address port "typ" type
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, transport, _, ip, port, "typ", of_type, ..] = words[..] else { return None };
    let of_type = match of_type {
        "host" => CandidateType::Host,
        "srflx" => CandidateType::Srflx,
        "prflx" => CandidateType::Prflx,
        "relay" => CandidateType::Relay,
        _ => return None,
    };
    let address = SocketAddr::new(ip.parse().ok()?, port.parse().ok()?);
    transport.eq_ignore_ascii_case("udp").then_some((address, of_type))
}

/// The name that a browser hides an address behind: a UUID of this network alone (draft-ietf-mmusic-mdns-ice-candidates
/// section 3.1.1). Nothing else is looked up on the peer's word.
pub(super) fn hidden_name(line: &str) -> Option<&str> {
    let name = line.split_ascii_whitespace().nth(4)?;
    is_uuid(name.strip_suffix(LOCAL)?).then_some(name)
}

fn is_uuid(text: &str) -> bool {
    let is_hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq(UUID_GROUPS) && text.split('-').all(is_hex)
}

/// The same candidate with an address in place of its name; `None` where nobody knows it, or several go by it, of which none
/// may be taken (section 3.2.1 there). The system is asked: it speaks multicast DNS where that is of use.
pub(super) async fn revealed(line: &str) -> Option<String> {
    let name = hidden_name(line)?;
    let found = timeout(LOOKUP_LIMIT, lookup_host((name, 0))).await.ok()?.ok()?;
    with_address(line, name, found.map(|address| address.ip()))
}

fn with_address(line: &str, name: &str, mut found: impl Iterator<Item = IpAddr>) -> Option<String> {
    let address = found.next()?;
    found.all(|other| other == address).then(|| line.replacen(name, &address.to_string(), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_read_as_far_as_they_have_an_address() {
        let line = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0";
        assert_eq!(place(line), Some((([192, 0, 2, 1], 5000).into(), CandidateType::Host)));
        let relay = Some(("[2001:db8::1]:9".parse().expect("an address"), CandidateType::Relay));
        assert_eq!(place("1 1 UDP 1 2001:db8::1 9 typ relay raddr 0.0.0.0 rport 0"), relay);
        for line in
            ["", "candidate:1 1 tcp 1 192.0.2.1 9 typ host", "1 1 udp 1 a.local 9 typ host", "nonsense"]
        {
            assert_eq!(place(line), None, "{line}");
        }
    }

    #[test]
    fn a_browsers_name_gives_way_to_its_address_and_no_other_name_is_looked_up() {
        let name = "7e8c3bb2-4d49-4c53-8f6d-0b1f7e0c5a10.local";
        let line = format!("candidate:1 1 udp 2113937151 {name} 50123 typ host generation 0");
        assert_eq!(hidden_name(&line), Some(name));
        let [one, other] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
        let revealed = with_address(&line, name, [one, one].into_iter()).expect("one address");
        assert_eq!(revealed, line.replace(name, "192.0.2.1"));
        assert_eq!(with_address(&line, name, [one, other].into_iter()), None);
        assert_eq!(with_address(&line, name, std::iter::empty()), None);
        for other in ["intranet.local", "example.com", "192.0.2.1", ".local", ""] {
            assert_eq!(hidden_name(&line.replace(name, other)), None, "{other}");
        }
    }
}
