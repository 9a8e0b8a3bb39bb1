// All mathematics of the explorer of modular addition: typed arrays, no DOM.
//
// The same draws and the same gradient descent as grokedu/modular.py and network_training.py;
// tests/test_modular_math.py compares the two.

/** @import { Settings } from "../types" */

import { Generator } from "./random.js";

const LANES = 4; // cells that go through the network together
const SNAPSHOTS = 500; // along each axis of steps
export const ROW = 4; // numbers recorded at a step: both losses, both accuracies

/**
 * @typedef {object} Snapshot The network at one step.
 * @property {number} step
 * @property {Uint8Array} guesses At a·p + b, what it takes for (a + b) mod p.
 * @property {Uint8Array} frequencies Of each neuron, where the spectrum of u is largest.
 * @property {Float32Array} shares How much of the spectrum of each neuron is there.
 */

/**
 * What a training did since it was last asked.
 * @typedef {object} News
 * @property {"training" | "done" | "diverged"} phase
 * @property {Float64Array} rows ROW numbers for each step.
 * @property {Snapshot[]} snapshots
 * @property {Snapshot} front The network as it is now.
 * @property {Uint8Array | null} seen At first: the training cells are 1.
 */

/** Half to even, as Python rounds. */
function roundHalfEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 ? below + 1 : below;
}

/** The draws of modular_addition_problem with a generator that starts from `seed`. */
export function drawProblem({ modulus: p, width: m, train_fraction, init_scale, seed }) {
  const random = new Generator(seed);
  const cells = random.permutation(p * p);
  const normals = (size, deviation) =>
    Float64Array.from({ length: size }, () => random.normal() * deviation);
  return {
    p,
    m,
    cells, // a·p + b, first those to train on
    trained: Math.max(roundHalfEven(train_fraction * p * p), 1),
    first: normals(p * m, init_scale / Math.sqrt(p)),
    second: normals(p * m, init_scale / Math.sqrt(p)),
    output: normals(m * p, init_scale / Math.sqrt(m)),
  };
}

/** Full-batch gradient descent with weight decay on N(a, b) = A (u_a + v_b)². */
export class Descent {
  /**
   * @param {ReturnType<typeof drawProblem>} problem
   * @param {{ weight_decay: number, learning_rate: number }} rule
   */
  constructor({ p, m, cells, trained, first, second, output }, { weight_decay, learning_rate }) {
    this.p = p;
    this.m = m;
    this.keep = 1 - learning_rate * weight_decay;
    this.rate = learning_rate;
    this.trained = trained;
    this.groups = {
      train: group(cells.subarray(0, trained)),
      test: group(cells.subarray(trained)),
    };
    this.columns = p + (p % 2); // of A, in pairs
    this.first = first.slice();
    this.second = second.slice();
    this.output = new Float64Array(m * this.columns);
    for (let j = 0; j < m; j++) {
      this.output.set(output.subarray(j * p, (j + 1) * p), j * this.columns);
    }
    this.firstSlope = new Float64Array(first.length);
    this.secondSlope = new Float64Array(second.length);
    this.outputSlope = new Float64Array(this.output.length);
    this.sums = new Float64Array(LANES * m); // u_a + v_b of some cells, side by side
    this.squares = new Float64Array(LANES * m);
    this.outputs = new Float64Array(LANES * this.columns);
    this.guesses = new Uint8Array(p * p);
    this.evaluate();
  }

  /** Losses, accuracies and gradients at the present weights. */
  evaluate() {
    for (const slope of [this.firstSlope, this.secondSlope, this.outputSlope]) slope.fill(0);
    const train = this.pass(this.groups.train, 1 / this.trained);
    const test = this.pass(this.groups.test, 0);
    this.row = [
      train.squares / (2 * this.groups.train.count),
      test.squares / this.groups.test.count, // NaN without test cells
      train.right / this.groups.train.count,
      test.right / this.groups.test.count,
    ];
  }

  /** Some cells, LANES at a time; `scale` of their part of the gradient, 0 for none. */
  pass({ cells, count }, scale) {
    let squares = 0;
    let right = 0;
    for (let at = 0; at < count; at += LANES) {
      const live = Math.min(LANES, count - at);
      this.forward(cells, at);
      for (let lane = 0; lane < live; lane++) {
        squares += this.judge(cells[at + lane], lane);
        right += Number(this.hit);
      }
      if (scale) this.backward(cells, at, live, scale);
    }
    return { squares, right };
  }

