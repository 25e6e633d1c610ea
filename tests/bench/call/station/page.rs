//! A page in Debian's Chromium.
use super::{Post, Sight, Station};
use eyeline_tests::{
    browser::{Browser, Page},
    lab::Lab,
};
use serde_json::json;
use std::{fs, path::PathBuf};

/// The browser hides its addresses behind multicast names; this network carries no multicast.
const NO_MDNS: &str = "--disable-features=WebRtcHideLocalIpsWithMdns";
/// Longest wait within one script, in seconds.
const WAIT_S: u32 = 30;

/// A browser with a page on a host of the network.
pub struct OpenPage<'a> {
    lab: &'a Lab,
    host: &'static str,
    // The window closes before its browser.
    open: Option<(Page, Browser)>,
    record: Option<PathBuf>,
    sight: Sight,
}

impl<'a> OpenPage<'a> {
    /// Opens one; it calls, or it can be called.
    pub fn start(lab: &'a Lab, user: &str, post: &Post) -> Self {
        // Whatever starts a process or opens a socket does so on the page's own host.
        let server = lab.server();
        let open = lab.netlab.enter(post.host, || {
            let browser = Browser::start().with(NO_MDNS);
            let page = browser.signed_in(server, user);
            page.measure(post.size.0, post.size.1);
            if let Some(speech) = &post.speech {
                page.speak(&fs::read(&speech.said).expect("the speech was written"));
            }
            match post.calls {
                Some(callee) => page.call_in_the_background(callee),
                None => page.answer_in_the_background(),
            }
            (page, browser)
        });
        let open = open.expect("a host of this network");
        let record = post.speech.as_ref().map(|speech| speech.heard.clone());
        Self { lab, host: post.host, open: Some(open), record, sight: Sight::default() }
    }

    fn at<T: Send>(&self, work: impl FnOnce(&Page) -> T + Send) -> T {
        let (page, _) = self.open.as_ref().expect("open until it is dropped");
        self.lab.netlab.enter(self.host, || work(page)).expect("a host of this network")
    }
}

impl Station for OpenPage<'_> {
    fn pid(&mut self) -> u32 {
        self.open.as_ref().map_or(0, |(_, browser)| browser.pid())
    }

    fn until_connected(&mut self) {
        self.at(|page| page.until(&json!({ "state": "connected" })));
    }

    fn until_second(&mut self, seconds: u32) {
        for part in (0..seconds).step_by(WAIT_S as usize).skip(1).chain([seconds]) {
            self.at(|page| page.until_second(part));
        }
    }

    fn has_shown(&mut self) -> bool {
        self.at(|page| page.report()["frames"].as_u64().is_some_and(|frames| frames > 0))
    }

    fn look(&mut self) {
        let mut summary = self.at(Page::measured);
        let seconds = summary["seconds"].take();
        self.sight = Sight { summary, seconds: seconds.as_array().cloned().unwrap_or_default() };
    }

    fn hang_up(&mut self) {
        self.at(Page::hang_up);
    }

    fn finish(mut self: Box<Self>) -> Sight {
        // A long file, at the writing of which no picture is drawn: the other end has seen enough by now.
        if let Some(record) = &self.record {
            let heard = self.at(Page::heard).expect("the page records what it hears");
            fs::write(record, heard).expect("recordings can be written");
        }
        std::mem::take(&mut self.sight)
    }
}

impl Drop for OpenPage<'_> {
    fn drop(&mut self) {
        // Windows and drivers close over sockets of their host.
        let open = self.open.take();
        self.lab.netlab.enter(self.host, move || drop(open)).expect("a host of this network");
    }
}
