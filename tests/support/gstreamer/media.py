"""The media of one call: a pipeline around GStreamer's webrtcbin."""
import array
import re

from gi.repository import Gst

from senses import RATE_HZ, Ear, Eye, draw_clock

TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
WIDTH, HEIGHT, FPS = 640, 480, 30
RAW = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1"

# Of an eager peer: control packets get a twentieth of this, in bit/s. By default it is so little that one leaves in 0.6 s.
EAGER_BPS = 10e6

# A key frame comes when it is asked for, and else never: a picture that is lost for good shows. Twice the default latency
# is time for a second request where a round trip takes 100 ms.
PIPELINE = """
webrtcbin name=rtc bundle-policy=max-bundle latency=400
videotestsrc is-live=true ! {raw} ! appsink name=still emit-signals=true sync=false
appsrc name=card is-live=true format=time caps={raw} ! queue max-size-buffers=3 leaky=downstream
  ! vp8enc name=encoder deadline=1 cpu-used=8 threads=1 end-usage=cbr target-bitrate=600000 buffer-size=500
    buffer-initial-size=300 buffer-optimal-size=400 keyframe-max-dist=100000
  ! rtpvp8pay name=video pt={vp8} mtu=1200 picture-id-mode=15-bit
  ! application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload={vp8},{cc},rtcp-fb-nack=true,\
rtcp-fb-nack-pli=true,rtcp-fb-ccm-fir=true ! rtc.
audiotestsrc is-live=true wave=ticks freq=1000 sine-periods-per-tick=50 volume=0.5
  ! audio/x-raw,rate=48000,channels=1 ! queue max-size-time=40000000 leaky=downstream ! opusenc
  ! rtpopuspay name=audio pt={opus}
  ! application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload={opus},encoding-params=(string)2,{cc} ! rtc.
"""
SEE = "rtpvp8depay name=depay request-keyframe=true wait-for-keyframe=true ! queue \
! vp8dec automatic-request-sync-points=true ! appsink name=sink emit-signals=true sync=false"
HEAR = f"rtpopusdepay ! opusdec use-inband-fec=true plc=true ! audioconvert ! audioresample \
! audio/x-raw,format=S16LE,rate={RATE_HZ},channels=1 ! appsink name=sink emit-signals=true sync=false"


def numbers(sdp):
    """The payload types and the header extension of an offer; ours where there is none yet."""
    found = lambda what, ours: int((re.search(what, sdp) or [0, ours])[1])
    return {
        "vp8": found(r"a=rtpmap:(\d+) VP8/90000", 96),
        "opus": found(r"a=rtpmap:(\d+) opus/48000/2", 111),
        "cc": f'rtcp-fb-transport-cc=true,extmap-{found(rf"a=extmap:(.+?) {TRANSPORT_CC}", 3)}=(string)"{TRANSPORT_CC}"',
    }


def kind(stage):
    """What a stage is, by the name of its factory; None where it has none."""
    factory = stage.get_factory()
    return factory and factory.get_name()


