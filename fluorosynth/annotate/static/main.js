// The page: commands, keys, pointer, and what is shown.

import { get, send } from "./api.js";
import * as edit from "./editor.js";
import { Pictures, shaded } from "./pictures.js";
import { widths } from "./spline.js";
import { Store } from "./store.js";
import { SURE, View, colourOf, drawStrip, sureness } from "./view.js";

const $ = (id) => document.getElementById(id);
const state = await get("api/state");
const store = new Store(state, () => refresh(), (text) => say(text));
const view = new View($("view"), store.width, store.height);
const pictures = new Pictures(store.count, store.source.frame_size);
const ui = {
  at: 0, selected: null, handle: null, drawing: false, brush: false, hidden: false, playing: 0,
  cursor: null, keyboard: false, stroke: null, drag: null, draft: null, suggested: false,
  look: { level: 128, window: 256, invert: false }, latest: null,
};
let grey = null, picture = null, shown = null, speed = 15;

const frame = () => ui.draft ?? store.frame(ui.at);
const selected = () => edit.find(frame(), ui.selected);
const put = (next) => { if (next) store.put(next); };

// ---- what is shown --------------------------------------------------------------------------

function say(text, kind = "") {
  $("toast").textContent = text;
  $("toast").className = kind;
  $("toast").hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => ($("toast").hidden = true), kind ? 4000 : 9000);
}

let drawing = 0;
function draw() {
  if (drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    view.draw(picture, frame(), { ...ui, cursor: ui.keyboard ? ui.cursor : null });
    $("view").dataset.frame = shown; // for who measures
  });
}

function refresh() {
  const one = selected(), now = frame(), found = now.instruments ?? [];
  if (ui.selected && !one) [ui.selected, ui.handle, ui.drawing] = [null, null, false];
  $("frame-text").textContent = `frame ${ui.at + 1} of ${store.count}`;
  $("saved").textContent = store.unsent ? "saving..." : `saved in ${state.file}`;
  $("slider").value = ui.at;
  $("instruments").replaceChildren(...found.map((i) => row(i)), ...(now.lost ?? []).map((id) => lostRow(id)));
  if (now.empty) $("instruments").append(Object.assign(document.createElement("li"), { textContent: "no instrument here", className: "empty" }));
  $("selected").hidden = !one;
  if (one) {
    if (document.activeElement !== $("label")) $("label").value = one.label ?? "catheter";
    const all = widths(one);
    $("width").textContent = (all.reduce((a, b) => a + b, 0) / all.length).toFixed(2);
    $("tip").checked = one.tip_in_view ?? true;
  }
  const job = store.job ?? {};
  $("progress").hidden = $("stop").hidden = !job.running;
  if (job.running) $("progress").value = job.done / Math.max(job.total, 1);
  if (job.error && job.error !== refresh.error) say(job.error);
  refresh.error = job.error;
  mark("brush", ui.brush);
  mark("empty", now.empty);
  mark("invert", ui.look.invert);
  mark("hide", ui.hidden);
  mark("play", ui.playing);
  enable("undo", store.undoable);
  enable("redo", store.redoable);
  enable("suggest", state.suggests);
  enable("finish", ui.drawing);
  const open = found.some((i) => i.origin === "suggested");
  for (const name of ["accept", "drop"]) enable(name, open);
  for (const name of ["trackOn", "trackBack", "trackKey"]) enable(name, found.length && !job.running);
  drawStrip($("strip"), store, ui.at);
  nextSteps();
  draw();
}

const button = (name) => document.querySelector(`[data-do=${name}]`);
const mark = (name, on) => button(name).classList.toggle("on", Boolean(on));
const enable = (name, on) => (button(name).disabled = !on);

function row(one) {
  const item = document.createElement("li"), note = document.createElement("small");
  item.style.setProperty("--c", colourOf(one));
  item.className = one.id === ui.selected ? "on" : "";
  item.append(one.id);
  note.textContent = one.origin === "tracked" ? `tracked ${Math.round(100 * sureness(one))} %` : one.origin;
  item.append(note);
  item.onclick = () => choose(one.id);
  return item;
}

