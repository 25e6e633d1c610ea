//! The wire in virtual time.
use super::*;
use crate::{Profile, topology::tests::packet};

const UDP: u8 = 17;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

struct Lab {
    wire: Wire,
    a: HostId,
    b: HostId,
    s: HostId,
}

fn lab(change: impl FnOnce(&mut WireConfig)) -> Lab {
    let topology = Topology::new(&["a", "b", "s"]).unwrap();
    let [a, b, s] = ["a", "b", "s"].map(|name| topology.host(name).unwrap());
    let mut config = WireConfig {
        topology,
        schedule: Profile::Perfect.into(),
        one_way: false,
        server_link: Link::delayed(10.0),
        moves: Vec::new(),
        seed: 1,
    };
    change(&mut config);
    Lab { wire: Wire::new(config), a, b, s }
}

impl Lab {
    /// Sends at `now` and returns how long the packet takes; `None` where it never comes out.
    fn delay(&mut self, from: HostId, to: HostId, now: Duration) -> Option<Duration> {
        assert!(self.wire.poll_output(now).is_none(), "something was still due");
        let topology = self.wire.topology();
        let sent = packet(topology.address(from), topology.address(to), UDP);
        self.wire.handle(from, &sent, now);
        let at = self.wire.flight.next_at()?;
        assert_eq!(self.wire.poll_output(at), Some(Output::Deliver { to, packet: &sent }));
        Some(at - now)
    }
}

#[test]
fn profile_lies_between_a_and_b_and_server_delay_elsewhere() {
    let mut lab = lab(|config| config.schedule = Link::delayed(30.0).into());
    let (a, b, s) = (lab.a, lab.b, lab.s);
    assert_eq!(lab.delay(a, b, ms(0)), Some(ms(30)));
    assert_eq!(lab.delay(b, a, ms(100)), Some(ms(30)));
    assert_eq!(lab.delay(a, s, ms(200)), Some(ms(10)));
    assert_eq!(lab.delay(s, b, ms(300)), Some(ms(10)));
}

#[test]
fn one_way_leaves_the_delay_alone_on_the_way_back() {
    let cut = Link { down: true, ..Link::delayed(30.0) };
    let mut lab = lab(|config| {
        config.schedule = cut.into();
        config.one_way = true;
    });
    let (a, b) = (lab.a, lab.b);
    assert_eq!(lab.delay(a, b, ms(0)), None);
    assert_eq!(lab.delay(b, a, ms(0)), Some(ms(30)));
}

#[test]
fn schedule_steps_at_its_times_and_again_after_a_restart() {
    let steps = vec![(ms(0), Link::delayed(5.0)), (ms(100), Link::delayed(50.0))];
    let mut lab = lab(|config| config.schedule = Schedule::new(steps));
    let (a, b) = (lab.a, lab.b);
    assert_eq!(lab.delay(a, b, ms(0)), Some(ms(5)));
    assert_eq!(lab.wire.poll_timeout(), Some(ms(100)));
    assert_eq!(lab.delay(a, b, ms(99)), Some(ms(5)));
    assert_eq!(lab.delay(a, b, ms(105)), Some(ms(50)));
    assert_eq!(lab.wire.poll_timeout(), None);

    lab.wire.restart_schedule(ms(1000));
    assert_eq!(lab.delay(a, b, ms(1000)), Some(ms(5)));
    assert_eq!(lab.wire.poll_timeout(), Some(ms(1100)));
}

#[test]
fn link_set_by_hand_ends_the_schedule_but_not_its_moves() {
    let mut lab = lab(|config| {
        config.schedule = Schedule::new(vec![(ms(0), Link::PERFECT), (ms(100), Link::delayed(50.0))]);
        config.moves = vec![(ms(200), config.topology.host("a").unwrap())];
    });
    let (a, b) = (lab.a, lab.b);
    assert_eq!(lab.delay(a, b, ms(1)), Some(ms(0)));
    lab.wire.set_link(Link::delayed(7.0));
    assert_eq!(lab.delay(a, b, ms(150)), Some(ms(7)));
    let address = Ipv4Addr::new(10, 77, 1, 1);
    assert_eq!(lab.wire.poll_output(ms(200)), Some(Output::ChangeAddress { host: a, address }));
    assert_eq!(lab.wire.poll_output(ms(200)), None);
    assert_eq!(lab.delay(a, b, ms(201)), Some(ms(7)));
}

#[test]
fn direction_set_by_hand_is_alone_changed() {
    let mut lab = lab(|_| ());
    let (a, b, s) = (lab.a, lab.b, lab.s);
    lab.wire.set_direction(a, s, Link::delayed(70.0));
    assert_eq!(lab.delay(a, s, ms(0)), Some(ms(70)));
    assert_eq!(lab.delay(s, a, ms(100)), Some(ms(10)));
    assert_eq!(lab.delay(a, b, ms(200)), Some(ms(0)));
}

#[test]
fn directions_have_their_own_chance_and_counters() {
    let mut lab = lab(|config| config.schedule = Link { loss_pct: 50.0, ..Link::PERFECT }.into());
    let (a, b) = (lab.a, lab.b);
    let forth: Vec<bool> = (0..64).map(|i| lab.delay(a, b, ms(i)).is_some()).collect();
    let back: Vec<bool> = (0..64).map(|i| lab.delay(b, a, ms(64 + i)).is_some()).collect();
    assert_ne!(forth, back);
    let stats = lab.wire.stats();
    assert_eq!(stats.keys().collect::<Vec<_>>(), ["a>b", "a>s", "b>a", "b>s", "s>a", "s>b"]);
    assert_eq!(stats["a>b"].lost, forth.iter().filter(|arrived| !**arrived).count() as u64);
    assert_eq!(stats["a>b"].packets_in, 64);
    assert_eq!(stats["a>s"], LinkStats::default());
}