class Media:
    """Sends the card and the tone; sees and hears what comes."""

    def __init__(self, offer, eager, failed):
        self.eye, self.ear = Eye(), Ear()
        self.pipeline = Gst.parse_launch(PIPELINE.format(raw=RAW, **numbers(offer)))
        self.rtc = self.pipeline.get_by_name("rtc")
        if eager:
            self.rtc.connect("deep-element-added", self.be_eager)
        self.counts = dict.fromkeys(["key_frames_sent", "key_frames_asked_of_us", "key_frames_seen", "key_frames_asked"], 0)
        for pad in self.rtc.sinkpads:
            pad.props.transceiver.props.do_nack = True
        card = self.pipeline.get_by_name("card")
        self.pipeline.get_by_name("still").connect("new-sample", self.on_still, card)
        coded = self.pipeline.get_by_name("encoder").get_static_pad("src")
        self.count(coded, coded, "key_frames_sent", "key_frames_asked_of_us")
        self.rtc.connect("pad-added", self.on_pad)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.on_error, failed)

    def on_error(self, bus, message, failed):
        # That the other side closes the data channel at the end of the call is an error to GStreamer.
        if "sctp" not in message.src.get_name():
            failed(str(message.parse_error()))

    def on_still(self, sink, card):
        """Draws the time onto a picture and sends it on."""
        still = sink.emit("pull-sample").get_buffer()
        clock = draw_clock(WIDTH)
        picture = Gst.Buffer.new_wrapped(clock + still.extract_dup(len(clock), still.get_size() - len(clock)))
        picture.pts, picture.duration = still.pts, still.duration
        return card.emit("push-buffer", picture)

    def on_pad(self, rtc, pad):
        """A stream of the other side has begun."""
        if pad.direction != Gst.PadDirection.SRC:
            return
        video = pad.get_current_caps().get_structure(0).get_value("media") == "video"
        branch = Gst.parse_bin_from_description(SEE if video else HEAR, True)
        branch.get_by_name("sink").connect("new-sample", self.on_seen if video else self.on_heard)
        if video:
            self.video_in = pad
            depay = branch.get_by_name("depay")
            self.count(depay.get_static_pad("src"), depay.get_static_pad("sink"), "key_frames_seen", "key_frames_asked")
        self.pipeline.add(branch)
        branch.sync_state_with_parent()
        pad.link(branch.sinkpads[0])

    def on_seen(self, sink):
        sample = sink.emit("pull-sample")
        caps = sample.get_caps().get_structure(0)
        width, height = caps.get_value("width"), caps.get_value("height")
        # The middle row of the cells is enough; rows begin at multiples of four bytes.
        row = width // 64 * ((width + 3) // 4 * 4)
        self.eye.see(sample.get_buffer().extract_dup(row, width), f"{width}x{height}")
        return Gst.FlowReturn.OK

    def on_heard(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        self.ear.hear(array.array("h", buffer.extract_dup(0, buffer.get_size())))
        return Gst.FlowReturn.OK

    def count(self, pictures, wishes, sent, asked):
        """Counts the key frames that pass one pad downstream, and the requests for them that pass another upstream."""

        def on_picture(pad, info):
            self.counts[sent] += not info.get_buffer().has_flags(Gst.BufferFlags.DELTA_UNIT)
            return Gst.PadProbeReturn.OK

        def on_wish(pad, info):
            self.counts[asked] += info.get_event().has_name("GstForceKeyUnit")
            return Gst.PadProbeReturn.OK

        pictures.add_probe(Gst.PadProbeType.BUFFER, on_picture)
        wishes.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, on_wish)

    def lose_pictures(self):
        """Loses a picture in each direction where no repair can reach it."""
        kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST

        def drop(pad, info):
            pad.remove_probe(info.id)
            return Gst.PadProbeReturn.DROP

        for pad in [self.pipeline.get_by_name("video").get_static_pad("src"), self.video_in]:
            pad.add_probe(kinds, drop)

    def report(self):
        return {**self.eye.report(), **self.ear.report(), **self.counts, **self.repairs()}

    def stages(self):
        """What webrtcbin is made of, by kind."""
        stages = self.rtc.iterate_recurse()
        while True:
            more, stage = stages.next()
            if more != Gst.IteratorResult.OK:
                return
            if kind(stage):
                yield kind(stage), stage

    @staticmethod
    def be_eager(rtc, bin, stage):
        """Asks and tells at once: from the first packet on, since GStreamer keeps to an interval that was once longer."""
        if kind(stage) == "rtpsession":
            stage.props.bandwidth = EAGER_BPS

    def repairs(self):
        """What webrtcbin's own stages have counted of retransmissions, and of feedback on what was sent."""
        seen = {}
        for name, stage in self.stages():
            if name == "rtprtxsend":
                seen["repairs_asked_of_us"] = seen.get("repairs_asked_of_us", 0) + stage.props.num_rtx_requests
                seen["repairs_sent"] = seen.get("repairs_sent", 0) + stage.props.num_rtx_packets
            elif name == "rtprtxreceive":
                seen["repairs_asked"] = stage.props.num_rtx_requests
                seen["repairs_come"] = stage.props.num_rtx_packets
                seen["repairs_used"] = stage.props.num_rtx_assoc_packets
            elif name == "rtpsession":
                seen["feedback"] = self.feedback(stage.props.twcc_stats)
        return seen

    @staticmethod
    def feedback(stats):
        """What the newest transport-wide feedback tells of the packets that it is about."""
        told = lambda name: stats.get_value(name) if stats and stats.has_field(name) else None
        return {name.replace("-", "_"): told(name) for name in ["packets-sent", "packets-recv"]}