function lostRow(id) {
  const item = document.createElement("li"), note = document.createElement("small");
  item.className = "lost";
  note.textContent = "lost";
  item.append(id, note);
  return item;
}

function nextSteps() {
  const labelled = [...store.frames.values()].filter((f) => (f.empty || f.instruments?.length) && !f.lost?.length);
  const title = document.createElement("h2"), text = document.createElement("div");
  title.textContent = `${labelled.length} of ${store.count} frames labelled`;
  if (labelled.length) {
    text.append("When you are done, type");
    for (const line of [`fluorosynth finetune ${state.file} --from default --out runs/mine`, `fluorosynth generate --n 9000 --devices ${state.file} --out data/mine`]) {
      const code = document.createElement("div");
      code.append(Object.assign(document.createElement("code"), { textContent: line }));
      text.append(code);
    }
  }
  $("next").replaceChildren(title, text);
}

// ---- frames ---------------------------------------------------------------------------------

async function go(index) {
  const to = Math.min(Math.max(index, 0), store.count - 1), step = Math.sign(to - ui.at);
  if (ui.drawing) finish();
  [ui.at, ui.draft, ui.handle] = [to, null, null];
  refresh();
  try {
    const found = await pictures.grey(to);
    if (ui.at !== to) return;
    [grey, shown] = [found, to];
    shade();
    pictures.ahead(to, step);
  } catch (error) {
    say(error.message);
  }
}

function shade() {
  if (grey) picture = shaded(grey, store.width, store.height, ui.look);
  draw();
}

function look(change) {
  Object.assign(ui.look, change);
  $("level").value = ui.look.level;
  $("window").value = ui.look.window;
  shade();
  refresh();
}

function play() {
  ui.playing = ui.playing ? (clearInterval(ui.playing), 0) : setInterval(() => go((ui.at + 1) % store.count), 1000 / speed);
  refresh();
}

// ---- instruments ----------------------------------------------------------------------------

function choose(id) {
  if (ui.drawing && id !== ui.selected) finish();
  [ui.selected, ui.handle] = [id, null];
  if (id) ui.latest = id;
  refresh();
}

function begin() {
  if (ui.drawing) finish();
  [ui.selected, ui.handle, ui.drawing, ui.brush] = [null, null, true, false];
  say("Click along the instrument, from where it enters to its tip; Enter ends.", "said");
  refresh();
}

function place(point) {
  const at = [clampTo(point[0], store.width), clampTo(point[1], store.height)];
  if (!ui.selected) {
    const label = "catheter", here = new Set((frame().instruments ?? []).map((one) => one.id));
    const last = ui.latest && !here.has(ui.latest) ? ui.latest : null, lost = frame().lost ?? [];
    const again = (lost.includes(last) ? last : lost[0] ?? last) ?? edit.freshId(store.frames, label);
    const like = [...store.frames.values()].flatMap((f) => f.instruments ?? []).find((one) => one.id === again);
    const width = like ? widths(like)[0] : (edit.WIDTH * Math.max(store.width, store.height)) / 512;
    ui.draft = edit.begun(frame(), again, like?.label ?? label, at, width);
    ui.selected = ui.latest = again;
  } else if ((selected().handles ?? []).length < 2) {
    ui.draft = edit.added({ ...frame() }, ui.selected, at);
  } else ui.draft = edit.added(frame(), ui.selected, at);
  ui.handle = selected().handles.length - 1;
  if (selected().handles.length > 1) keep();
  refresh();
}

const clampTo = (v, side) => Math.min(Math.max(v, -0.5 - side * 0.05), side * 1.05 - 0.5);

// A draft becomes a change: saved, and one step to undo.
function keep() {
  if (ui.draft) put(ui.draft);
  ui.draft = null;
}

function finish() {
  const one = selected();
  if (ui.draft && one && one.handles?.length < 2) ui.draft = null;
  keep();
  ui.drawing = false;
  refresh();
}

async function ask(path, body) {
  try {
    return await send(path, body);
  } catch (error) {
    say(error.message);
    return null;
  }
}

