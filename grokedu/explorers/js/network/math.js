// All mathematics of the network explorer: plain numbers and typed arrays, no DOM.
//
// The same gradient descent, population loss and law of the late stage as grokedu/training.py and
// networks.py for two layers and the zero teacher; tests/test_network_math.py compares the two.
//
// `network` describes one draw at ν² = 1:
//   n, d, m, seed
//   inputs   (n × d), row by row
//   hidden   (m × d), row by row
//   output   (m)
//
// `settings` holds weight_decay, init_variance, learning_rate, train_threshold, test_threshold.

/** @import { Settings, Times } from "../types" */

import { Random } from "../random.js";
import { LAST_STEP } from "../steps.js";
import { WHY } from "../why.js";

export const LAYERS = 2; // the degree of homogeneity k
export const MOST_STEPS = 20_000; // simulated steps of one run
const FIT_TOLERANCE = 1e-5;
const SETTLING_WORK = 3e8; // multiply-adds until the rate is measured
const MEASURED_STEPS = 100;
const RECORD_RATIO = 1.1;

/** A random network and its inputs, in the law of relu_network_problem. */
export function drawNetwork(n, d, m, seed) {
  const random = new Random(n, d, m, seed);
  const normals = (size, deviation) =>
    Float64Array.from({ length: size }, () => deviation * random.normal());
  return {
    n,
    d,
    m,
    seed,
    inputs: normals(n * d, 1),
    hidden: normals(m * d, Math.sqrt(1 / d)),
    output: normals(m, Math.sqrt(1 / m)),
  };
}

/** E (Σ_j a_j σ(w_j·x))² for x ~ N(0, I_d), by the arc-cosine formula over all pairs. */
function populationSquare(hidden, output, d) {
  const m = output.length;
  const norms = Float64Array.from({ length: m }, (_, j) => norm(hidden, j, d));
  let total = 0;
  for (let j = 0; j < m; j++) {
    total += (output[j] * norms[j]) ** 2 / 2;
    let beside = 0;
    for (let k = 0; k < j; k++) {
      const size = norms[j] * norms[k];
      if (size === 0) continue;
      let inner = 0;
      for (let c = 0; c < d; c++) inner += hidden[j * d + c] * hidden[k * d + c];
      const cosine = Math.min(Math.max(inner / size, -1), 1);
      const sine = Math.sqrt(1 - cosine * cosine);
      const moment = (sine + (Math.PI - Math.acos(cosine)) * cosine) / (2 * Math.PI);
      beside += output[k] * size * moment;
    }
    total += 2 * output[j] * beside;
  }
  return Math.max(total, 0);
}

function norm(hidden, j, d) {
  let square = 0;
  for (let c = j * d; c < (j + 1) * d; c++) square += hidden[c] * hidden[c];
  return Math.sqrt(square);
}

/** Weights on their way: one step of full-batch gradient descent at a time. */
export class Descent {
  constructor(network, { weight_decay, learning_rate }, weights) {
    this.network = network;
    this.keep = 1 - learning_rate * weight_decay;
    this.rate = learning_rate / network.n;
    this.hidden = Float64Array.from(weights.hidden);
    this.output = Float64Array.from(weights.output);
    this.before = new Float64Array(network.n * network.m); // w_j·x_i at j·n + i
    this.outputs = new Float64Array(network.n);
    this.forward();
  }

  /** The network's outputs and the training loss (1/2n) Σ N(x_i)² at the present weights. */
  forward() {
    const { n, d, m, inputs } = this.network;
    const { hidden, output, before, outputs } = this;
    outputs.fill(0);
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < n; i++) {
        let inner = 0;
        for (let c = 0; c < d; c++) inner += hidden[j * d + c] * inputs[i * d + c];
        before[j * n + i] = inner;
        if (inner > 0) outputs[i] += output[j] * inner;
      }
    }
    let squares = 0;
    for (let i = 0; i < n; i++) squares += outputs[i] * outputs[i];
    this.trainLoss = squares / (2 * n);
  }

  step() {
    const { n, d, m, inputs } = this.network;
    const { hidden, output, before, outputs, keep, rate } = this;
    for (let j = 0; j < m; j++) {
      const strength = rate * output[j];
      let slope = 0;
      for (let c = j * d; c < (j + 1) * d; c++) hidden[c] *= keep;
      for (let i = 0; i < n; i++) {
        const active = before[j * n + i];
        if (!(active > 0)) continue;
        slope += outputs[i] * active;
        const pull = strength * outputs[i];
        for (let c = 0; c < d; c++) hidden[j * d + c] -= pull * inputs[i * d + c];
      }
      output[j] = keep * output[j] - rate * slope;
    }
    this.forward();
  }

  get testLoss() {
    return populationSquare(this.hidden, this.output, this.network.d);
  }

  weights() {
    return { hidden: this.hidden.slice(), output: this.output.slice() };
  }
}

