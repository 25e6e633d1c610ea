//! A browser nobody here wrote: Debian's Chromium with a page that knows only the written protocol, and calls our
//! instrument, and is called by it.
use eyeline_tests::{
    CARD,
    browser::Browser,
    cli::{Cli, Report},
    server::Server,
    sound,
};
use serde_json::{Value, json};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(60);
const NO_STUN: [&str; 2] = ["--stun", "none"];
/// Pictures that the page must see: ten seconds at half the rate.
const PICTURES: u64 = 150;
/// Beeps that the page must hear before it hangs up. One sounds each second, and the two ends begin and end at other
/// moments of it: what the instrument is asked for is two less.
const BEEPS: usize = 7;

/// What the page must have seen and heard of an instrument that said `words`.
fn goal(words: &str) -> Value {
    json!({ "state": "connected", "clocks": PICTURES, "beeps": BEEPS, "texts": [words] })
}

/// Judges what the page saw.
fn page_is_content(seen: &Value, codec: &str) {
    println!("page: {seen:#}");
    let figure = |key: &str| seen[key].as_f64().unwrap_or_else(|| panic!("{key} in {seen:#}"));
    assert!(figure("unreadable") < 0.1 * figure("frames"), "the clock of the card is readable");
    assert!((0.0..500.0).contains(&figure("latency_ms")), "latency");
    assert_eq!(
        seen["strange"],
        json!([]),
        "what is not in the protocol must not be sent to who did not ask for it"
    );
    assert_eq!(seen["errors"], json!([]));
    for used in seen["codecs"].as_array().expect("both directions") {
        assert_eq!(used.as_str().map(str::to_lowercase), Some(format!("video/{codec}")));
    }
}

/// Judges what the instrument saw of the page, whose words were `words`.
fn instrument_is_content(report: &Report, codec: &str, words: &str) {
    println!("instrument: {:#}", report.summary);
    assert_eq!(report.status, 0, "{}", report.errors);
    assert_eq!(report.summary["end_reason"], "hangup");
    assert_eq!(report.summary["codec"].as_str().map(str::to_lowercase).as_deref(), Some(codec));
    assert!(report.figure("frames") >= 100.0, "frames");
    // The page draws, encodes, decodes and reads back on the same processors.
    assert!(report.figure("fps") >= 15.0, "fps");
    assert!(report.figure("latency_ms.p50") < 500.0, "latency");
    assert!(report.figure("latency_ms.n") >= 100.0, "the page's test card was read");
    assert!(report.lines.iter().any(|line| line == words), "chat: {:?}", report.lines);
}

/// The page calls; an offer with nothing but `codec`, as a browser writes it.
fn the_page_calls(codec: &str) {
    let server = Server::start(&NO_STUN);
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard.wav");
    let words = ["--say", "Hello, page!", "--dump-audio", heard.to_str().unwrap()];
    let mut answering = Cli::answering(server.address(), "grace", &[&words[..], &CARD].concat());
    let browser = Browser::start();
    let page = browser.signed_in(server.address(), "page");
    page.call("grace", Some(codec));
    page.until(&json!({ "chat": "open" }));
    page.say("Hello from a browser");
    page_is_content(&page.until(&goal("Hello, page!")), codec);
    answering.wait_for_line(END_LIMIT, |line| line == "page: Hello from a browser");
    page.hang_up();
    instrument_is_content(&answering.finish(END_LIMIT), codec, "page: Hello from a browser");
    let beeps = sound::beeps(&sound::read(&heard));
    assert!(beeps >= BEEPS - 2, "{beeps} beeps of the page were heard");
}

/// The page is called; it answers as a browser does by itself.
fn the_page_is_called(codec: &str) {
    let server = Server::start(&NO_STUN);
    let browser = Browser::start();
    let page = browser.signed_in(server.address(), "page");
    page.answer_in_the_background();
    let words = ["call", "page", "--duration", "12", "--video-codec", codec, "--say", "Hello, page!"];
    let mut calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    page.until(&json!({ "chat": "open" }));
    page.say("Hello from a browser");
    page_is_content(&page.until(&goal("Hello, page!")), codec);
    calling.wait_for_line(END_LIMIT, |line| line == "page: Hello from a browser");
    instrument_is_content(&calling.finish(END_LIMIT), codec, "page: Hello from a browser");
    page.until_no_call();
}

#[test]
fn a_browser_calls_the_instrument_with_vp8() {
    the_page_calls("vp8");
}

#[test]
fn a_browser_calls_the_instrument_with_h264() {
    the_page_calls("h264");
}

#[test]
fn a_browser_is_called_by_the_instrument_with_vp8() {
    the_page_is_called("vp8");
}

#[test]
fn a_browser_is_called_by_the_instrument_with_h264() {
    the_page_is_called("h264");
}

#[test]
fn two_browsers_call_each_other_through_our_server() {
    let server = Server::start(&NO_STUN);
    let browser = Browser::start();
    let (one, two) = (browser.signed_in(server.address(), "one"), browser.signed_in(server.address(), "two"));
    two.answer_in_the_background();
    one.call("two", None);
    for page in [&one, &two] {
        page.until(&json!({ "chat": "open" }));
        page.say("Hello, other page!");
    }
    for page in [&one, &two] {
        page_is_content(&page.until(&goal("Hello, other page!")), "vp8");
    }
    one.hang_up();
    two.until_no_call();
}

#[test]
fn a_browser_that_misbehaves_does_not_harm_the_call() {
    let server = Server::start(&NO_STUN);
    let mut answering = Cli::answering(server.address(), "grace", &CARD);
    let browser = Browser::start();
    let page = browser.signed_in(server.address(), "page");
    page.call("grace", None);
    page.until(&json!({ "chat": "open", "clocks": 30 }));
    page.misbehave();
    let seen = page.report();
    let clocks = seen["clocks"].as_u64().unwrap();
    page.say("Sorry for that");
    answering.wait_for_line(END_LIMIT, |line| line == "page: Sorry for that");
    // Three seconds more of picture, and still connected.
    page.until(&json!({ "state": "connected", "clocks": clocks + 60 }));
    page.hang_up();
    let report = answering.finish(END_LIMIT);
    assert_eq!(report.status, 0, "{}", report.errors);
    assert!(report.figure("frames") > 60.0, "frames");
}
