use super::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder to test in")
}

async fn ours(folder: &Path) -> Instance {
    match claim(folder).await.expect("the folder can be had") {
        Claim::Ours(instance) => instance,
        Claim::Theirs => panic!("somebody else has the folder"),
    }
}

/// Counts how often the window is asked for; it is there to be shown, or it is not.
fn attend(door: Door, there: bool) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(door.answer(move || {
        count.fetch_add(1, Ordering::Relaxed);
        there
    }));
    asked
}

#[tokio::test]
async fn a_second_start_shows_the_first_one_s_window_and_does_not_get_the_folder() {
    let folder = folder();
    let Instance { door, lock } = ours(folder.path()).await;
    let shown = attend(door, true);
    assert!(take(folder.path()).await.expect("a lock to ask for").is_none(), "locked");
    assert!(matches!(claim(folder.path()).await, Ok(Claim::Theirs)));
    assert_eq!(shown.load(Ordering::Relaxed), 1);
    drop(lock);
}

#[tokio::test]
async fn two_folders_are_two_programs() {
    let (one, other) = (folder(), folder());
    let _first = ours(one.path()).await;
    let _second = ours(other.path()).await;
}

#[tokio::test]
async fn who_does_not_know_the_token_shows_nothing_and_holds_nobody_up() {
    let folder = folder();
    let Instance { door, lock: _lock } = ours(folder.path()).await;
    let (port, length) = (door.listener.local_addr().expect("bound").port(), door.token.len());
    let shown = attend(door, true);
    let note = fs::read(folder.path().join(NOTE)).expect("a note");
    leave_note(folder.path(), port, &"x".repeat(length)).expect("a forged note");
    assert!(ask(folder.path()).await.is_err());
    let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("a stranger comes");
    assert_eq!(shown.load(Ordering::Relaxed), 0);
    fs::write(folder.path().join(NOTE), note).expect("the note is put back");
    ask(folder.path()).await.expect("heard after the stranger");
    assert_eq!(shown.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_a_dead_process_left_behind_is_overwritten() {
    let folder = folder();
    fs::write(folder.path().join(LOCK), "").expect("an old lock");
    fs::write(folder.path().join("instance.new"), "half a no").expect("an old draft");
    leave_note(folder.path(), 1, "stale").expect("an old note");
    let first = ours(folder.path()).await;
    let port = first.door.listener.local_addr().expect("bound").port();
    let note = fs::read_to_string(folder.path().join(NOTE)).expect("a note");
    assert_eq!(note, format!("{port} {}", first.door.token));
    assert_eq!(URL_SAFE_NO_PAD.decode(&first.door.token).map(|token| token.len()), Ok(TOKEN_BYTES));
}

#[tokio::test]
async fn a_start_while_the_first_program_leaves_gets_the_folder_after_it() {
    let folder = folder();
    let Instance { door, lock } = ours(folder.path()).await;
    let asked = attend(door, false);
    let path = folder.path().to_owned();
    let second = tokio::spawn(async move { claim(&path).await });
    let heard = async {
        while asked.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, heard).await.expect("the second start asks");
    drop(lock);
    assert!(matches!(second.await.expect("no panic"), Ok(Claim::Ours(_))));
}

#[tokio::test]
async fn a_holder_that_never_answers_is_told_of_in_the_end() {
    let folder = folder();
    let _first = ours(folder.path()).await;
    fs::remove_file(folder.path().join(NOTE)).expect("there was a note");
    let error = settle(folder.path(), LOOK_AGAIN).await.expect_err("nobody answers");
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_token() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let _first = ours(folder.path()).await;
    let mode = fs::metadata(folder.path().join(NOTE)).expect("a note").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
