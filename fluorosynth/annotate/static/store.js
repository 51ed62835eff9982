// The labels as the page knows them. A change is shown at once, sent in order, and taken back
// where the server refuses it; what other tabs change comes in by polling.

import { get, send } from "./api.js";

export class Store {
  constructor(state, changed, failed) {
    Object.assign(this, { changed, failed, queue: Promise.resolve(), unsent: 0, pending: new Map() });
    this.source = state.labels.source;
    [this.height, this.width] = this.source.frame_size;
    this.count = this.source.frames;
    this.frames = new Map(state.labels.frames.map((frame) => [frame.index, frame]));
    this.take(state);
  }

  frame(index) {
    return this.frames.get(index) ?? { index };
  }

  take(said) {
    Object.assign(this, { revision: said.revision, undoable: said.undo, redoable: said.redo, job: said.job });
    for (const frame of said.frames ?? []) // what was changed here since is newer than the answer
      if (!this.pending.get(frame.index)) this.frames.set(frame.index, frame);
  }

  put(frame) {
    this.frames.set(frame.index, frame);
    this.changed();
    const count = (by) => this.pending.set(frame.index, (this.pending.get(frame.index) ?? 0) + by);
    count(1);
    this.enqueue(() =>
      send("api/frames", { frames: [frame], seen: this.revision }, "PUT").finally(() => count(-1)),
    );
  }

  undo() { this.enqueue(() => send("api/undo")); }
  redo() { this.enqueue(() => send("api/redo")); }
  track(ids, first, last) { this.enqueue(() => send("api/track", { ids, first, last })); }
  stop() { this.enqueue(() => send("api/stop")); }

  enqueue(request) {
    this.unsent++;
    this.queue = this.queue.then(async () => {
      try {
        this.take(await request());
      } catch (error) {
        this.failed(error.message);
        await this.reload().catch(() => {});
      }
      this.unsent--;
      this.changed();
    });
    return this.queue;
  }

  async reload() {
    const state = await get("api/state");
    this.frames = new Map(state.labels.frames.map((frame) => [frame.index, frame]));
    this.take(state);
  }

  async poll() {
    if (this.unsent) return;
    const said = await get(`api/changes?since=${this.revision}`);
    if (this.unsent) return;
    const before = JSON.stringify(this.job);
    const moved = said.revision !== this.revision;
    this.take(said);
    if (moved || before !== JSON.stringify(this.job)) this.changed();
  }
}
