// Draws problems without keeping the page waiting: in a worker, or else a little at a time.

/** @import { DigitImages, DigitProblem, Settings } from "../types" */

import { draw } from "./draw.js";
import WORKER from "./worker.txt";

const SLICE = 8; // ms of drawing at a time, where there is no worker
const KEPT = 4;

export class Drawing {
  /** @param {() => void} onNews */
  constructor(onNews) {
    this.onNews = onNews;
    /** @type {Map<string, DigitProblem>} */
    this.drawn = new Map();
    this.wanted = null;
    this.share = 1; // of the present drawing that is done
    this.cancel = () => {};
  }

  /**
   * The problem of these settings, or null as long as it is being drawn.
   * @param {DigitImages} images
   * @param {Settings} settings
   */
  problemOf(images, { n_features, seed }) {
    const key = `${n_features},${seed}`;
    if (this.wanted !== key) {
      this.wanted = key;
      this.cancel();
      this.share = 1;
      if (!this.drawn.has(key)) this.begin(key, images, { n_features, seed });
    }
    return this.drawn.get(key) ?? null;
  }

  begin(key, images, settings) {
    this.share = 0;
    const onPiece = ({ share, problem }) => {
      this.share = problem ? 1 : share;
      if (problem) {
        if (this.drawn.size >= KEPT) this.drawn.delete(this.drawn.keys().next().value);
        this.drawn.set(key, problem);
      }
      this.onNews();
    };
    const here = () => {
      this.cancel = drawHere(images, settings, onPiece);
    };
    try {
      this.cancel = drawBeside(images, settings, onPiece, here);
    } catch {
      here();
    }
  }

  close() {
    this.cancel();
  }
}

/** Draw in a worker; `onRefusal` where the page may not have one. Returns what stops it. */
function drawBeside(images, settings, onPiece, onRefusal) {
  const address = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const worker = new Worker(address);
  const stop = () => {
    worker.terminate();
    URL.revokeObjectURL(address);
  };
  worker.onmessage = ({ data }) => {
    if (data.problem) stop();
    onPiece(data);
  };
  worker.onerror = () => {
    stop();
    onRefusal();
  };
  worker.postMessage({ images, settings });
  return stop;
}

/** Draw in slices of time. Returns what stops it. */
function drawHere(images, settings, onPiece) {
  const pieces = draw(images, settings);
  const advance = () => {
    const until = performance.now() + SLICE;
    let piece = pieces.next();
    while (!piece.done && performance.now() < until) piece = pieces.next();
    if (piece.done) onPiece({ problem: piece.value });
    else {
      timer = setTimeout(advance);
      onPiece({ share: piece.value });
    }
  };
  let timer = setTimeout(advance);
  return () => clearTimeout(timer);
}
