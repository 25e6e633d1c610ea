//! Requests that must reach the server even if it cannot be reached now, and even if the call is over here.
use crate::{Output, Request, Time, time::backoff};
use eyeline_protocol::CallId;
use std::{collections::VecDeque, time::Duration};

/// Most errands at a time. One person ends and refuses few calls within [`PATIENCE`]; the server reaps what is
/// forgotten.
const ERRANDS_MAX: usize = 16;
/// How long an errand is tried. After that the server has reaped the call or will tell by its welcome.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Errands(VecDeque<Errand>);

#[derive(Debug)]
struct Errand {
    request: Request,
    give_up: Time,
    attempts: u32,
    /// When to try again; `None` while an answer is awaited.
    retry_at: Option<Time>,
}

impl Errands {
    /// Puts the request out, unless the same is under way.
    pub(crate) fn start(&mut self, request: Request, now: Time, out: &mut VecDeque<Output>) {
        if self.0.iter().any(|errand| errand.request == request) {
            return;
        }
        if self.0.len() == ERRANDS_MAX {
            self.0.pop_front();
        }
        out.push_back(Output::Request(request.clone()));
        self.0.push_back(Errand { request, give_up: now + PATIENCE, attempts: 0, retry_at: None });
    }

    /// The server has spoken: the errand is done.
    pub(crate) fn done(&mut self, request: &Request) {
        self.0.retain(|errand| errand.request != *request);
    }

    /// The server could not be reached: once more, later.
    pub(crate) fn postpone(&mut self, request: &Request, now: Time) {
        self.0.retain(|errand| errand.request != *request || now < errand.give_up);
        for errand in self.0.iter_mut().filter(|errand| errand.request == *request) {
            errand.retry_at = Some(now + backoff(errand.attempts));
            errand.attempts += 1;
        }
    }

    /// Nothing is left to ask about the call: it is over at the server, or wanted again.
    pub(crate) fn forget(&mut self, call_id: CallId) {
        self.0.retain(|errand| errand.request.call_id() != Some(call_id));
    }

    /// This device has left the call: it no longer wants in, nor to know.
    pub(crate) fn left(&mut self, call_id: CallId) {
        self.0.retain(|errand| match errand.request {
            Request::Accept(id) | Request::Fetch(id) => id != call_id,
            Request::Initiate { .. } | Request::Decline(_) | Request::Cancel(_) | Request::End(..) => true,
        });
    }

    /// Whether this device is leaving the call.
    pub(crate) fn leaving(&self, call_id: CallId) -> bool {
        self.0.iter().any(|errand| match errand.request {
            Request::Decline(id) | Request::Cancel(id) | Request::End(id, _) => id == call_id,
            Request::Initiate { .. } | Request::Accept(_) | Request::Fetch(_) => false,
        })
    }

    pub(crate) fn next_timeout(&self) -> Option<Time> {
        self.0.iter().filter_map(|errand| errand.retry_at).min()
    }

    pub(crate) fn on_timeout(&mut self, now: Time, out: &mut VecDeque<Output>) {
        for errand in &mut self.0 {
            if errand.retry_at.is_some_and(|at| at <= now) {
                errand.retry_at = None;
                out.push_back(Output::Request(errand.request.clone()));
            }
        }
    }
}

impl Request {
    /// The call that the request is about; `None` for one that has no name yet.
    #[must_use]
    pub fn call_id(&self) -> Option<CallId> {
        match self {
            Self::Initiate { .. } => None,
            Self::Accept(id) | Self::Decline(id) | Self::Cancel(id) | Self::End(id, _) | Self::Fetch(id) => {
                Some(*id)
            }
        }
    }
}
