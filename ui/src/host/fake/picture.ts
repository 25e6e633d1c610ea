/** A person in a room, drawn: enough of a face to judge a layout by. */
import type { Which } from '../host';

/** What is sent; software encoding of more than this would take a test machine's time. */
export const PICTURE = { width: 640, height: 360 };
/** What the drawing is laid out in. */
const PAPER = { width: 1280, height: 720 };

const COLOURS = {
  remote: {
    wall: ['#d9c7ae', '#8f7a66'],
    light: '#fff3d6',
    hair: '#3a2a22',
    skin: '#d9a27e',
    shade: '#c48a67',
    shirt: '#35507a',
  },
  self: {
    wall: ['#b9c8c4', '#5f7672'],
    light: '#f2fbff',
    hair: '#1f1b1e',
    skin: '#9c6a4c',
    shade: '#87593e',
    shirt: '#a8473f',
  },
};

type Context = OffscreenCanvasRenderingContext2D;

export function drawPerson(context: Context, which: Which, frame: number): void {
  const colours = COLOURS[which];
  const t = frame / 30;
  const sway = Math.sin(t * 1.1) * 14;
  const nod = Math.sin(t * 2.3) * 5;
  const talk = Math.max(0, Math.sin(t * 9) * Math.sin(t * 1.7)) * 10;

  context.save();
  context.scale(PICTURE.width / PAPER.width, PICTURE.height / PAPER.height);
  const wall = context.createLinearGradient(0, 0, PAPER.width, PAPER.height);
  wall.addColorStop(0, colours.wall[0] ?? '');
  wall.addColorStop(1, colours.wall[1] ?? '');
  fill(context, wall, () => context.rect(0, 0, PAPER.width, PAPER.height));
  const glow = context.createRadialGradient(220, 160, 20, 220, 160, 520);
  glow.addColorStop(0, colours.light);
  glow.addColorStop(1, 'transparent');
  fill(context, glow, () => context.rect(0, 0, PAPER.width, PAPER.height));
  fill(context, 'rgb(40 30 24 / 30%)', () => context.roundRect(930, 90, 250, 330, 6));
  fill(context, 'rgb(255 255 255 / 22%)', () => context.roundRect(946, 106, 218, 298, 3));

  context.save();
  context.translate(640 + sway, 0);
  fill(context, colours.shirt, () => context.roundRect(-290, 560, 580, 400, [190, 190, 0, 0]));
  fill(context, colours.shade, () => context.roundRect(-62, 440, 124, 170, 60));
  context.translate(sway * 0.4, nod);
  fill(context, colours.hair, () => context.ellipse(0, 300, 172, 210, 0, 0, Math.PI * 2));
  fill(context, colours.skin, () => context.ellipse(0, 345, 138, 178, 0, 0, Math.PI * 2));
  fill(context, colours.hair, () => context.ellipse(-24, 196, 150, 72, -0.12, 0, Math.PI * 2));
  for (const side of [-1, 1]) {
    fill(context, '#fffdf8', () => context.ellipse(side * 54, 330, 24, blink(t) * 14, 0, 0, Math.PI * 2));
    fill(context, '#2b2320', () => context.ellipse(side * 54 + sway * 0.2, 330, 11, blink(t) * 12, 0, 0, Math.PI * 2));
    fill(context, colours.hair, () => context.roundRect(side * 54 - 32, 288, 64, 9, 5));
  }
  fill(context, colours.shade, () => context.ellipse(0, 388, 15, 22, 0, 0, Math.PI * 2));
  fill(context, '#8a3f3a', () => context.ellipse(0, 446, 46, 8 + talk, 0, 0, Math.PI * 2));
  context.restore();
  context.restore();
}

/** How far the eyes are open. */
function blink(t: number): number {
  return t % 3.7 < 0.12 ? 0.15 : 1;
}

function fill(context: Context, style: string | CanvasGradient, path: () => void): void {
  context.fillStyle = style;
  context.beginPath();
  path();
  context.fill();
}