async function suggest() {
  say("Looking...", "said");
  const at = ui.at, found = await ask("api/suggest", { frame: at });
  if (!found) return;
  const now = store.frame(at), own = (now.instruments ?? []).filter((one) => one.origin !== "suggested");
  if (!found.instruments.length) return say("The model sees no instrument here.", "said");
  put({ ...now, empty: false, instruments: [...own, ...found.instruments] });
  $("toast").hidden = true;
  if (ui.at === at) choose(found.instruments[0].id);
}

// What is worked on is no suggestion any more.
function own() {
  finish();
  const one = selected();
  if (one?.origin !== "suggested") return;
  accept();
  ui.selected = ui.latest;
}

// A suggestion that is accepted takes the name of a known instrument that is not in the frame yet.
function accept() {
  const now = frame(), one = selected()?.origin === "suggested" ? selected() : (now.instruments ?? []).find((i) => i.origin === "suggested");
  if (!one) return;
  const here = new Set(now.instruments.filter((i) => i !== one).map((i) => i.id));
  const known = [...store.frames.values()].flatMap((f) => f.instruments ?? []).filter((i) => i.origin !== "suggested" && i.label === one.label && !here.has(i.id)).map((i) => i.id);
  const id = known.sort()[0] ?? edit.freshId(store.frames, one.label);
  const rest = edit.removed(now, one.id);
  ui.latest = id;
  put({ ...rest, empty: false, instruments: [...rest.instruments, { ...one, id, origin: "drawn" }] });
  choose((store.frame(ui.at).instruments ?? []).find((i) => i.origin === "suggested")?.id ?? id);
}

function drop() {
  const one = selected()?.origin === "suggested" ? selected() : (frame().instruments ?? []).find((i) => i.origin === "suggested");
  if (one) put(edit.removed(frame(), one.id));
  choose((store.frame(ui.at).instruments ?? []).find((i) => i.origin === "suggested")?.id ?? null);
}

async function snap() {
  own();
  const one = selected(), at = ui.at;
  if (!one) return;
  const found = await ask("api/snap", { frame: at, points: one.points });
  if (!found || ui.at !== at || !edit.find(store.frame(at), one.id)) return;
  const next = { points: found.points, width: median(found.width), origin: "drawn", handles: undefined, confidence: undefined };
  put(JSON.parse(JSON.stringify(edit.changed(store.frame(at), one.id, next))));
}

async function measure() {
  own();
  const one = selected(), at = ui.at;
  if (!one) return;
  const found = await ask("api/width", { frame: at, points: one.points });
  if (found && edit.find(store.frame(at), one.id)) put(edit.changed(store.frame(at), one.id, { width: median(found.width), origin: "drawn" }));
}

const median = (values) => Math.round(20 * [...values].sort((a, b) => a - b)[values.length >> 1]) / 20;

function empty() {
  const now = frame();
  if (now.empty) return put({ ...now, empty: undefined });
  if (now.instruments?.length) return say("There are instruments in this frame: delete them first.");
  put({ index: ui.at, empty: true, ...(now.ignore ? { ignore: now.ignore } : {}) });
}

function remove() {
  if (!ui.selected) return;
  if (ui.handle !== null && selected()) put(edit.without(frame(), ui.selected, ui.handle));
  else put(edit.removed(frame(), ui.selected));
  [ui.draft, ui.handle, ui.drawing] = [null, null, false];
  refresh();
}

function track(step) {
  own();
  const here = (frame().instruments ?? []).filter((one) => one.origin !== "suggested");
  const ids = ui.selected ? [ui.selected] : here.map((one) => one.id);
  if (!ids.length) return say("Accept a suggestion first, or draw.");
  const keys = (f) => (f.instruments ?? []).some((one) => ids.includes(one.id) && one.origin === "drawn");
  for (const id of ids) { // what is tracked from here is what one sees here
    const one = edit.find(store.frame(ui.at), id);
    if (one && one.origin !== "drawn") put(edit.changed(store.frame(ui.at), id, { origin: "drawn" }));
  }
  const later = [...store.frames.values()].filter((f) => f.index > ui.at && keys(f)).map((f) => f.index);
  const to = step === "key" ? Math.min(...later) : store.count - 1;
  if (!Number.isFinite(to)) return say("There is no later frame in which it was drawn.");
  store.track(ids, step === "back" ? 0 : ui.at, step === "back" ? ui.at : to);
}

