// Somebody else's client: it knows the written protocol and no code of this project.
import { cardStream } from "./card.js";
import { Meter } from "./meter.js";
import { Ear, Eye } from "./senses.js";
import { Recorder, readSpeech } from "./speech.js";

// How often this client asks the server for news.
let poll_ms = 100;

// How long a call rings where it is measured.
const ring_ms = 1_000;

/** Asks again and again until the answer is truthy. */
async function poll(ask) {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
  }
}

class Peer {
  texts = [];
  // Messages on the data channel that are not in the protocol.
  strange = [];
  // What the server says beside the protocol.
  remarks = [];
  errors = [];
  // What happened when, in milliseconds of Unix time.
  marks = {};
  measuring = false;

  /** Measures instead of looking and listening closely, at this size of the card; asks the server often. */
  measure(width, height) {
    Object.assign(document.querySelector("#card"), { width, height });
    this.measuring = true;
    poll_ms = 10;
  }

  /** Opens camera and microphone: before a call, so that it takes nothing of its time. */
  open() {
    this.stream ??= cardStream(document.querySelector("#card"), this.speech);
  }

  /** Says what is in a WAV file instead of beeping, and records what the other side says. */
  async speak(url) {
    this.speech = await readSpeech(url);
  }

  /** What the other side said, as a WAV file's `data:` URL; null where nothing came. */
  heard() {
    return this.recorder?.wav() ?? null;
  }

  mark(what) {
    this.marks[what] ??= performance.timeOrigin + performance.now();
  }

  async signIn(server, username) {
    this.server = server;
    this.username = username;
    const session = await this.rest("POST", "/auth/register", { username, password: "a password" });
    this.token = session.access_token;
  }

