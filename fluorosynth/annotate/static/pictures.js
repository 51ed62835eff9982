// Frames come one by one, are kept, and those next in line are fetched ahead.

const KEPT_BYTES = 256 * 2 ** 20, AHEAD = 4;

export class Pictures {
  constructor(count, size) {
    this.count = count;
    this.most = Math.max(Math.floor(KEPT_BYTES / (size[0] * size[1])), 6);
    this.kept = new Map();
  }

  // The grey values of a frame, as a promise.
  grey(index) {
    const found = this.kept.get(index) ?? this.load(index);
    this.kept.delete(index);
    this.kept.set(index, found);
    while (this.kept.size > this.most) this.kept.delete(this.kept.keys().next().value);
    return found;
  }

  ahead(index, step) {
    for (let k = 1; k <= AHEAD; k++) {
      const next = index + k * (step || 1);
      if (next >= 0 && next < this.count && !this.kept.has(next)) this.grey(next).catch(() => {});
    }
  }

  async load(index) {
    try {
      const response = await fetch(`frames/${index}`);
      if (!response.ok) throw new Error(`frame ${index} cannot be read`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      this.kept.delete(index);
      throw error;
    }
  }
}

export function shaded(grey, width, height, { level, window, invert }) {
  const table = new Uint8Array(256);
  for (let v = 0; v < 256; v++) {
    const t = Math.min(Math.max((v - level) / window + 0.5, 0), 1) * 255;
    table[v] = invert ? 255 - t : t;
  }
  const image = new ImageData(width, height), out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < grey.length; i++) {
    const v = table[grey[i]];
    out[i] = 0xff000000 | (v << 16) | (v << 8) | v;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