function nextOf(test, step) {
  for (let k = 1; k <= store.count; k++) {
    const index = (ui.at + step * k + store.count * 2) % store.count;
    if (test(store.frame(index))) return go(index);
  }
  say("There is none.", "said");
}

const doubtful = (f) => Boolean(f.lost?.length) || (f.instruments ?? []).some((one) => one.origin === "tracked" && sureness(one) < SURE);

// ---- commands -------------------------------------------------------------------------------

const nudge = (dx, dy) => {
  if (ui.handle !== null && selected() && !ui.drawing) {
    const [x, y] = (selected().handles ?? [])[ui.handle] ?? [0, 0];
    return put(edit.moved(frame(), ui.selected, ui.handle, [x + dx, y + dy]));
  }
  ui.keyboard = true;
  const [x, y] = ui.cursor ?? [store.width / 2, store.height / 2];
  ui.cursor = [clampTo(x + dx, store.width), clampTo(y + dy, store.height)];
  cursorText();
  draw();
};

const COMMANDS = {
  left: ["ArrowLeft", "frame before", () => go(ui.at - 1)],
  right: ["ArrowRight", "next frame", () => go(ui.at + 1)],
  left10: ["Shift+ArrowLeft", "ten frames back", () => go(ui.at - 10)],
  right10: ["Shift+ArrowRight", "ten frames on", () => go(ui.at + 10)],
  first: ["Home", "first frame", () => go(0)],
  last: ["End", "last frame", () => go(store.count - 1)],
  play: [" ", "play, stop", play],
  doubt: ["d", "next frame that is unsure or lost", () => nextOf(doubtful, 1)],
  new: ["n", "new instrument: click from entry to tip", begin],
  finish: ["Enter", "end of the curve", finish],
  cancel: ["Escape", "stop drawing or tracking; select nothing", () => { if (store.job?.running) return store.stop(); finish(); ui.brush = false; choose(null); }],
  point: ["p", "put a point at the cross", () => ui.cursor && place(ui.cursor)],
  up1: ["i", "cross, or point, up", () => nudge(0, -1)],
  down1: ["l", "cross, or point, down", () => nudge(0, 1)],
  left1: ["j", "cross, or point, left", () => nudge(-1, 0)],
  right1: [";", "cross, or point, right", () => nudge(1, 0)],
  up10: ["Shift+i", "ten px up", () => nudge(0, -10)],
  down10: ["Shift+l", "ten px down", () => nudge(0, 10)],
  left10px: ["Shift+j", "ten px left", () => nudge(-10, 0)],
  right10px: ["Shift+:", "ten px right", () => nudge(10, 0)],
  select: ["Tab", "next instrument", () => { const ids = (frame().instruments ?? []).map((one) => one.id); choose(ids[(ids.indexOf(ui.selected) + 1) % Math.max(ids.length, 1)] ?? null); }],
  nextPoint: [".", "next point of the curve", () => turnPoint(1)],
  lastPoint: [",", "point before", () => turnPoint(-1)],
  delete: ["Delete", "delete the point, or the instrument", remove],
  delete2: ["Backspace", "as Delete", remove],
  narrower: ["[", "narrower", () => ui.selected && put(edit.scaled(frame(), ui.selected, 1 / 1.05))],
  wider: ["]", "wider", () => ui.selected && put(edit.scaled(frame(), ui.selected, 1.05))],
  measure: ["m", "measure the width", measure],
  class: ["c", "class", () => ui.selected && $("label").focus()],
  ending: ["e", "tip in view, or not", () => ui.selected && put(edit.changed(frame(), ui.selected, { tip_in_view: !(selected().tip_in_view ?? true) }))],
  reverse: ["r", "swap entry and tip", () => ui.selected && put(edit.reversed(frame(), ui.selected))],
  snap: ["s", "snap to the instrument", snap],
  suggest: ["u", "suggest", () => state.suggests && suggest()],
  accept: ["a", "accept the suggestion", accept],
  drop: ["x", "drop the suggestion", drop],
  trackOn: ["t", "track forward", () => track("on")],
  trackBack: ["Shift+t", "track back", () => track("back")],
  trackKey: ["k", "track to the next drawn frame", () => track("key")],
  empty: ["0", "no instrument in this frame", empty],
  brush: ["b", "ignore brush", () => { finish(); ui.brush = !ui.brush; refresh(); }],
  clear: ["Shift+b", "take the frame's ignored regions away", () => put({ ...frame(), ignore: undefined })],
  undo: ["Control+z", "undo", () => { ui.draft = null; ui.drawing = false; store.undo(); }],
  redo: ["Control+y", "redo", () => store.redo()],
  redo2: ["Control+Shift+z", "redo", () => store.redo()],
  zoomIn: ["+", "zoom in", () => { view.zoom(1.25, centre()); draw(); }],
  zoomIn2: ["=", "zoom in", () => { view.zoom(1.25, centre()); draw(); }],
  zoomOut: ["-", "zoom out", () => { view.zoom(0.8, centre()); draw(); }],
  fit: ["f", "fit the frame", () => { view.fit(); draw(); }],
  panUp: ["ArrowUp", "pan up", () => { view.pan(0, 60); draw(); }],
  panDown: ["ArrowDown", "pan down", () => { view.pan(0, -60); draw(); }],
  panLeft: ["Alt+ArrowLeft", "pan left", () => { view.pan(60, 0); draw(); }],
  panRight: ["Alt+ArrowRight", "pan right", () => { view.pan(-60, 0); draw(); }],
  invert: ["v", "invert the picture", () => look({ invert: !ui.look.invert })],
  darker: ["1", "level up: darker", () => look({ level: Math.min(ui.look.level + 8, 255) })],
  brighter: ["2", "level down: brighter", () => look({ level: Math.max(ui.look.level - 8, 0) })],
  flatter: ["3", "wider window: flatter", () => look({ window: Math.min(ui.look.window * 1.15, 510) })],
  steeper: ["4", "narrower window: steeper", () => look({ window: Math.max(ui.look.window / 1.15, 2) })],
  hide: ["h", "hide the labels", () => { ui.hidden = !ui.hidden; refresh(); }],
  help: ["?", "these keys", () => $("help").showModal()],
  stop: ["", "", () => store.stop()],
};
const KEYS = new Map(Object.values(COMMANDS).map(([key, , act]) => [key, act]));
const centre = () => ui.cursor ?? [store.width / 2, store.height / 2];

