// Tells the app where somebody went: one message at a time, always ending on the last place.

const PATIENCE = 6000; // ms; an answer that never comes must not silence the gallery

export class Sender {
  constructor(send) {
    this.send = send;
    this.pending = null; // sent, not yet answered
    this.wanted = null; // where to go next
  }

  get busy() {
    return this.pending !== null;
  }

  go(picture) {
    this.wanted = picture;
    if (!this.busy) this.flush();
  }

  flush() {
    clearTimeout(this.timer);
    this.pending = this.wanted;
    this.wanted = null;
    if (this.pending === null) return;
    this.timer = setTimeout(() => this.flush(), PATIENCE);
    this.send(this.pending);
  }

  /** The app shows this picture now. Returns whether to follow it. */
  answer(picture) {
    if (!this.busy) return true;
    // Some other rerun, from before the message arrived: wait on.
    if (!same(picture, this.pending)) return false;
    const more = this.wanted !== null && !same(this.wanted, picture);
    if (!more) this.wanted = null;
    this.flush();
    return !more;
  }

  stop() {
    clearTimeout(this.timer);
    this.pending = this.wanted = null;
  }
}

export const same = (a, b) => a.split === b.split && a.number === b.number;