/**
 * One whole run: simulated until the data are fitted, simulated on to measure the rate of the late
 * stage, and continued by its law. `advance` does the work in slices.
 */
export class Training {
  constructor(network, settings) {
    const { weight_decay, learning_rate, init_variance } = settings;
    this.network = network;
    this.settings = { weight_decay, learning_rate, init_variance };
    this.decay = learning_rate * weight_decay;
    this.logRate = 2 * LAYERS * Math.log1p(-this.decay); // of both losses, per step
    const scale = Math.sqrt(init_variance);
    this.descent = new Descent(network, settings, {
      hidden: network.hidden.map((w) => scale * w),
      output: network.output,
    });
    this.trainLosses = [];
    this.records = [];
    this.crossings = new Map();
    this.phase = "fitting";
    this.rate = null;
    this.record();
    this.tolerance = FIT_TOLERANCE * Math.min(1, this.trainLosses[0]);
    this.next = 1;
  }

  get step() {
    return this.trainLosses.length - 1;
  }

  /** The last step that was simulated on the way to the fit. */
  get last() {
    return this.records.at(-1);
  }

  get fitted() {
    return this.last.train <= this.tolerance;
  }

  record() {
    const { descent } = this;
    if (!this.trainLosses.length) this.trainLosses.push(descent.trainLoss);
    const losses = { train: descent.trainLoss, test: descent.testLoss };
    this.records.push({ step: this.step, ...losses, ...descent.weights() });
    if (!Number.isFinite(losses.train + losses.test)) this.phase = "diverged";
  }

  /** Work until `now()` reaches `deadline`; returns whether there is more to do. */
  advance(deadline = Infinity, now = () => 0) {
    while (this.phase === "fitting" || this.phase === "measuring") {
      if (this.phase === "fitting") this.fit();
      else this.measure();
      if (now() >= deadline) break;
    }
    return this.phase === "fitting" || this.phase === "measuring";
  }

  fit() {
    this.descent.step();
    this.trainLosses.push(this.descent.trainLoss);
    const { step } = this;
    if (!Number.isFinite(this.descent.trainLoss)) {
      this.phase = "diverged";
      return;
    }
    if (step < this.next) return;
    this.record();
    this.next = Math.max(step + 1, Math.floor(step * RECORD_RATIO));
    if (this.phase === "diverged") return;
    if (this.fitted) this.startMeasuring();
    else if (step >= MOST_STEPS) this.phase = "unfitted";
  }

  /** Simulate on until what is left of the fit no longer counts beside the decay, then measure. */
  startMeasuring() {
    const { n, d, m } = this.network;
    this.patience = Math.min(Math.max(SETTLING_WORK / (n * d * m), 300), MOST_STEPS);
    this.target = this.tolerance * Math.min(1, this.decay / 0.01) ** 2;
    this.waited = 0;
    this.measured = null;
    this.phase = "measuring";
  }

  measure() {
    this.descent.step();
    if (this.measured === null) {
      this.waited++;
      this.settled = this.descent.trainLoss <= this.target;
      if (!this.settled && this.waited < this.patience) return;
      this.measured = 0;
      this.before = this.descent.testLoss;
      return;
    }
    this.measured++;
    if (this.measured < MEASURED_STEPS) return;
    this.rate = Math.log(this.before / this.descent.testLoss) / MEASURED_STEPS;
    if (!Number.isFinite(this.rate)) this.rate = null;
    this.phase = "done";
  }

  // -------------------------------------------------------------- what came of it

  train(step) {
    const { last } = this;
    if (step <= last.step) return this.trainLosses[step];
    return this.fitted ? last.train * this.shrink(step) : NaN;
  }