function turnPoint(step) {
  const one = selected();
  if (!one) return;
  if (!one.handles) put(edit.shaped(frame(), one, edit.touched(one)));
  const count = selected().handles.length;
  ui.handle = ui.handle === null ? (step > 0 ? 0 : count - 1) : (ui.handle + step + count) % count;
  refresh();
}

function named(event) {
  const shifted = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key) || event.key === ":");
  const parts = [(event.ctrlKey || event.metaKey) && "Control", event.altKey && "Alt", shifted && "Shift"];
  return [...parts.filter(Boolean), event.key.length === 1 ? event.key.toLowerCase() : event.key].join("+");
}

document.addEventListener("keydown", (event) => {
  if ($("help").open || event.target.matches("input:not([type=range]):not([type=checkbox])")) return;
  if (event.target.matches("button") && ["Enter", " "].includes(event.key)) return;
  const act = KEYS.get(named(event));
  if (!act) return;
  event.preventDefault();
  act();
});
for (const element of document.querySelectorAll("[data-do]"))
  element.addEventListener("click", () => { COMMANDS[element.dataset.do][2](); if (element.dataset.do !== "help") $("view").focus(); });
for (const [key, what] of Object.values(COMMANDS).filter(([k]) => k)) {
  const dt = document.createElement("dt"), dd = document.createElement("dd");
  dt.textContent = key === " " ? "Space" : key.replace("Control", "Ctrl");
  dd.textContent = what;
  $("keys").append(dt, dd);
}

// ---- pointer --------------------------------------------------------------------------------

const reach = () => (8 * (view.ratio ?? 1)) / view.scale;
const canvas = $("view");

