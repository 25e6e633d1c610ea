"""Somebody else's client: the written protocol and GStreamer's webrtcbin, and no code of this project.

    peer.py [--call CALLEE] [--eager] SERVER USERNAME

Creates the account; places a call, or takes the first that comes. An eager one sends control packets as often as there is
need, which webrtcbin by itself does not. Prints `ready`, `connected`, each second an object with
what was seen so far, and at the end of the call one more, with `end_reason`. Hangs up on SIGTERM. On SIGUSR1 it loses one
picture in each direction, where no repair can reach it.
"""
import argparse
import json
import signal
import sys

import gi

for name, version in [("Gst", "1.0"), ("GstSdp", "1.0"), ("GstWebRTC", "1.0"), ("Soup", "3.0")]:
    gi.require_version(name, version)
from gi.repository import GLib, Gst, Soup

from negotiation import Negotiation

NEWS_EVERY_S = 1


def say(what):
    print(what if isinstance(what, str) else json.dumps(what), flush=True)


class Peer:
    def __init__(self, server, username, call, eager):
        self.server, self.username, self.callee, self.eager = server, username, call, eager
        self.http, self.loop = Soup.Session(), GLib.MainLoop()
        self.token = self.call_id = self.negotiation = self.line = self.end_reason = None
        self.sockets, self.errors = [], []

    def run(self):
        account = {"username": self.username, "password": "a password"}
        self.token = self.rest("POST", "/auth/register", account)["access_token"]
        self.open("/ws/events", self.on_event)
        for number, act in [(signal.SIGTERM, self.hang_up), (signal.SIGUSR1, self.lose_pictures)]:
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, lambda act: act() or True, act)
        self.loop.run()
        say(self.report())
        if self.negotiation:
            self.negotiation.close()
        return 0 if self.end_reason == "hangup" and not self.errors else 1

    def rest(self, method, path, body=None):
        message = Soup.Message.new(method, self.server + path)
        if self.token:
            message.get_request_headers().append("Authorization", f"Bearer {self.token}")
        message.set_request_body_from_bytes("application/json", GLib.Bytes.new(json.dumps(body or {}).encode()))
        answer = self.http.send_and_read(message, None).get_data()
        if not 200 <= message.get_status() < 300:
            raise RuntimeError(f"{method} {path}: {message.get_status()} {answer}")
        return json.loads(answer)

    def open(self, path, on_message, on_open=lambda socket: None):
        message = Soup.Message.new("GET", self.server.replace("http", "ws", 1) + path)
        message.get_request_headers().append("Authorization", f"Bearer {self.token}")

        def opened(http, result):
            socket = http.websocket_connect_finish(result)
            socket.connect("message", lambda _, kind, data: on_message(json.loads(data.get_data())))
            # What nobody holds is closed.
            self.sockets.append(socket)
            on_open(socket)

        self.http.websocket_connect_async(message, None, None, GLib.PRIORITY_DEFAULT, None, opened)

    def on_event(self, event):
        call = event.get("call", {})
        match event["type"]:
            case "welcome" if self.callee:
                self.call_id = self.rest("POST", "/calls/initiate", {"callee": self.callee})["id"]
            case "welcome":
                say("ready")
            case "incoming_call" if not self.callee:
                self.call_id = call["id"]
                self.rest("POST", f"/calls/accept/{self.call_id}")
            case "call_update" if call["id"] == self.call_id and call["status"] == "ongoing" and not self.negotiation:
                self.negotiation = Negotiation(bool(self.callee), self.eager, send=self.signal, fail=self.fail)
                self.open(f"/ws/webrtc/{self.call_id}", self.on_signal, self.on_line)
            case "call_update" if call["id"] == self.call_id and call["status"] == "ended":
                self.end(call["end_reason"])

    def on_line(self, socket):
        self.line = socket
        self.negotiation.begin()
        GLib.timeout_add_seconds(NEWS_EVERY_S, lambda: say(self.report()) or True)

    def signal(self, message):
        self.line.send_text(json.dumps(message))
        if message.get("state") == "connected":
            say("connected")

    def on_signal(self, message):
        match message["type"]:
            case "ended":
                self.end(message["reason"])
            case "error":
                self.fail(f"the server: {message}")
            case _:
                self.negotiation.hear(message)

    def lose_pictures(self):
        self.negotiation.media.lose_pictures()

    def hang_up(self):
        self.rest("POST", f"/calls/end/{self.call_id}")

    def end(self, reason):
        self.end_reason = reason
        self.loop.quit()

    def fail(self, why):
        self.errors.append(why)
        print(why, file=sys.stderr, flush=True)

    def report(self):
        seen = self.negotiation.report() if self.negotiation else {}
        return {**seen, "errors": self.errors, "end_reason": self.end_reason}


Gst.init(None)
words = argparse.ArgumentParser()
words.add_argument("server")
words.add_argument("username")
words.add_argument("--call")
words.add_argument("--eager", action="store_true")
sys.exit(Peer(**vars(words.parse_args())).run())