  forward(cells, at) {
    const { p, m, columns, first, second, output, sums, squares, outputs } = this;
    for (let lane = 0; lane < LANES; lane++) {
      const a = Math.floor(cells[at + lane] / p);
      const u = a * m;
      const v = (cells[at + lane] - a * p) * m;
      for (let j = 0; j < m; j++) {
        const sum = first[u + j] + second[v + j];
        sums[LANES * j + lane] = sum;
        squares[LANES * j + lane] = sum * sum;
      }
    }
    for (let c = 0; c < columns; c += 2) {
      let w0 = 0,
        w1 = 0,
        w2 = 0,
        w3 = 0,
        x0 = 0,
        x1 = 0,
        x2 = 0,
        x3 = 0;
      for (let j = 0, k = 0, o = c; j < m; j++, k += LANES, o += columns) {
        const w = output[o];
        const x = output[o + 1];
        const s0 = squares[k];
        const s1 = squares[k + 1];
        const s2 = squares[k + 2];
        const s3 = squares[k + 3];
        w0 += w * s0;
        w1 += w * s1;
        w2 += w * s2;
        w3 += w * s3;
        x0 += x * s0;
        x1 += x * s1;
        x2 += x * s2;
        x3 += x * s3;
      }
      const k = LANES * c;
      outputs[k] = w0;
      outputs[k + 1] = w1;
      outputs[k + 2] = w2;
      outputs[k + 3] = w3;
      outputs[k + 4] = x0;
      outputs[k + 5] = x1;
      outputs[k + 6] = x2;
      outputs[k + 7] = x3;
    }
  }

  /** Note the guess of one cell, turn its outputs into residuals; their sum of squares. */
  judge(cell, lane) {
    const { p, outputs, guesses } = this;
    let best = 0;
    let largest = outputs[lane];
    for (let c = 1; c < p; c++) {
      const value = outputs[LANES * c + lane];
      if (value > largest) {
        best = c;
        largest = value;
      }
    }
    const answer = answerOf(cell, p);
    guesses[cell] = best;
    this.hit = best === answer;
    outputs[LANES * answer + lane] -= 1;
    let squares = 0;
    for (let c = 0; c < p; c++) {
      const residual = outputs[LANES * c + lane];
      squares += residual * residual;
    }
    return squares;
  }

  backward(cells, at, live, scale) {
    const { p, m, columns, output, sums, squares, outputs } = this;
    const { firstSlope, secondSlope, outputSlope } = this;
    for (let c = 0; c < columns; c++) {
      for (let lane = 0; lane < LANES; lane++) {
        outputs[LANES * c + lane] *= lane < live ? scale : 0;
      }
    }
    for (let j = 0, k = 0, o = 0; j < m; j++, k += LANES, o += columns) {
      const s0 = squares[k];
      const s1 = squares[k + 1];
      const s2 = squares[k + 2];
      const s3 = squares[k + 3];
      let e0 = 0,
        e1 = 0,
        e2 = 0,
        e3 = 0;
      for (let c = 0, r = 0; c < p; c++, r += LANES) {
        const w = output[o + c];
        const r0 = outputs[r];
        const r1 = outputs[r + 1];
        const r2 = outputs[r + 2];
        const r3 = outputs[r + 3];
        e0 += w * r0;
        e1 += w * r1;
        e2 += w * r2;
        e3 += w * r3;
        outputSlope[o + c] += s0 * r0 + s1 * r1 + (s2 * r2 + s3 * r3);
      }
      sums[k] *= 2 * e0;
      sums[k + 1] *= 2 * e1;
      sums[k + 2] *= 2 * e2;
      sums[k + 3] *= 2 * e3;
    }
    for (let lane = 0; lane < live; lane++) {
      const a = Math.floor(cells[at + lane] / p);
      const u = a * m;
      const v = (cells[at + lane] - a * p) * m;
      for (let j = 0, k = lane; j < m; j++, k += LANES) {
        firstSlope[u + j] += sums[k];
        secondSlope[v + j] += sums[k];
      }
    }
  }

