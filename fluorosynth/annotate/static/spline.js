// A smooth curve through points set by hand: centripetal Catmull-Rom, which makes no loops
// between them (Yuksel et al. 2011), as a polyline of steps of about 2 px.

const STEP = 2;

const knot = (a, b) => Math.max(Math.hypot(b[0] - a[0], b[1] - a[1]) ** 0.5, 1e-3);

function between(p0, p1, p2, p3, u) {
  const t1 = knot(p0, p1), t2 = t1 + knot(p1, p2), t3 = t2 + knot(p2, p3);
  const t = t1 + u * (t2 - t1);
  const mix = (a, b, from, to) => [0, 1].map((k) => ((to - t) * a[k] + (t - from) * b[k]) / (to - from));
  const a1 = mix(p0, p1, 0, t1), a2 = mix(p1, p2, t1, t2), a3 = mix(p2, p3, t2, t3);
  return mix(mix(a1, a2, 0, t2), mix(a2, a3, t1, t3), t1, t2);
}

const beyond = (a, b) => [2 * a[0] - b[0], 2 * a[1] - b[1]];

const rounded = (p) => [Math.round(p[0] * 100) / 100, Math.round(p[1] * 100) / 100];

export function through(handles) {
  const given = handles.filter((p, i) => !i || Math.hypot(p[0] - handles[i - 1][0], p[1] - handles[i - 1][1]) > 0.05);
  if (given.length < 2) return given.map(rounded);
  const n = given.length;
  const at = (i) => (i < 0 ? beyond(given[0], given[1]) : i >= n ? beyond(given[n - 1], given[n - 2]) : given[i]);
  const points = [given[0]];
  for (let i = 0; i < n - 1; i++) {
    const steps = Math.max(Math.round(Math.hypot(at(i + 1)[0] - at(i)[0], at(i + 1)[1] - at(i)[1]) / STEP), 1);
    for (let k = 1; k <= steps; k++) points.push(between(at(i - 1), at(i), at(i + 1), at(i + 2), k / steps));
  }
  return points.map(rounded);
}

// Fewer points that the curve through stays within `most` px of (Douglas and Peucker 1973).
export function handlesOf(points, most = 0.6) {
  const kept = new Set([0, points.length - 1]);
  const open = [[0, points.length - 1]];
  while (open.length) {
    const [a, b] = open.pop();
    let far = most, place = -1;
    for (let i = a + 1; i < b; i++) {
      const d = toSegment(points[i], points[a], points[b])[0];
      if (d > far) [far, place] = [d, i];
    }
    if (place > 0) {
      kept.add(place);
      open.push([a, place], [place, b]);
    }
  }
  return [...kept].sort((a, b) => a - b).map((i) => points[i]);
}

// Distance of a point to a segment, and where along it (0 to 1) the nearest place is.
export function toSegment(p, a, b) {
  const dx = b[0] - a[0], dy = b[1] - a[1];
  const u = Math.min(Math.max(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / Math.max(dx * dx + dy * dy, 1e-12), 0), 1);
  return [Math.hypot(p[0] - a[0] - u * dx, p[1] - a[1] - u * dy), u];
}

export function nearest(p, points) {
  let best = [Infinity, 0];
  for (let i = 0; i < points.length - 1; i++) {
    const [d, u] = toSegment(p, points[i], points[i + 1]);
    if (d < best[0]) best = [d, i + u];
  }
  return best;
}

export const widths = (instrument) =>
  Array.isArray(instrument.width) ? instrument.width : instrument.points.map(() => instrument.width);

export function resampled(values, count) {
  if (values.length === 1 || count === 1) return Array(count).fill(values[0]);
  return Array.from({ length: count }, (_, i) => {
    const at = (i * (values.length - 1)) / (count - 1), k = Math.min(Math.floor(at), values.length - 2);
    return values[k] + (at - k) * (values[k + 1] - values[k]);
  });
}
