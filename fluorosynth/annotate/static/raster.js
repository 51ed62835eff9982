// The pixels that a curve will label: those whose centre lies within half a width of it. The same
// rule, in the same doubles, as the library's geometry/raster.py; see there.

export function cover(points, width, size, put) {
  const [height, across] = size;
  for (let i = 0; i < points.length - 1; i++) {
    const [ax, ay] = points[i], dx = points[i + 1][0] - ax, dy = points[i + 1][1] - ay;
    const r = Math.max(width[i], 1) / 2, dr = Math.max(width[i + 1], 1) / 2 - r;
    const reach = Math.max(r, r + dr), square = Math.max(dx * dx + dy * dy, 1e-12);
    const top = Math.max(Math.ceil(Math.min(ay, ay + dy) - reach), 0);
    const bottom = Math.min(Math.floor(Math.max(ay, ay + dy) + reach), height - 1);
    const left = Math.max(Math.ceil(Math.min(ax, ax + dx) - reach), 0);
    const right = Math.min(Math.floor(Math.max(ax, ax + dx) + reach), across - 1);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const u = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / square, 0), 1);
        const ex = x - ax - u * dx, ey = y - ay - u * dy, radius = r + u * dr;
        if (ex * ex + ey * ey <= radius * radius) put(y * across + x);
      }
    }
  }
}