  /** θ ← θ − η (∇L_n + λθ) */
  step() {
    const { keep, rate } = this;
    for (const [weights, slope] of [
      [this.first, this.firstSlope],
      [this.second, this.secondSlope],
      [this.output, this.outputSlope],
    ]) {
      for (let i = 0; i < weights.length; i++) weights[i] = keep * weights[i] - rate * slope[i];
    }
    this.evaluate();
  }
}

/** Cells in whole groups of LANES; those that fill the last one do not count. */
function group(cells) {
  const padded = new Uint16Array(Math.ceil(cells.length / LANES) * LANES);
  padded.set(cells);
  return { cells: padded, count: cells.length };
}

/** (a + b) mod p of the cell a·p + b. */
export function answerOf(cell, p) {
  return (Math.floor(cell / p) + (cell % p)) % p;
}

/**
 * The frequency at which the spectrum of each neuron's u is largest, and its share of all but the
 * mean: |Σ_a u_a e^{−2πi ka/p}|² for k = 1 … p/2, twice where −k is another frequency.
 * @param {Float64Array} first (p, m)
 */
export function spectra(first, p, m) {
  const frequencies = new Uint8Array(m);
  const shares = new Float32Array(m);
  const turns = Array.from({ length: p }, (_, a) => (2 * Math.PI * a) / p);
  const [cosines, sines] = [turns.map(Math.cos), turns.map(Math.sin)];
  for (let j = 0; j < m; j++) {
    let [best, largest, total] = [0, 0, 0];
    for (let k = 1; 2 * k <= p; k++) {
      let [real, imaginary] = [0, 0];
      for (let a = 0; a < p; a++) {
        const value = first[a * m + j];
        real += value * cosines[(k * a) % p];
        imaginary += value * sines[(k * a) % p];
      }
      const power = (2 * k === p ? 1 : 2) * (real * real + imaginary * imaginary);
      total += power;
      if (power > largest) [best, largest] = [k, power];
    }
    frequencies[j] = best;
    shares[j] = total > 0 ? largest / total : 0;
  }
  return { frequencies, shares };
}

/** A whole run, done in slices, that tells what each of them brought. */
export class Training {
  /** @param {Settings} settings */
  constructor(settings) {
    this.problem = drawProblem(/** @type {any} */ (settings));
    this.descent = new Descent(this.problem, settings);
    this.last = settings.n_steps;
    this.step = 0;
    /** @type {News["phase"]} */
    this.phase = this.descent.row[0] < Infinity ? "training" : "diverged";
    this.kept = Number.NEGATIVE_INFINITY;
    this.told = false;
    this.rows = [...this.descent.row];
    /** @type {Snapshot[]} */
    this.snapshots = [];
    this.keep();
  }

  /**
   * Work until `now()` reaches `deadline`.
   * @returns {News}
   */
  advance(deadline = Infinity, now = () => 0) {
    const { descent } = this;
    while (this.phase === "training") {
      descent.step();
      this.step++;
      this.rows.push(...descent.row);
      if (!(descent.row[0] < Infinity)) this.phase = "diverged";
      else if (this.step === this.last) this.phase = "done";
      this.keep();
      if (now() >= deadline) break;
    }
    const seen = this.told ? null : this.seen();
    const rows = Float64Array.from(this.rows);
    const { phase, snapshots } = this;
    [this.told, this.rows, this.snapshots] = [true, [], []];
    return { phase, rows, snapshots, front: this.snapshot(), seen };
  }

  seen() {
    const { p, cells, trained } = this.problem;
    const seen = new Uint8Array(p * p);
    for (const cell of cells.subarray(0, trained)) seen[cell] = 1;
    return seen;
  }

  /** Keep the network of this step, if it is far enough from the one before on an axis of steps. */
  keep() {
    const { step, kept, last } = this;
    const even = (step - kept) * SNAPSHOTS >= last;
    const logarithmic = Math.log1p(step) - Math.log1p(kept) >= Math.log1p(last) / SNAPSHOTS;
    if (kept >= 0 && !even && !logarithmic) return;
    this.kept = step;
    this.snapshots.push(this.snapshot());
  }

  /** @returns {Snapshot} */
  snapshot() {
    const { step, problem, descent } = this;
    return {
      step,
      guesses: descent.guesses.slice(),
      ...spectra(descent.first, problem.p, problem.m),
    };
  }
}
