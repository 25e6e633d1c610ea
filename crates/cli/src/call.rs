//! One call, from placing or awaiting it to its end, measured.
use crate::{
    exit::Exit,
    instrument::Instrument,
    options::{Media, Options},
    process::Usage,
    session::{Session, data_dir},
    stats::StatsFile,
    summary::Course,
};
use anyhow::{Context, Result};
use eyeline_client::{
    Client, ClientConfig, Command, Snapshot,
    snapshot::{CallView, Delivery, NoticeCode, Phase},
    stats::CallStats,
    stop::asked_to_stop,
};
use eyeline_media::{clock::MediaClock, frame::MediaTime, synthetic::Y4mSink};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Longest wait for the end of a call that has been hung up.
const END_LIMIT: Duration = Duration::from_secs(10);
/// Nominal rate of a dumped file; pictures are written as they come.
const DUMP_FPS: u32 = 30;

/// What this end does about the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Places it to that person.
    Caller(String),
    /// Takes the first that comes, when it has rung for so long.
    Answer { after: Duration },
    /// Refuses the first that comes.
    Decline,
    /// Lets the first that comes ring.
    Wait,
}

/// Runs one call. The summary is printed whatever happens to the call.
///
/// # Errors
/// [`Exit`] where it did not end as a call should; anything else where it could not be run.
pub async fn run(options: &Options, part: Part, media: &Media) -> Result<()> {
    let dump = media.dump_video.as_deref().map(|path| Y4mSink::create(path, DUMP_FPS)).transpose()?;
    let instrument = Arc::new(Instrument::new(dump, media.view));
    let mut config = ClientConfig::new(data_dir());
    config.camera = media.camera.clone();
    config.microphone = media.mic.clone();
    config.speaker = media.speaker.clone();
    config.dump_audio = media.dump_audio.clone();
    config.media = media.options();
    let mut session = Session::open(options, config, instrument.clone()).await?;
    let placed_at = match &part {
        Part::Caller(peer) => {
            let peer = session.find(peer).await?;
            session.client.send(Command::Dial { user_id: peer.id });
            Some(MediaClock::now())
        }
        Part::Answer { .. } | Part::Decline | Part::Wait => {
            println!("ready");
            None
        }
    };
    let stats_file = media.stats.as_deref().map(StatsFile::create).transpose()?;
    let mut run = Run {
        client: session.client.clone(),
        part,
        say: media.say.clone(),
        duration: media.duration,
        placed_at,
        accepted_at: None,
        connected_at: None,
        take_at: None,
        phase: None,
        chat_seen: 0,
        warned: 0,
        course: Course::default(),
        stats_file,
        usage: Usage::new(),
        instrument,
    };
    let outcome = run.until_end(&mut session.snapshots).await;
    let summary = run.course.summary(&run.instrument.meters());
    session.client.shutdown().await;
    println!("{}", serde_json::to_string(&summary)?);
    outcome
}

/// A call under way.
struct Run {
    client: Client,
    part: Part,
    say: Option<String>,
    duration: Option<Duration>,
    placed_at: Option<MediaTime>,
    accepted_at: Option<MediaTime>,
    connected_at: Option<MediaTime>,
    /// When the call is to be taken that rings.
    take_at: Option<Instant>,
    phase: Option<Phase>,
    chat_seen: u64,
    warned: u64,
    course: Course,
    stats_file: Option<StatsFile>,
    usage: Usage,
    instrument: Arc<Instrument>,
}

impl Run {
    async fn until_end(&mut self, snapshots: &mut watch::Receiver<Arc<Snapshot>>) -> Result<()> {
        let mut stats = self.client.stats();
        let mut hang_up_at: Option<Instant> = None;
        let mut give_up_at: Option<Instant> = None;
        let mut stop = pin!(asked_to_stop());
        loop {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            self.warn(&snapshot);
            if let Some(call) = &snapshot.call {
                self.see(call);
                if call.phase == Phase::Ended {
                    let reason = call.end_reason.context("an ended call has a reason")?;
                    self.course.end_reason = Some(reason);
                    return Ok(Exit::of_call(reason, self.connected_at.is_some())?);
                }
            } else if let (Some(notice), Part::Caller(_)) = (&snapshot.notice, &self.part) {
                return Err(Exit::Server(notice.code, notice.detail.clone()).into());
            }
            if hang_up_at.is_none() && self.connected_at.is_some() {
                hang_up_at = self.duration.map(|duration| now() + duration);
            }
            tokio::select! {
                changed = snapshots.changed() => changed.context("the client has stopped")?,
                changed = stats.changed() => {
                    changed.context("the client has stopped")?;
                    let newest = stats.borrow_and_update().clone();
                    if let Some(newest) = newest {
                        self.second(&newest)?;
                    }
                }
                () = wait(self.take_at), if self.take_at.is_some() => {
                    self.take_at = None;
                    self.client.send(Command::Accept);
                }
                () = wait(hang_up_at), if give_up_at.is_none() => {
                    self.client.send(Command::HangUp);
                    give_up_at = Some(now() + END_LIMIT);
                }
                asked = &mut stop, if give_up_at.is_none() => {
                    asked?;
                    self.client.send(Command::HangUp);
                    give_up_at = Some(now() + END_LIMIT);
                }
                () = wait(give_up_at) => anyhow::bail!("the call does not end"),
            }
        }
    }

