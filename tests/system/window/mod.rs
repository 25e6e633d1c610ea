//! The real window: two of them, each on a virtual display, driven by what a person sees and clicks.
#![cfg(target_os = "linux")]
mod app;
mod picture;

use app::App;
use eyeline_tests::server::Server;
use picture::Picture;
use std::time::{Duration, SystemTime};

/// A picture older than this when the window shows it is no conversation. The machine draws two windows in software.
const PICTURE_LATE: Duration = Duration::from_secs(2);
/// Screenshots in which a readable clock is looked for.
const LOOKS: usize = 20;

#[test]
fn two_people_register_call_see_write_mute_and_hang_up() {
    let server = Server::start(&["--stun", "none"]);
    let (ada, grace) = (App::start("ada"), App::start("grace"));
    for app in [&ada, &grace] {
        app.register(server.address());
    }
    ada.keep_screenshot("contacts");

    ada.click(r#"[data-testid="contact-grace"][data-presence="online"] [data-testid="call-grace"]"#);
    grace.shows(r#"[data-testid="accept"]"#);
    ada.keep_screenshot("outgoing");
    grace.keep_screenshot("incoming");
    grace.click(r#"[data-testid="accept"]"#);
    for app in [&ada, &grace] {
        app.shows(r#"[data-testid="call-phase"][data-phase="active"]"#);
        app.shows(r#"canvas.live[data-testid="remote-video"]"#);
        app.shows(r#"canvas.live[data-testid="self-view"], [data-testid="self-view"] canvas.live"#);
        app.keep_screenshot("call");
    }
    for app in [&ada, &grace] {
        // What lies over the picture steps back when nobody moves.
        app.shows("main.stage.hidden");
        let first = shown_clock(app);
        let second = shown_clock(app);
        assert_ne!(first, second, "the picture of {} moves", app.name());
        app.keep_screenshot("picture");
    }

    ada.click(r#"[data-testid="toggle-chat"]"#);
    ada.write(r#"[data-testid="chat-input"]"#, "Can you read this?");
    ada.click(r#"[data-testid="chat-send"]"#);
    ada.shows(r#"[data-testid="chat-line"][data-mine="true"][data-delivery="delivered"]"#);
    grace.shows(r#"[data-testid="unread"]"#);
    grace.click(r#"[data-testid="toggle-chat"]"#);
    assert_eq!(grace.text(r#"[data-testid="chat-line"] .bubble"#), "Can you read this?");
    grace.write(r#"[data-testid="chat-input"]"#, "Every word.");
    grace.click(r#"[data-testid="chat-send"]"#);
    assert_eq!(ada.text(r#"[data-testid="chat-line"][data-mine="false"] .bubble"#), "Every word.");
    ada.keep_screenshot("chat");

    ada.click(r#"[data-testid="toggle-mic"].plain"#);
    ada.shows(r#"[data-testid="toggle-mic"].off"#);
    grace.shows(".muted");
    ada.click(r#"[data-testid="toggle-camera"].plain"#);
    // An avatar, and no frozen picture.
    grace.shows(r#"[data-testid="remote-avatar"]"#);
    grace.keep_screenshot("muted");
    ada.click(r#"[data-testid="toggle-camera"].off"#);
    grace.shows(r#"canvas.live[data-testid="remote-video"]"#);

    grace.click(r#"[data-testid="hangup"]"#);
    for app in [&ada, &grace] {
        app.shows(r#"[data-testid="ended-reason"]"#);
        app.keep_screenshot("ended");
        app.click(r#"[data-testid="ended-close"]"#);
        app.shows(r#"[data-testid="own-name"]"#);
    }
}

/// The clock of the test card as the window shows it, which must be of just now.
fn shown_clock(app: &App) -> u32 {
    for _ in 0..LOOKS {
        let taken_after = now_ms();
        let (area, screenshot) = app.remote_picture();
        let Some(clock) = Picture::decode(&screenshot).clock(area) else {
            continue;
        };
        // The picture was captured before the screenshot was asked for, but for what the screenshot took.
        let age_ms = taken_after.wrapping_sub(clock) as i32;
        assert!(
            age_ms < PICTURE_LATE.as_millis() as i32,
            "{} shows a picture of {age_ms} ms ago",
            app.name()
        );
        return clock;
    }
    panic!("no readable clock in the window of {}", app.name());
}

/// The low 32 bits of the Unix time in milliseconds, as on the card.
fn now_ms() -> u32 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as u32
}
