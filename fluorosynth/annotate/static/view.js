// The canvas: where the frame lies on it, and all that is drawn over it.

import { cover } from "./raster.js";
import { widths } from "./spline.js";

export const COLOURS = {
  drawn: "#ffc800", tracked: "#35c46a", unsure: "#d98a00", suggested: "#4c8bf5",
  empty: "#9aa0a6", lost: "#e5484d", ignore: "#3c78ff",
};

export const SURE = 0.5;

export const sureness = (instrument) => {
  const c = instrument.confidence ?? 1;
  return Array.isArray(c) ? c.reduce((a, b) => a + b, 0) / c.length : c;
};

export const colourOf = (instrument) =>
  instrument.origin === "tracked" && sureness(instrument) < SURE ? COLOURS.unsure : COLOURS[instrument.origin ?? "drawn"];

const rgba = (hex, alpha) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).concat(alpha);

export class View {
  constructor(canvas, width, height) {
    Object.assign(this, { canvas, width, height, scale: 1, x: 0, y: 0, fitted: true });
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.ratio = ratio;
    if (this.fitted) this.fit();
    this.onresize?.();
  }

  fit() {
    this.scale = Math.min(this.canvas.width / this.width, this.canvas.height / this.height) || 1;
    this.x = (this.canvas.width - this.scale * this.width) / 2;
    this.y = (this.canvas.height - this.scale * this.height) / 2;
    this.fitted = true;
  }

  // Pixels of the frame, whose (0, 0) is the centre of the first, from a place on the page.
  toFrame(event) {
    const box = this.canvas.getBoundingClientRect(), ratio = this.ratio ?? 1;
    return [
      ((event.clientX - box.left) * ratio - this.x) / this.scale - 0.5,
      ((event.clientY - box.top) * ratio - this.y) / this.scale - 0.5,
    ];
  }

  zoom(factor, at) {
    const [px, py] = [this.x + (at[0] + 0.5) * this.scale, this.y + (at[1] + 0.5) * this.scale];
    this.scale = Math.min(Math.max(this.scale * factor, 0.05), 60);
    this.x = px - (at[0] + 0.5) * this.scale;
    this.y = py - (at[1] + 0.5) * this.scale;
    this.fitted = false;
  }

  pan(dx, dy) {
    this.x += dx * (this.ratio ?? 1);
    this.y += dy * (this.ratio ?? 1);
    this.fitted = false;
  }

  draw(picture, frame, { selected, handle, hidden, cursor, stroke }) {
    const c = this.context;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = "#000";
    c.fillRect(0, 0, this.canvas.width, this.canvas.height);
    c.imageSmoothingEnabled = this.scale < 3;
    c.setTransform(this.scale, 0, 0, this.scale, this.x, this.y);
    if (picture) c.drawImage(picture, 0, 0);
    if (!hidden) {
      c.imageSmoothingEnabled = false;
      const [painted, left, top] = this.labels(frame, stroke);
      if (painted) c.drawImage(painted, left, top);
      c.translate(0.5, 0.5);
      for (const one of frame.instruments ?? []) this.curve(one, one.id === selected, handle);
    } else c.translate(0.5, 0.5);
    if (cursor) this.cross(cursor);
  }

  // The labels as they will be: by pixels, not by strokes of a pen. Painted anew when a frame's
  // labels are others, and no larger than they are: a frame may have millions of pixels.
  labels(frame, stroke) {
    if (!stroke && this.painted?.frame === frame) return this.painted.found;
    const strokes = [];
    for (const one of frame.instruments ?? [])
      if (one.points.length > 1) strokes.push([one.points, widths(one), rgba(colourOf(one), 90)]);
    for (const { points, width } of [...(frame.ignore ?? []), ...(stroke ? [stroke] : [])])
      if (width) strokes.push([points.length > 1 ? points : [points[0], points[0]], points.map(() => width).concat(width), rgba(COLOURS.ignore, 110)]);
    const found = this.paint(strokes);
    this.painted = stroke ? null : { frame, found };
    return found;
  }

  paint(strokes) {
    let [left, top, right, bottom] = [this.width, this.height, 0, 0];
    for (const [points, width] of strokes) {
      const reach = Math.max(...width, 1) / 2 + 1;
      for (const [x, y] of points) {
        [left, right] = [Math.min(left, x - reach), Math.max(right, x + reach)];
        [top, bottom] = [Math.min(top, y - reach), Math.max(bottom, y + reach)];
      }
    }
    [left, top] = [left, top].map((v) => Math.max(Math.floor(v), 0));
    const across = Math.min(Math.ceil(right) + 1, this.width) - left, tall = Math.min(Math.ceil(bottom) + 1, this.height) - top;
    if (across < 1 || tall < 1) return [null, 0, 0];
    const canvas = new OffscreenCanvas(across, tall), context = canvas.getContext("2d");
    const image = context.createImageData(across, tall), size = [this.height, this.width];
    for (const [points, width, colour] of strokes)
      cover(points, width, size, (at) => {
        const x = at % this.width;
        image.data.set(colour, 4 * (((at - x) / this.width - top) * across + x - left));
      });
    context.putImageData(image, 0, 0);
    return [canvas, left, top];
  }

  curve(one, selected, handle) {
    const c = this.context, colour = colourOf(one);
    c.lineWidth = (selected ? 2 : 1.2) / this.scale;
    c.strokeStyle = colour;
    c.beginPath();
    one.points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.stroke();
    const [x, y] = one.points[one.points.length - 1], r = 5 / this.scale;
    c.fillStyle = one.origin === "tracked" && (one.confidence?.at?.(-1) ?? 1) < SURE ? COLOURS.unsure : colour;
    if (one.tip_in_view ?? true) {
      c.beginPath();
      c.arc(x, y, r, 0, 7);
      c.fill();
    } else c.strokeRect(x - r, y - r, 2 * r, 2 * r);
    if (!selected) return;
    for (const [i, [hx, hy]] of (one.handles ?? []).entries()) {
      c.fillStyle = i === handle ? "#fff" : "#222";
      c.fillRect(hx - r, hy - r, 2 * r, 2 * r);
      c.strokeRect(hx - r, hy - r, 2 * r, 2 * r);
    }
  }

  cross([x, y]) {
    const c = this.context, r = 12 / this.scale;
    c.lineWidth = 1.5 / this.scale;
    c.strokeStyle = "#4c8bf5";
    c.beginPath();
    for (const [dx, dy] of [[r, 0], [-r, 0], [0, r], [0, -r]]) {
      c.moveTo(x + 0.25 * dx, y + 0.25 * dy);
      c.lineTo(x + dx, y + dy);
    }
    c.stroke();
  }
}

// The strip over time: what each frame's labels are.
export function drawStrip(canvas, store, at) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  const c = canvas.getContext("2d"), each = canvas.width / store.count;
  c.fillStyle = "#22262c";
  c.fillRect(0, 0, canvas.width, canvas.height);
  for (const frame of store.frames.values()) {
    const states = (frame.instruments ?? []).map(colourOf);
    if (frame.empty) states.push(COLOURS.empty);
    for (const _ of frame.lost ?? []) states.push(COLOURS.lost);
    states.forEach((colour, k) => {
      c.fillStyle = colour;
      const tall = canvas.height / states.length;
      c.fillRect(Math.floor(frame.index * each), k * tall, Math.max(Math.ceil(each), 1), tall);
    });
  }
  c.strokeStyle = "#fff";
  c.lineWidth = 2 * ratio;
  c.strokeRect(at * each, 1, Math.max(each, 2), canvas.height - 2);
}