  async rest(method, path, body) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const response = await fetch(this.server + path, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  /** Calls somebody and makes the offer once they have accepted. `codec` is the only one that this side then speaks. */
  async call(callee, codec) {
    if (this.measuring) this.open();
    this.mark("placed");
    const { id } = await this.rest("POST", "/calls/initiate", { callee });
    // Measured at its best: all is ready, and the offer with the server, before the other side accepts.
    if (!this.measuring) {
      await this.activeCall((call) => call.id === id && call.status === "ongoing");
      this.mark("accepted");
    }
    await this.connect(id);
    this.observe();
    this.chat(this.connection.createDataChannel("chat"));
    this.addMedia();
    if (codec) this.speakOnly(codec);
    await this.connection.setLocalDescription();
    this.signal({ type: "offer", offer: this.connection.localDescription });
  }

  /** Accepts the next call. */
  async answer() {
    if (this.measuring) this.open();
    const { id } = await this.activeCall((call) => call.status === "pending" && call.callee.username === this.username);
    if (this.measuring) {
      await this.connect(id);
      await new Promise((resolve) => setTimeout(resolve, ring_ms));
    }
    this.mark("accepted");
    if (this.measuring) this.observe();
    await this.rest("POST", `/calls/accept/${id}`);
    if (!this.measuring) {
      await this.connect(id);
      this.observe();
    }
  }

  activeCall(wanted) {
    return poll(async () => (await this.rest("GET", "/calls/active")).find(wanted));
  }

  noCall() {
    return poll(async () => (await this.rest("GET", "/calls/active")).length === 0);
  }

  async connect(id) {
    this.call_id = id;
    this.connection = new RTCPeerConnection();
    this.connection.onicecandidate = ({ candidate }) => candidate && this.signal({ type: "ice_candidate", candidate });
    this.connection.ondatachannel = ({ channel }) => this.chat(channel);
    this.connection.onconnectionstatechange = () => {
      const state = this.connection.connectionState;
      if (state === "connected") this.mark("connected");
      this.signal({ type: "connection_state", state });
    };
    const [remote, video] = [new MediaStream(), document.querySelector("#remote")];
    video.srcObject = remote;
    this.connection.ontrack = ({ track }) => {
      remote.addTrack(track);
      if (track.kind === "audio" && this.speech) this.recorder = new Recorder(track);
      if (track.kind === "audio" && !this.measuring) this.ear = new Ear(new MediaStream([track]));
    };
    this.socket = new WebSocket(`${this.server.replace("http", "ws")}/ws/webrtc/${id}?token=${this.token}`);
    this.socket.onmessage = ({ data }) => this.queue(JSON.parse(data));
    await new Promise((resolve, reject) => Object.assign(this.socket, { onopen: resolve, onerror: reject }));
  }

  observe() {
    const video = document.querySelector("#remote");
    if (this.measuring) this.meter = new Meter(this.connection, video, this.marks.placed ?? this.marks.accepted);
    else this.eye = new Eye(video);
  }

  // One message at a time: a candidate must not overtake the description that it belongs to.
  queue(message) {
    this.last = Promise.resolve(this.last).then(() => this.onSignal(message)).catch((e) => this.errors.push(String(e)));
  }

  async onSignal(message) {
    switch (message.type) {
      case "offer":
        await this.connection.setRemoteDescription(message.offer);
        if (this.connection.getSenders().every((sender) => !sender.track)) this.addMedia();
        await this.connection.setLocalDescription();
        return this.signal({ type: "answer", answer: this.connection.localDescription });
      case "answer":
        return this.connection.setRemoteDescription(message.answer);
      case "ice_candidate":
        return message.candidate && this.connection.addIceCandidate(message.candidate);
      case "connection_state":
        this.remoteState = message.state;
        return;
      case "peer":
        // Who is called is there from the accept on.
        if (message.present && this.marks.placed) this.mark("accepted");
        return this.remarks.push(message);
      default:
        this.remarks.push(message);
    }
  }

  signal(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  addMedia() {
    this.open();
    this.stream.getTracks().forEach((track) => this.connection.addTrack(track, this.stream));
  }

  speakOnly(codec) {
    const wanted = ["video/rtx", `video/${codec}`.toLowerCase()];
    const codecs = RTCRtpReceiver.getCapabilities("video").codecs;
    const video = this.connection.getTransceivers().find(({ sender }) => sender.track?.kind === "video");
    video.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase())));
  }

  chat(channel) {
    this.channel = channel;
    channel.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "text") this.texts.push(message.message);
      else this.strange.push(message);
    };
  }

  say(message) {
    this.channel.send(JSON.stringify({ type: "text", message, timestamp: new Date().toISOString() }));
  }

  /** All that a broken or hostile client may send to the other one. */
  misbehave() {
    const sdp = "v=0\r\nthis is no session description\r\n";
    const nonsense = [
      "no JSON",
      "{}",
      "[1, 2, 3]",
      JSON.stringify({ type: "nonsense", offer: null }),
      JSON.stringify({ type: "offer", offer: "v=0" }),
      JSON.stringify({ type: "answer", answer: { type: "answer", sdp } }),
      JSON.stringify({ type: "offer", offer: { type: "offer", sdp } }),
      JSON.stringify({ type: "ice_candidate", candidate: { candidate: "candidate:nonsense", sdpMid: "99" } }),
      JSON.stringify({ type: "connection_state", state: "confused" }),
      JSON.stringify({ type: "text", message: 7 }),
      "\u0000\uffff",
    ];
    nonsense.forEach((words) => this.socket.send(words));
    nonsense.forEach((words) => this.channel.send(words));
    this.channel.send(JSON.stringify({ type: "text", message: "x".repeat(60_000), timestamp: "yesterday" }));
    this.channel.send(new Uint8Array([0, 255, 128]));
    const further = this.connection.createDataChannel("not chat");
    further.onopen = () => further.send("hello?");
  }

  async hangUp() {
    // Where the call never came to anything there is none to end.
    if (this.call_id) await this.rest("POST", `/calls/end/${this.call_id}`);
  }

  /** What has been seen so far. */
  async report() {
    const stats = this.connection ? [...(await this.connection.getStats()).values()] : [];
    const video = (type) => stats.find((s) => s.type === type && s.kind === "video");
    const codec = (rtp) => stats.find(({ id }) => id === rtp?.codecId)?.mimeType ?? null;
    return {
      state: this.connection?.connectionState ?? "new",
      seconds: this.meter?.seconds.length ?? 0,
      remote_state: this.remoteState ?? null,
      frames: this.eye?.frames ?? this.meter?.frames ?? 0,
      clocks: this.eye?.clocks.size ?? 0,
      unreadable: this.eye?.unreadable ?? 0,
      latency_ms: this.eye?.latency() ?? null,
      beeps: this.ear?.beeps ?? 0,
      texts: this.texts,
      strange: this.strange,
      remarks: this.remarks,
      errors: this.errors,
      codecs: [codec(video("outbound-rtp")), codec(video("inbound-rtp"))],
      sent: video("outbound-rtp")?.framesSent ?? 0,
      chat: this.channel?.readyState ?? "none",
    };
  }

  /** The first report in which every member of `goal` is reached: a number at least, a list in part, else exactly. */
  async until(goal, limit_ms) {
    const deadline = Date.now() + limit_ms;
    let report;
    const reached = (wanted, is) =>
      typeof wanted === "number" ? is >= wanted : Array.isArray(is) ? wanted.every((w) => is.includes(w)) : is === wanted;
    await poll(async () => {
      report = await this.report();
      if (Date.now() > deadline) throw new Error(`not reached: ${JSON.stringify(goal)} in ${JSON.stringify(report)}`);
      return Object.entries(goal).every(([key, wanted]) => reached(wanted, report[key]));
    });
    return report;
  }
}

globalThis.peer = new Peer();
