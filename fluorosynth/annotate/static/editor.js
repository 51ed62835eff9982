// What one does to the instruments of a frame. Each method returns the next frame, or none.

import { handlesOf, nearest, resampled, through, toSegment, widths } from "./spline.js";

export const WIDTH = 5; // px of a frame of 512, until it is measured

const copy = (value) => structuredClone(value);

const instruments = (frame) => frame.instruments ?? [];

export const find = (frame, id) => instruments(frame).find((one) => one.id === id);

function replaced(frame, one) {
  const others = instruments(frame).filter((i) => i.id !== one.id);
  const { empty, ...rest } = frame; // a frame with an instrument is not empty
  const lost = (frame.lost ?? []).filter((id) => id !== one.id);
  const next = { ...rest, lost, instruments: [...others, one].sort((a, b) => (a.id < b.id ? -1 : 1)) };
  if (!lost.length) delete next.lost;
  return next;
}

export function removed(frame, id) {
  const next = { ...frame, instruments: instruments(frame).filter((one) => one.id !== id) };
  next.lost = (frame.lost ?? []).filter((name) => name !== id);
  return next;
}

// An instrument whose curve runs through handles, drawn by hand from now on.
export function shaped(frame, one, handles) {
  const points = through(handles);
  const width = Array.isArray(one.width) ? resampled(one.width, points.length) : one.width;
  const next = { ...one, handles: copy(handles), points, width, origin: "drawn" };
  delete next.confidence;
  return replaced(frame, next);
}

export const touched = (one) => one.handles ?? handlesOf(one.points);

export function begun(frame, id, label, point, width) {
  const one = { id, label, points: [point, point], width, tip_in_view: true, origin: "drawn", handles: [point] };
  return { ...frame, instruments: [...instruments(frame), one], empty: false };
}

export function added(frame, id, point) {
  const one = find(frame, id);
  return shaped(frame, one, [...touched(one), point]);
}

export function moved(frame, id, handle, point) {
  const handles = copy(touched(find(frame, id)));
  handles[handle] = point;
  return shaped(frame, find(frame, id), handles);
}

export function inserted(frame, id, point) {
  const one = find(frame, id), handles = copy(touched(one));
  let best = [Infinity, 1];
  for (let i = 0; i < handles.length - 1; i++) {
    const [d] = toSegment(point, handles[i], handles[i + 1]);
    if (d < best[0]) best = [d, i + 1];
  }
  handles.splice(best[1], 0, point);
  return [shaped(frame, one, handles), best[1]];
}

export function without(frame, id, handle) {
  const handles = copy(touched(find(frame, id)));
  handles.splice(handle, 1);
  return handles.length < 2 ? removed(frame, id) : shaped(frame, find(frame, id), handles);
}

export function reversed(frame, id) {
  const one = copy(find(frame, id));
  one.points.reverse();
  if (one.handles) one.handles.reverse();
  if (Array.isArray(one.width)) one.width.reverse();
  if (Array.isArray(one.confidence)) one.confidence.reverse();
  return replaced(frame, one);
}

export const changed = (frame, id, change) => replaced(frame, { ...find(frame, id), ...change });

export function scaled(frame, id, factor) {
  const one = find(frame, id);
  const width = widths(one).map((w) => Math.min(Math.max(Math.round(w * factor * 20) / 20, 0.5), 200));
  const same = width.every((w) => w === width[0]);
  return replaced(frame, { ...one, width: same ? width[0] : width, origin: "drawn" });
}

// Handle or curve under a place: [id, handle or null], or none.
export function hit(frame, place, reach, selected) {
  const one = selected && find(frame, selected);
  if (one) {
    const near = touched(one).map((h) => Math.hypot(h[0] - place[0], h[1] - place[1]));
    const best = near.indexOf(Math.min(...near));
    if (near[best] <= reach) return [selected, best];
  }
  let found = null, least = Infinity;
  for (const other of instruments(frame)) {
    const half = Math.max(...widths(other)) / 2, [d] = nearest(place, other.points);
    if (d <= Math.max(half, reach) && d < least) [found, least] = [other.id, d];
  }
  return found && [found, null];
}

export function freshId(frames, label) {
  const used = new Set([...frames.values()].flatMap((f) => [...instruments(f).map((one) => one.id), ...(f.lost ?? [])]));
  for (let k = 1; ; k++) if (!used.has(`${label}_${k}`)) return `${label}_${k}`;
}
