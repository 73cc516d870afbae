// Tells the app where somebody went: one message at a time, always ending on the last place.

import { whenIdle } from "./idle.js";

const PATIENCE = 6000; // ms; an answer that never comes must not silence the gallery

export class Sender {
  constructor(send, giveUp) {
    this.send = send;
    this.giveUp = giveUp;
    this.pending = null; // sent, not yet answered
    this.wanted = null; // where to go next
    this.resting = null; // while the script that answered still runs: how to stop waiting for it
  }

  get busy() {
    return this.pending !== null;
  }

  go(picture) {
    this.wanted = picture;
    if (!this.busy && !this.resting) this.flush();
  }

  flush() {
    clearTimeout(this.timer);
    this.resting = null;
    this.pending = this.wanted;
    this.wanted = null;
    if (this.pending === null) return;
    this.timer = setTimeout(() => {
      if (this.wanted === null) this.giveUp();
      this.flush();
    }, PATIENCE);
    this.send(this.pending);
  }

  /** The app shows this picture now. Returns whether to follow it. */
  answer(picture) {
    if (!this.busy) return this.wanted === null;
    // Some other rerun, from before the message arrived: wait on.
    if (!same(picture, this.pending)) return false;
    clearTimeout(this.timer);
    this.pending = null;
    if (this.wanted !== null && same(this.wanted, picture)) this.wanted = null;
    const last = this.wanted === null;
    // Until the script rests, wishes are kept: only the newest of them is sent.
    this.resting = whenIdle(() => this.flush());
    return last;
  }

  stop() {
    clearTimeout(this.timer);
    this.resting?.();
    this.pending = this.wanted = this.resting = null;
  }
}

export const same = (a, b) => a.split === b.split && a.number === b.number;
