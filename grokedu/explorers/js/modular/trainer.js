// Keeps the trainings of a page: in a worker, or else a little at a time.

/** @import { Settings } from "../types" */
/** @import { News, Snapshot } from "./math.js" */
/** @import { Order } from "./engine.js" */

import { Engine } from "./engine.js";
import { ROW } from "./math.js";
import WORKER from "./worker.txt";

const SLICE = 10; // ms of training at a time, where there is no worker
const KEPT = 4;
const WHAT = ["modulus", "width", "train_fraction", "init_scale", "seed"];
const RULE = ["weight_decay", "learning_rate", "n_steps"];

/** A training as far as it is known here. */
export class Run {
  /** @param {Settings} settings */
  constructor({ modulus, width, n_steps }) {
    this.p = modulus;
    this.m = width;
    this.last = n_steps;
    this.done = -1;
    /** @type {News["phase"]} */
    this.phase = "training";
    const curve = () => new Float64Array(n_steps + 1);
    this.losses = { train: curve(), test: curve() };
    this.accuracies = { train: curve(), test: curve() };
    /** @type {Snapshot[]} */
    this.snapshots = [];
    /** @type {Snapshot | null} */
    this.front = null;
    /** @type {Uint8Array | null} */
    this.seen = null;
  }

  /** @param {News} news */
  take({ phase, rows, snapshots, front, seen }) {
    const { losses, accuracies } = this;
    const curves = [losses.train, losses.test, accuracies.train, accuracies.test];
    for (let i = 0; i < rows.length; i += ROW) {
      this.done++;
      curves.forEach((curve, k) => {
        curve[this.done] = rows[i + k];
      });
    }
    this.snapshots.push(...snapshots);
    this.phase = phase;
    this.front = front;
    this.seen ??= seen;
  }

  /** The last known network at or before a step. */
  at(step) {
    if (step >= this.front.step) return this.front;
    return this.snapshots.findLast((snapshot) => snapshot.step <= step);
  }
}

export class Trainer {
  /** @param {() => void} onNews */
  constructor(onNews) {
    this.onNews = onNews;
    /** @type {Map<string, Run>} */
    this.runs = new Map();
    this.wanted = null;
    this.id = 0;
    this.paused = false;
  }

  /**
   * The training of these settings, which begins or goes on.
   * @param {Settings} settings
   */
  runOf(settings) {
    const key = [...WHAT, ...RULE].map((name) => settings[name]).join();
    if (key !== this.wanted) this.begin(key, settings);
    return this.run;
  }

  begin(key, settings) {
    if (this.running) this.runs.delete(this.wanted); // it is given up
    this.wanted = key;
    this.paused = false;
    this.id++;
    this.run = this.runs.get(key);
    if (this.run) {
      this.ask({ settings: null });
      return;
    }
    this.run = new Run(settings);
    if (this.runs.size >= KEPT) this.runs.delete(this.runs.keys().next().value);
    this.runs.set(key, this.run);
    this.ask({ id: this.id, settings: { ...settings }, paused: false });
  }

  get running() {
    return this.run?.phase === "training";
  }

  /** Pause, or go on. */
  toggle() {
    this.paused = !this.paused;
    this.ask({ paused: this.paused });
    this.onNews();
  }

  /** Train nothing until something is wanted again. */
  rest() {
    if (this.running) this.runs.delete(this.wanted);
    if (this.run) this.ask({ settings: null });
    this.run = this.wanted = null;
  }

  hear(id, news) {
    if (id !== this.id || !this.run) return; // of a training that was given up
    this.run.take(news);
    this.onNews();
  }

  /** @param {Order} order */
  ask(order) {
    this.engine ??= this.beside() ?? this.here();
    this.engine.hear(order);
  }

  /** A worker, or null where the page may not have one. */
  beside() {
    try {
      const address = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
      const worker = new Worker(address);
      const stop = () => {
        worker.terminate();
        URL.revokeObjectURL(address);
      };
      worker.onmessage = ({ data: { id, news } }) => this.hear(id, news);
      worker.onerror = () => {
        stop();
        this.engine = this.here();
        this.runs.delete(this.wanted);
        this.wanted = null; // it begins again
        this.onNews();
      };
      return { hear: (order) => worker.postMessage(order), stop };
    } catch {
      return null;
    }
  }

  here() {
    let timer = null;
    const later = (work) => {
      timer = setTimeout(work);
    };
    const engine = new Engine((id, news) => this.hear(id, news), SLICE, later);
    return { hear: (order) => engine.hear(order), stop: () => clearTimeout(timer) };
  }

  close() {
    this.engine?.stop();
  }
}
