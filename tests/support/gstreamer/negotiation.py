"""Offer, answer and candidates between webrtcbin and the call's signaling socket, and the data channel."""
import datetime
import json

from gi.repository import GLib, Gst, GstSdp, GstWebRTC

from media import Media

WORDS = "Hello from GStreamer!"


def on_main(run, *arguments):
    """webrtcbin speaks on threads of its own; everything here is done on the main one."""
    GLib.idle_add(lambda: run(*arguments) and False)


class Negotiation:
    def __init__(self, offers, eager, send, fail):
        self.offers, self.eager, self.send, self.fail = offers, eager, send, fail
        self.media = self.rtc = self.remote = self.channel = None
        self.early, self.texts, self.strange, self.remote_states = [], [], [], []

    def begin(self):
        """The signaling socket is open."""
        if self.offers:
            self.start("")

    def start(self, offer):
        self.media = Media(offer, self.eager, lambda why: on_main(self.fail, why))
        self.rtc = self.media.rtc
        self.rtc.connect("on-negotiation-needed", lambda _: on_main(self.negotiate))
        self.rtc.connect("on-ice-candidate", lambda _, line, candidate: on_main(self.tell, line, candidate))
        self.rtc.connect("on-data-channel", self.on_channel)
        self.rtc.connect("notify::connection-state", lambda rtc, _: on_main(self.state, rtc.props.connection_state))
        self.media.pipeline.set_state(Gst.State.READY)
        if self.offers:
            self.chat(self.rtc.emit("create-data-channel", "chat", None))
        self.media.pipeline.set_state(Gst.State.PLAYING)

    def negotiate(self):
        """Both streams have been set up: once they have, this side can offer or answer."""
        if self.rtc.props.signaling_state != GstWebRTC.WebRTCSignalingState.STABLE or self.described():
            return
        if self.offers:
            self.ask("create-offer", None, then=lambda reply: self.describe("offer", reply.get_value("offer")))
        else:
            self.take(self.remote)

    def described(self):
        return self.rtc.props.current_local_description is not None

    def take(self, description):
        """Applies the other's description, and answers an offer."""
        kind, text = description["type"], description["sdp"]
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        of_kind = {"offer": GstWebRTC.WebRTCSDPType.OFFER, "answer": GstWebRTC.WebRTCSDPType.ANSWER}[kind]
        remote = GstWebRTC.WebRTCSessionDescription.new(of_kind, sdp)

        def answer(_):
            if kind == "offer":
                self.ask("create-answer", None, then=lambda reply: self.describe("answer", reply.get_value("answer")))

        self.ask("set-remote-description", remote, then=answer)
        for candidate in self.early:
            self.add(candidate)
        self.early = None

    def describe(self, kind, description):
        self.ask("set-local-description", description, then=lambda _: None)
        self.send({"type": kind, kind: {"type": kind, "sdp": description.sdp.as_text()}})

    def ask(self, what, argument, then):
        """Has webrtcbin do something, and goes on with its reply on the main thread."""

        def replied(promise):
            reply = promise.get_reply()
            if reply is not None and reply.has_field("error"):
                on_main(self.fail, f"{what}: {reply.to_string()}")
            else:
                on_main(then, reply)

        self.rtc.emit(what, argument, Gst.Promise.new_with_change_func(replied))

    def hear(self, message):
        """A message of the other side."""
        match message["type"]:
            case "offer":
                self.remote = message["offer"]
                self.start(self.remote["sdp"])
            case "answer":
                self.take(message["answer"])
            case "ice_candidate" if self.early is None:
                self.add(message["candidate"])
            case "ice_candidate":
                self.early.append(message["candidate"])
            case "connection_state":
                self.remote_states.append(message["state"])

    def add(self, candidate):
        if candidate and candidate["candidate"]:
            self.rtc.emit("add-ice-candidate", candidate.get("sdpMLineIndex", 0), candidate["candidate"])

    def tell(self, line, candidate):
        self.send({"type": "ice_candidate", "candidate": {"candidate": candidate, "sdpMLineIndex": line}})

    def state(self, state):
        self.send({"type": "connection_state", "state": state.value_nick})

    def on_channel(self, rtc, channel):
        # On the thread that is about to hand out the channel's first message: later would be too late for it.
        self.listen(channel)
        on_main(self.greet_on, channel)

    def listen(self, channel):
        channel.connect("on-message-string", lambda _, text: on_main(self.read, json.loads(text)))

    def chat(self, channel):
        self.listen(channel)
        self.greet_on(channel)

    def greet_on(self, channel):
        self.channel = channel
        if channel.props.ready_state == GstWebRTC.WebRTCDataChannelState.OPEN:
            self.greet()
        else:
            channel.connect("on-open", lambda _: on_main(self.greet))

    def greet(self):
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        self.channel.emit("send-string", json.dumps({"type": "text", "message": WORDS, "timestamp": now}))

    def read(self, message):
        if message["type"] == "text":
            self.texts.append(message["message"])
        else:
            self.strange.append(message)

    def report(self):
        seen = {"texts": self.texts, "strange": self.strange, "remote_states": self.remote_states}
        return {**seen, **self.media.report()} if self.media else seen

    def close(self):
        if self.media:
            self.media.pipeline.set_state(Gst.State.NULL)