canvas.addEventListener("pointerdown", (event) => {
  canvas.focus();
  canvas.setPointerCapture(event.pointerId);
  const at = view.toFrame(event);
  [ui.keyboard, ui.cursor] = [false, at];
  if (event.button === 1 || event.button === 2 || event.ctrlKey) return void (ui.drag = { pan: true });
  if (ui.brush) {
    ui.stroke = { points: [at], width: Math.round((1600 * (view.ratio ?? 1)) / view.scale) / 100 };
    return draw();
  }
  if (ui.drawing) return place(at);
  const found = edit.hit(frame(), at, reach(), ui.selected);
  if (!found) {
    ui.drag = { pan: true };
    return choose(null);
  }
  choose(found[0]);
  if (found[1] === null) return;
  ui.handle = found[1];
  ui.drag = { id: found[0], handle: found[1] };
  refresh();
});

canvas.addEventListener("pointermove", (event) => {
  const at = view.toFrame(event);
  ui.cursor = at;
  cursorText();
  if (ui.stroke) {
    const [x, y] = ui.stroke.points.at(-1);
    if (Math.hypot(at[0] - x, at[1] - y) > ui.stroke.width / 8) ui.stroke.points.push(at.map((v) => Math.round(v * 100) / 100));
    draw();
  } else if (ui.drag?.pan) {
    view.pan(event.movementX, event.movementY);
    draw();
  } else if (ui.drag) {
    ui.draft = edit.moved(frame(), ui.drag.id, ui.drag.handle, at);
    draw();
  }
});

const released = () => {
  if (ui.stroke) {
    const now = frame();
    const stroke = ui.stroke;
    ui.stroke = null;
    put({ ...now, ignore: [...(now.ignore ?? []), stroke] });
  }
  if (ui.drag && !ui.drag.pan) keep();
  ui.drag = null;
};
canvas.addEventListener("pointerup", released);
canvas.addEventListener("pointercancel", released);

canvas.addEventListener("dblclick", (event) => {
  if (ui.drawing || !ui.selected) return;
  const at = view.toFrame(event), found = edit.hit(frame(), at, reach(), null);
  if (found?.[0] !== ui.selected) return;
  const [next, handle] = edit.inserted(frame(), ui.selected, at);
  put(next);
  ui.handle = handle;
  refresh();
});

canvas.addEventListener("contextmenu", (event) => event.preventDefault());

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.altKey && ui.selected) return put(edit.scaled(frame(), ui.selected, event.deltaY < 0 ? 1.05 : 1 / 1.05));
  if (event.shiftKey) return go(ui.at + Math.sign(event.deltaY || event.deltaX));
  view.zoom(Math.exp(-event.deltaY / 400), view.toFrame(event));
  draw();
}, { passive: false });

function cursorText() {
  const [x, y] = ui.cursor.map(Math.round);
  const inside = grey && x >= 0 && y >= 0 && x < store.width && y < store.height;
  $("cursor-text").textContent = inside ? `x ${x}  y ${y}  grey ${grey[y * store.width + x]}` : "";
}

// ---- the rest -------------------------------------------------------------------------------

$("slider").max = store.count - 1;
$("slider").addEventListener("input", () => go(Number($("slider").value)));
$("strip").addEventListener("pointerdown", (event) => go(Math.floor((event.offsetX / $("strip").clientWidth) * store.count)));
$("level").addEventListener("input", () => look({ level: Number($("level").value) }));
$("window").addEventListener("input", () => look({ window: Number($("window").value) }));
$("label").addEventListener("change", () => {
  const label = $("label").value.trim();
  if (ui.selected && label) put(edit.changed(frame(), ui.selected, { label }));
  canvas.focus();
});
$("tip").addEventListener("change", () => COMMANDS.ending[2]());
$("name").textContent = store.source.name;
view.onresize = refresh;
window.addEventListener("beforeunload", (event) => { if (store.unsent || ui.draft) event.preventDefault(); });

async function poll() {
  try {
    await store.poll();
    if (poll.lost) say("The server is back.", "said");
    poll.lost = false;
  } catch {
    if (!poll.lost) say("The server does not answer: what you draw now is not saved. Start it again and reload this page.");
    poll.lost = true;
  }
  setTimeout(poll, store.job?.running ? 300 : 1500);
}

view.resize();
await go(0);
canvas.focus();
document.body.dataset.ready = "yes";
poll();
