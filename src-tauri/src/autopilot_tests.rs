use super::*;
use clap::Parser;
use eyeline_client::snapshot::{CallView, Direction, Notice, SideView};
use eyeline_protocol::{UserId, rest::User};

fn pilot(line: &str) -> Autopilot {
    let words = ["eyeline"].into_iter().chain(line.split_whitespace());
    Autopilot::new(&Options::try_parse_from(words).expect("a test's own command line"))
}

const ANN: &str = "--server http://here --user Ann --password secret-words";

fn user(name: &str, presence: Presence) -> User {
    User { id: UserId::new(), username: name.to_owned(), display_name: name.to_owned(), presence }
}

fn signed_in(name: &str, contacts: Vec<User>) -> Snapshot {
    Snapshot { account: Some(user(name, Presence::Online)), contacts, ..Snapshot::default() }
}

fn in_phase(phase: Phase) -> Snapshot {
    let call = CallView {
        id: None,
        peer: user("bob", Presence::Online),
        direction: Direction::Incoming,
        phase,
        ring_until_ms: None,
        connected_at_ms: None,
        duration_ms: None,
        end_reason: None,
        failure: None,
        ended_by_peer: false,
        local: SideView::default(),
        remote: SideView::default(),
        chat_open: false,
        chat: Vec::new(),
        quality: None,
    };
    Snapshot { call: Some(call), ..signed_in("ann", Vec::new()) }
}

#[test]
fn without_a_command_line_a_person_decides() {
    let mut pilot = pilot("");
    assert_eq!(pilot.next(&Snapshot::default()), []);
    assert_eq!(pilot.next(&in_phase(Phase::Incoming)), []);
}

#[test]
fn it_signs_in_once_and_not_while_the_client_is_busy() {
    let mut pilot = pilot(ANN);
    assert_eq!(pilot.next(&Snapshot { busy: true, ..Snapshot::default() }), []);
    let first = pilot.next(&Snapshot::default());
    assert!(matches!(&first[..], [Command::SignIn { username, .. }] if username == "Ann"), "{first:?}");
    assert_eq!(pilot.next(&Snapshot::default()), [], "a wrong password is for a person to correct");
}

#[test]
fn a_sign_in_that_was_remembered_is_waited_for_and_kept() {
    let mut ann = pilot(ANN);
    let mut waiting = Snapshot::default();
    waiting.server.link = Link::Connecting;
    assert_eq!(ann.next(&waiting), []);
    assert_eq!(ann.next(&signed_in("ann", Vec::new())), []);
    assert_eq!(pilot(ANN).next(&signed_in("bob", Vec::new())).len(), 1, "somebody else's is not");
}

#[test]
fn it_registers_or_signs_in_where_the_account_exists() {
    let mut pilot = pilot(&format!("{ANN} --register"));
    let first = pilot.next(&Snapshot::default());
    assert!(matches!(&first[..], [Command::Register { .. }]), "{first:?}");
    let notice = Notice { id: 1, code: NoticeCode::NameTaken, detail: String::new() };
    let taken = Snapshot { notice: Some(notice), ..Snapshot::default() };
    let second = pilot.next(&taken);
    assert!(matches!(&second[..], [Command::DismissNotice, Command::SignIn { .. }]), "{second:?}");
    assert_eq!(pilot.next(&taken), []);
}

#[test]
fn it_calls_once_as_soon_as_the_other_is_online() {
    let mut pilot = pilot("--call bob");
    assert_eq!(pilot.next(&Snapshot::default()), []);
    assert_eq!(pilot.next(&signed_in("ann", vec![user("bob", Presence::Offline)])), []);
    let bob = user("Bob", Presence::Online);
    let online = signed_in("ann", vec![user("bobby", Presence::Online), bob.clone()]);
    assert_eq!(pilot.next(&online), [Command::Dial { user_id: bob.id }]);
    assert_eq!(pilot.next(&online), []);
}

#[test]
fn it_accepts_every_call_once() {
    let mut pilot = pilot("--auto-accept");
    for _ in 0..2 {
        assert_eq!(pilot.next(&in_phase(Phase::Incoming)), [Command::Accept]);
        assert_eq!(pilot.next(&in_phase(Phase::Incoming)), []);
        assert_eq!(pilot.next(&in_phase(Phase::Active)), []);
    }
}
