// A camera and a microphone made of nothing: the test card on a canvas, and a beep at the start of each second.
//
// Across the top 32 cells hold the low 32 bits of the Unix time in milliseconds, most significant leftmost, white for 1.
// Below: colour bars, three moving discs, a patch of fixed noise, and a square that flashes as the beep begins.
import { speaker } from "./speech.js";

const CELLS = 32;
const FPS = 30;
const BEEP_S = 0.05;
const BARS = ["#bfbfbf", "#bfbf00", "#00bfbf", "#00bf00", "#bf00bf", "#bf0000", "#0000bf"];
const DISCS = ["#ffff00", "#ff0000", "#0000ff"];

/** The stream of a canvas that shows the card and of a microphone that beeps, or hears `speech` where there is any. */
export function cardStream(canvas, speech) {
  const context = canvas.getContext("2d");
  const audio = new AudioContext({ sampleRate: 48000 });
  const sound = speech ? speaker(audio, speech) : beeper(audio);
  const still = background(canvas.width, canvas.height);
  // Each picture that is drawn is captured, and no other.
  const picture = canvas.captureStream(0);
  const [track] = picture.getVideoTracks();
  let second = 0;
  const tick = () => {
    const now = Date.now();
    const flash = second !== Math.floor(now / 1000);
    second = Math.floor(now / 1000);
    context.drawImage(still, 0, 0);
    drawMoment(context, now, flash);
    track.requestFrame();
    if (flash) sound.at(audio.currentTime + 1 - (now % 1000) / 1000);
  };
  setInterval(tick, 1000 / FPS);
  return new MediaStream([track, ...sound.stream.getTracks()]);
}

/** The time that a picture of the card shows, or null where a cell is neither black nor white. */
export function readClock(pixels, width) {
  let clock = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const at = 4 * Math.floor(((cell + 0.5) * width) / CELLS);
    const luma = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
    if (luma > 96 && luma < 158) return null;
    clock = clock * 2 + (luma > 127 ? 1 : 0);
  }
  return clock;
}

/** What does not move: the bars, and noise at the lower left. */
function background(width, height) {
  const still = new OffscreenCanvas(width, height);
  const context = still.getContext("2d");
  BARS.forEach((colour, bar) => {
    context.fillStyle = colour;
    context.fillRect((bar * width) / BARS.length, 0, width / BARS.length + 1, height);
  });
  const noise = context.createImageData(width / 4, height / 4);
  let random = 0x2545f491;
  for (let at = 0; at < noise.data.length; at += 4) {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    noise.data.fill(56 + (random >>> 25), at, at + 3);
    noise.data[at + 3] = 255;
  }
  context.putImageData(noise, 0, (height * 3) / 4);
  return still;
}

function drawMoment(context, now, flash) {
  const { width, height } = context.canvas;
  const seconds = (now % 3_600_000) / 1000;
  DISCS.forEach((colour, disc) => {
    const turn = seconds * (0.6 + 0.25 * disc) + 2 * disc;
    context.fillStyle = colour;
    context.beginPath();
    const [x, y] = [width * (0.5 + 0.35 * Math.cos(turn)), height * (0.42 + 0.2 * Math.sin(1.3 * turn))];
    context.arc(x, y, height / 12, 0, 7);
    context.fill();
  });
  const side = width / 8;
  context.fillStyle = flash ? "#fff" : "#000";
  context.fillRect((width - side) / 2, height - side, side, side);
  const cell = width / CELLS;
  for (let bit = 0; bit < CELLS; bit++) {
    context.fillStyle = (now >>> (CELLS - 1 - bit)) & 1 ? "#fff" : "#000";
    context.fillRect(bit * cell, 0, cell, cell);
  }
}

function beeper(audio) {
  const tone = new OscillatorNode(audio, { frequency: 1000 });
  const gain = new GainNode(audio, { gain: 0 });
  const out = new MediaStreamAudioDestinationNode(audio);
  tone.connect(gain).connect(out);
  tone.start();
  const at = (time) => {
    gain.gain.setValueAtTime(0.5, time);
    gain.gain.setValueAtTime(0, time + BEEP_S);
  };
  return { stream: out.stream, at };
}