  /** Exact where it was recorded and by the law, interpolated between records. */
  test(step) {
    const { last } = this;
    if (step > last.step) return this.fitted ? last.test * this.shrink(step) : NaN;
    const after = this.records.findIndex((record) => record.step >= step);
    const right = this.records[after];
    if (right.step === step) return right.test;
    const left = this.records[after - 1];
    const share = (step - left.step) / (right.step - left.step);
    return Math.exp((1 - share) * Math.log(left.test) + share * Math.log(right.test));
  }

  shrink(step) {
    return Math.exp(this.logRate * (step - this.last.step));
  }

  /** The last step with training loss at least ε, or null, as `grokking_times` counts. */
  overfitStep(threshold) {
    for (let step = this.last.step; step >= 0; step--) {
      if (!(this.trainLosses[step] < threshold)) return step === this.last.step ? null : step;
    }
    return null;
  }

  /** The first step with test loss at most c, or null: it lies beyond what is known, or never comes. */
  generalizeStep(threshold) {
    const { records, last } = this;
    const first = records.findIndex((record) => record.test <= threshold);
    if (first === 0) return 0;
    if (first > 0) return this.crossing(records[first - 1], records[first].step, threshold);
    if (!this.fitted || this.decay === 0) return null;
    const step = last.step + Math.ceil(Math.log(threshold / last.test) / this.logRate);
    return step <= LAST_STEP ? step : null;
  }

  /** Bisect between two records, simulating again from the earlier one. */
  crossing(record, high, threshold) {
    const key = `${record.step},${threshold}`;
    if (!this.crossings.has(key)) {
      let low = record.step,
        from = record;
      while (high - low > 1) {
        const middle = low + Math.floor((high - low) / 2);
        const descent = new Descent(this.network, this.settings, from);
        for (let step = low; step < middle; step++) descent.step();
        if (descent.testLoss > threshold) [low, from] = [middle, descent.weights()];
        else high = middle;
      }
      this.crossings.set(key, high);
    }
    return this.crossings.get(key);
  }

  /**
   * @param {Settings} settings
   * @returns {Times}
   */
  times({ train_threshold, test_threshold }) {
    const { last } = this;
    const overfit = this.overfitStep(train_threshold);
    const generalize = this.generalizeStep(test_threshold);
    const reasons = [];
    const explain = (kind, threshold, value) => reasons.push({ kind, threshold, value });
    if (overfit === null) {
      const above = last.train >= train_threshold;
      if (above) explain(WHY.trainRunEnds, train_threshold, last.step);
      else explain(WHY.trainBelow, train_threshold, null);
    }
    if (generalize === null) {
      if (!this.fitted) explain(WHY.testRunEnds, test_threshold, last.step);
      else if (this.decay > 0) explain(WHY.testBeyond, test_threshold, 0);
      else explain(WHY.testNever, test_threshold, last.test);
    }
    return { overfit, generalize, byLaw: generalize > last.step, reasons };
  }

  /** The strength of the strongest neuron at any record. */
  get strongest() {
    const { d, m } = this.network;
    let most = 0;
    for (const { hidden, output } of this.records) {
      for (let j = 0; j < m; j++) most = Math.max(most, norm(hidden, j, d) * Math.abs(output[j]));
    }
    return most;
  }

  /** The neurons at the record before `step`, shrunk by the law after the fit. */
  neurons(step) {
    const { n, d, m, inputs } = this.network;
    const { last } = this;
    const at = this.records.findLast((record) => record.step <= step);
    const shrunk = step > last.step && this.fitted ? Math.sqrt(this.shrink(step)) : 1;
    const strengths = new Float64Array(m),
      counts = new Int32Array(m),
      active = new Uint8Array(m * n);
    for (let j = 0; j < m; j++) {
      strengths[j] = shrunk * norm(at.hidden, j, d) * Math.abs(at.output[j]);
      for (let i = 0; i < n; i++) {
        let inner = 0;
        for (let c = 0; c < d; c++) inner += at.hidden[j * d + c] * inputs[i * d + c];
        active[j * n + i] = Number(inner > 0);
        counts[j] += active[j * n + i];
      }
    }
    return { strengths, counts, active, signs: at.output.map(Math.sign) };
  }
}

/** The share of pairs of neuron and input that are switched otherwise than before. */
export function flipped(before, now) {
  let changed = 0;
  for (let k = 0; k < now.length; k++) changed += Number(before[k] !== now[k]);
  return changed / now.length;
}