    /// A device that cannot be used ends no call, but should be known.
    fn warn(&mut self, snapshot: &Snapshot) {
        if let Some(notice) = snapshot.notice.as_ref().filter(|notice| notice.id > self.warned)
            && let NoticeCode::Camera | NoticeCode::Microphone | NoticeCode::Speaker = notice.code
        {
            self.warned = notice.id;
            eprintln!("eyeline-cli: warning: {}", notice.detail);
        }
    }

    /// Takes in what can be seen of the call.
    fn see(&mut self, call: &CallView) {
        if self.phase != Some(call.phase) {
            self.enter(call);
            self.phase = Some(call.phase);
        }
        for line in call.chat.iter().filter(|line| !line.mine && line.id > self.chat_seen) {
            println!("{}: {}", call.peer.username, line.text);
        }
        for line in call.chat.iter().filter(|line| line.mine && line.delivery == Delivery::Failed) {
            if line.id > self.chat_seen {
                eprintln!("not delivered: {}", line.text);
            }
        }
        self.chat_seen = call.chat.last().map_or(0, |line| line.id);
        if call.chat_open
            && let Some(text) = self.say.take()
        {
            self.client.send(Command::SendChat { text });
        }
    }

    fn enter(&mut self, call: &CallView) {
        let now = MediaClock::now();
        match call.phase {
            Phase::Incoming => {
                println!("ringing");
                match self.part {
                    Part::Answer { after } => self.take_at = Some(self::now() + after),
                    Part::Decline => self.client.send(Command::Decline),
                    Part::Caller(_) | Part::Wait => {}
                }
            }
            Phase::Connecting => self.accepted_at = self.accepted_at.or(Some(now)),
            Phase::Active => {
                if self.connected_at.is_none() {
                    println!("connected");
                    self.accepted_at = self.accepted_at.or(Some(now));
                    self.connected_at = Some(now);
                    self.course.begun = self.placed_at.or(self.accepted_at);
                    self.course.setup = self.course.begun.map(|begun| now - begun);
                } else if self.phase == Some(Phase::Reconnecting) {
                    println!("reconnected");
                    self.course.reconnects += 1;
                }
            }
            Phase::Reconnecting => println!("reconnecting"),
            Phase::Ended => {
                let first = self.instrument.meters().rendered.map(|(first, _)| first);
                self.course.first_frame = first.zip(self.accepted_at).map(|(first, since)| first - since);
            }
            Phase::Dialing | Phase::Ringing => {}
        }
    }

    fn second(&mut self, stats: &CallStats) -> Result<()> {
        if self.accepted_at.is_none() {
            // It rings: nothing flows yet.
            return Ok(());
        }
        self.course.second(stats);
        let since = self.placed_at.or(self.accepted_at);
        let seconds = |at: MediaTime| since.map(|since| (at - since).as_secs_f64());
        let (latency, gaps) = {
            let mut meters = self.instrument.meters();
            (std::mem::take(&mut meters.latency_now), std::mem::take(&mut meters.gaps_now))
        };
        let gaps = gaps.into_iter().filter_map(|(at, gap)| Some((seconds(at)?, gap.as_secs_f64() * 1000.0)));
        match &mut self.stats_file {
            Some(file) => file.write(
                seconds(MediaClock::now()),
                self.phase,
                stats,
                latency.percentiles(),
                gaps.collect(),
                self.usage.read(),
            ),
            None => Ok(()),
        }
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

fn now() -> Instant {
    Instant::now()
}
