// Trains in slices of time, on whatever it was asked for last; no DOM.

import { Training } from "./math.js";

/**
 * @typedef {object} Order What the page asks for; what is missing stays as it is.
 * @property {number} [id] Of the training.
 * @property {import("../types").Settings | null} [settings] Of a new training; null for none.
 * @property {boolean} [paused]
 */

export class Engine {
  /**
   * @param {(id: number, news: import("./math.js").News) => void} tell What a slice brought.
   * @param {number} slice ms
   * @param {(work: () => void) => void} later Calls `work` after what else there is to do.
   */
  constructor(tell, slice, later) {
    this.tell = tell;
    this.slice = slice;
    this.later = later;
    this.training = null;
    this.paused = false;
    this.waiting = false;
  }

  /** @param {Order} order */
  hear({ id, settings, paused }) {
    if (settings !== undefined) {
      this.id = id;
      this.training = settings && new Training(settings);
    }
    if (paused !== undefined) this.paused = paused;
    this.wait();
  }

  wait() {
    if (this.waiting || this.paused || !this.training) return;
    this.waiting = true;
    this.later(() => this.work());
  }

  work() {
    this.waiting = false;
    if (this.paused || !this.training) return;
    const news = this.training.advance(performance.now() + this.slice, () => performance.now());
    if (news.phase !== "training") this.training = null;
    this.tell(this.id, news);
    this.wait();
  }
}
