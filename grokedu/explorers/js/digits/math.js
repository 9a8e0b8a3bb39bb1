// The exact run on a drawn problem of digits: outputs, losses, accuracies, t1 and t2; no DOM.
//
// The same formulas as grokedu/exact.py: every output of an image is a sum of decaying exponentials,
//   f_x(t) = Σ_i seen[x, i] (offset_i + amplitude_i ρ_i^t) + √(ν²) unseen[x] (1 − ηλ)^t.
// Rows x are the n training images, whose labels may be wrong, and then the test images.

import { firstAtMost, lastAtLeast } from "../ridge/math.js";
import { WHY } from "../why.js";
import { addProducts, dot } from "./matrices.js";

/** @import { DigitProblem, Numbers, Reason, Settings, Times } from "../types" */

const NEGLIGIBLE = -34; // what has decayed to e⁻³⁴ ≈ 10⁻¹⁵ is rounding
const BLOCK = 8; // steps of a curve that are computed together

/** +1 for even digits, −1 for odd ones. */
export const labelOf = (digit) => (digit % 2 ? -1 : 1);

/**
 * The run of these settings: its losses, and the outputs of both sets of `images`.
 * @param {DigitProblem} problem
 * @param {Settings} settings
 */
export function exactRun(problem, settings) {
  const { n, rank, curvatures, seen, sizes, start, unseen, digits, flips } = problem;
  const { weight_decay: lambda, learning_rate: eta, init_variance, label_noise } = settings;
  const truth = Float64Array.from(digits, labelOf);
  const labels = truth.slice(0, n);
  for (const i of flips.subarray(0, Math.floor(label_noise * n + 0.5))) labels[i] *= -1;
  const spread = Math.sqrt(init_variance);
  const [drop, offset, amplitude, residual] = [0, 0, 0, 0].map(() => new Float64Array(rank));
  const singular = curvatures.map((s) => Math.sqrt(n * s));
  const pull = new Float64Array(rank); // σ_i u_iᵀy
  for (let x = 0; x < n; x++) {
    for (let i = 0; i < rank; i++) pull[i] += seen[x * rank + i] * labels[x];
  }
  let explained = 0;
  for (let i = 0; i < rank; i++) {
    const s = curvatures[i];
    const target = pull[i] / singular[i];
    explained += target * target;
    drop[i] = eta * (s + lambda);
    offset[i] = pull[i] / n / (s + lambda);
    amplitude[i] = spread * start[i] - offset[i];
    residual[i] = (-lambda * target) / (s + lambda);
  }
  const decay = new Decay(drop, amplitude, eta * lambda);
  const rows = (from, to, z) =>
    new Outputs(decay, offset, {
      matrix: seen.subarray(from * rank, to * rank),
      sizes: sizes.subarray(from * rank, to * rank),
      unseen: unseen.subarray(from, to).map((output) => spread * output),
      labels: z,
    });
  const images = { train: rows(0, n, labels), test: rows(n, truth.length, truth.subarray(n)) };
  const left = rank < n ? Math.max(n - explained, 0) : 0; // identical images with unlike labels
  const train = new TrainLoss(decay, { singular, residual, n, left });
  const accuracyAt = (set, step) => images[set].accuracyAt(step);
  return { train, test: new TestLoss(images.test, problem.widths), images, accuracyAt };
}

/** What is left of the start at a step, mode by mode, flat modes first. */
class Decay {
  constructor(drop, amplitude, unseenDrop) {
    this.drop = drop;
    this.amplitude = amplitude;
    this.logRates = drop.map(logRate);
    this.unseenLogRate = logRate(unseenDrop);
    this.known = new Map();
    this.interval = null;
  }

  /**
   * amplitude_i ρ_i^t of the first modes, as many as have not ended at step t.
   * @param {number} t A step, or Infinity.
   * @returns {Float64Array}
   */
  at(t) {
    const known = this.known.get(t);
    if (known) return known;
    let count = this.drop.length;
    while (count > 0 && t * this.logRates[count - 1] < NEGLIGIBLE) count--;
    const left = this.amplitude.slice(0, count);
    if (t > 0) {
      for (let i = 0; i < count; i++) {
        const size = Math.exp(t * this.logRates[i]);
        left[i] *= this.drop[i] > 1 && t % 2 === 1 ? -size : size;
      }
    }
    this.known.set(t, left);
    return left;
  }

  /** (1 − ηλ)^t */
  unseen(t) {
    return t === 0 || this.unseenLogRate === 0 ? 1 : Math.exp(t * this.unseenLogRate);
  }

  /** How far each mode can be from the mean of its ends over the steps first … last. */
  over(first, last) {
    if (this.interval?.first === first && this.interval.last === last) return this.interval;
    const [here, there] = [this.at(first), this.at(last)];
    let turns = false;
    const radius = here.map((value, i) => {
      if (this.drop[i] <= 1) return Math.abs(value - (there[i] ?? 0)) / 2;
      turns = true; // from side to side
      return 2 * Math.abs(value);
    });
    const unseen = (this.unseen(first) - this.unseen(last)) / 2;
    this.interval = { first, last, radius, unseen, turns };
    return this.interval;
  }
}

/** The outputs of some images at any step. */
class Outputs {
  constructor(decay, offset, { matrix, sizes, unseen, labels }) {
    this.decay = decay;
    this.matrix = matrix;
    this.sizes = sizes;
    this.unseen = unseen;
    this.labels = labels;
    this.rows = labels.length;
    this.rank = offset.length;
    this.limits = this.times(matrix, offset);
    this.known = new Map();
  }

  /** A matrix of one row per image times some of the first coordinates. */
  times(matrix, coordinates) {
    const [rows, stride, inner] = [this.rows, this.rank, coordinates.length];
    const products = new Float64Array(rows);
    addProducts(products, matrix, coordinates, { rows, columns: 1, stride, inner });
    return products;
  }

  /** @param {number} t A step, or Infinity. */
  at(t) {
    const known = this.known.get(t);
    if (known) return known;
    const outputs = this.times(this.matrix, this.decay.at(t));
    const share = this.decay.unseen(t);
    for (let x = 0; x < this.rows; x++) outputs[x] += this.limits[x] + this.unseen[x] * share;
    this.known.set(t, outputs);
    return outputs;
  }

  /**
   * The outputs at each of `steps`, which increase, one row of images after the other.
   * @param {Numbers} steps
   */
  curves(steps) {
    const { rank, rows, decay, matrix, limits, unseen } = this;
    const all = new Float64Array(steps.length * rows);
    const left = new Float64Array(BLOCK * rank);
    for (let k = 0; k < steps.length; k += BLOCK) {
      const size = Math.min(BLOCK, steps.length - k);
      const inner = decay.at(steps[k]).length;
      left.fill(0);
      for (let b = 0; b < size; b++) left.set(decay.at(steps[k + b]), b * rank);
      const block = all.subarray(k * rows, (k + size) * rows);
      addProducts(block, left, matrix, { rows: size, columns: rows, stride: rank, inner });
      for (let b = 0; b < size; b++) {
        const share = decay.unseen(steps[k + b]);
        for (let x = 0; x < rows; x++) block[b * rows + x] += limits[x] + unseen[x] * share;
      }
    }
    return all;
  }

  /** The share of images with an output of the sign of their label. */
  accuracyAt(t) {
    return 1 - countWrong(this.at(t), this.labels) / this.rows;
  }
}

/** ln |1 − drop|; log1p keeps the digits of a small drop, which t multiplies. */
function logRate(drop) {
  const rate = Math.abs(drop) < 0.5 ? Math.log1p(-drop) : Math.log(Math.abs(1 - drop));
  return Math.max(rate, -1e300); // so that what is over at once is 0, and not 0 · ∞
}

/** How many outputs, from a place on, lack the sign of their label; 0 has none. */
function countWrong(outputs, labels, from = 0) {
  let wrong = 0;
  for (let x = 0; x < labels.length; x++) if (!(outputs[from + x] * labels[x] > 0)) wrong++;
  return wrong;
}

/** The mean square of outputs minus labels. */
function meanSquare(outputs, labels, from = 0) {
  let total = 0;
  for (let x = 0; x < labels.length; x++) total += (outputs[from + x] - labels[x]) ** 2;
  return total / labels.length;
}

// What follows is searched as ridge/math.js searches a DecayingForm. Modes that go from side to side
// are bounded as they are, so even and odd steps need not be told apart.

/** The training loss: residual σ_i a_i(t) − u_iᵀy along each u_i. */
class TrainLoss {
  alternates = false;

  constructor(decay, { singular, residual, n, left }) {
    this.decay = decay;
    this.singular = singular;
    this.residual = residual;
    this.n = n;
    this.ended = new Float64Array(singular.length + 1); // squares of what is left at the end
    this.ended[singular.length] = left;
    for (let i = singular.length - 1; i >= 0; i--) {
      this.ended[i] = this.ended[i + 1] + residual[i] * residual[i];
    }
  }

  at(t) {
    const left = this.decay.at(t);
    let total = this.ended[left.length];
    for (let i = left.length - 1; i >= 0; i--) {
      total += (this.residual[i] + this.singular[i] * left[i]) ** 2;
    }
    return total / (2 * this.n);
  }

  /** Values at both ends of the steps first … last and bounds on all between. */
  over(first, last) {
    const { radius } = this.decay.over(first, last);
    const [here, there] = [this.decay.at(first), this.decay.at(last)];
    let low = this.ended[radius.length],
      high = low;
    for (let i = 0; i < radius.length; i++) {
      const half = (here[i] + (there[i] ?? 0)) / 2;
      const middle = Math.abs(this.residual[i] + this.singular[i] * half);
      const reach = this.singular[i] * radius[i];
      low += Math.max(middle - reach, 0) ** 2;
      high += (middle + reach) ** 2;
    }
    const scale = 1 / (2 * this.n);
    const [atFirst, atLast] = [this.at(first), this.at(last)];
    return { low: low * scale, high: high * scale, atFirst, atLast };
  }

  bend(first, last) {
    const { radius, turns } = this.decay.over(first, last);
    if (turns) return Infinity;
    const [here, there] = [this.decay.at(first), this.decay.at(last)];
    let total = 0;
    for (let i = 0; i < radius.length; i++) {
      const speed = Math.abs(this.decay.logRates[i]) * (last - first);
      const slope = this.singular[i] * Math.abs(here[i]) * speed;
      const ends = [here[i], there[i] ?? 0].map(
        (value) => this.residual[i] + this.singular[i] * value,
      );
      total += slope * slope + Math.max(...ends.map(Math.abs)) * slope * speed;
    }
    return total / (8 * this.n);
  }
}

/** The test loss, a mean of squares. */
class TestLoss {
  alternates = false;

  /**
   * @param {Outputs} outputs
   * @param {Float64Array} widths The root mean square of each column.
   */
  constructor(outputs, widths) {
    this.outputs = outputs;
    this.widths = widths;
    const unseen = dot(outputs.unseen, 0, outputs.unseen, 0, outputs.rows);
    this.unseenWidth = Math.sqrt(unseen / outputs.rows);
  }

  at(t) {
    return meanSquare(this.outputs.at(t), this.outputs.labels);
  }

  over(first, last) {
    const { middle, reach } = this.root(first, last);
    const low = Math.max(middle - reach, 0) ** 2;
    return { low, high: (middle + reach) ** 2, atFirst: this.at(first), atLast: this.at(last) };
  }

  /** The root of the loss half way between the ends, and how far it can be from that. */
  root(first, last) {
    const { decay, labels } = this.outputs;
    const { radius, unseen } = decay.over(first, last);
    const [here, there] = [this.outputs.at(first), this.outputs.at(last)];
    let total = 0;
    for (let x = 0; x < labels.length; x++) total += ((here[x] + there[x]) / 2 - labels[x]) ** 2;
    const reach = dot(this.widths, 0, radius, 0, radius.length) + this.unseenWidth * unseen;
    return { middle: Math.sqrt(total / labels.length), reach };
  }

  /** How far the loss can be from its chord: width² / 8 · max |f″|. */
  bend(first, last) {
    const { decay } = this.outputs;
    if (decay.over(first, last).turns) return Infinity;
    let fall = this.unseenWidth * decay.unseen(first) * Math.abs(decay.unseenLogRate);
    let curve = fall * Math.abs(decay.unseenLogRate);
    decay.at(first).forEach((value, i) => {
      const part = this.widths[i] * Math.abs(value * decay.logRates[i]);
      fall += part;
      curve += part * Math.abs(decay.logRates[i]);
    });
    const { middle, reach } = this.root(first, last);
    return ((last - first) ** 2 / 4) * (fall ** 2 + (middle + reach) * curve);
  }
}

/** How many images are wrong. */
class WrongSigns {
  alternates = false;

  /** @param {Outputs} outputs */
  constructor(outputs) {
    this.outputs = outputs;
  }

  at(t) {
    return countWrong(this.outputs.at(t), this.outputs.labels);
  }

  over(first, last) {
    const { decay, labels, sizes, unseen } = this.outputs;
    const interval = decay.over(first, last);
    const reaches = this.outputs.times(sizes, interval.radius);
    const [here, there] = [this.outputs.at(first), this.outputs.at(last)];
    let low = 0,
      high = 0;
    for (let x = 0; x < labels.length; x++) {
      const middle = (labels[x] * (here[x] + there[x])) / 2;
      const reach = reaches[x] + Math.abs(unseen[x]) * interval.unseen;
      if (!(middle + reach > 0)) low++;
      if (!(middle - reach > 0)) high++;
    }
    return { low, high, atFirst: this.at(first), atLast: this.at(last) };
  }

  /** A count has no curvature. */
  bend() {
    return Infinity;
  }
}

/** So many of `rows` images may be wrong at an accuracy of `level`, as in grokedu/exact.py. */
function allowed(rows, level) {
  let right = 0;
  while (right < rows && right / rows < level) right++;
  return rows - right;
}

/**
 * t1, the last step with training accuracy below its level, and t2, the first with test accuracy
 * of at least its level; exact, or null with the reason.
 * @param {{ train: Outputs, test: Outputs }} images
 * @param {Settings} settings
 * @returns {Times}
 */
export function accuracyTimes({ train, test }, { train_level, test_level }) {
  /** @type {Reason[]} */
  const reasons = [];
  const last = lastAtLeast(new WrongSigns(train), allowed(train.rows, train_level) + 0.5);
  if (last === null) {
    reasons.push({ kind: WHY.trainAccurate, threshold: train_level, value: null });
  } else if (last === Infinity) {
    const value = train.accuracyAt(Infinity);
    reasons.push({ kind: WHY.trainAccuracyNever, threshold: train_level, value });
  }
  const generalize = firstAtMost(new WrongSigns(test), allowed(test.rows, test_level) + 0.5);
  if (generalize === null) {
    const value = test.accuracyAt(Infinity);
    reasons.push({ kind: WHY.testAccuracyNever, threshold: test_level, value });
  }
  return { overfit: last === Infinity ? null : last, generalize, reasons };
}

/**
 * Losses and accuracies at each of `steps`, with the outputs of the test images.
 * @param {ReturnType<typeof exactRun>} run
 * @param {Numbers} steps
 */
export function curves({ train: trainLoss, images: { train, test } }, steps) {
  const outputs = { train: train.curves(steps), test: test.curves(steps) };
  const accuracy = { train: new Float64Array(steps.length), test: new Float64Array(steps.length) };
  const losses = { train: new Float64Array(steps.length), test: new Float64Array(steps.length) };
  for (let k = 0; k < steps.length; k++) {
    for (const [name, { labels, rows }] of Object.entries({ train, test })) {
      accuracy[name][k] = 1 - countWrong(outputs[name], labels, k * rows) / rows;
    }
    losses.train[k] = trainLoss.at(steps[k]);
    losses.test[k] = meanSquare(outputs.test, test.labels, k * test.rows);
  }
  return { ...losses, accuracy, outputs: outputs.test };
}

/** ρ_i^{2t}: the share of the initial distance that is left, per mode and (last) unseen. */
export function sharesLeft({ train: { decay } }, t) {
  const { logRates } = decay;
  const shares = new Float64Array(logRates.length + 1);
  logRates.forEach((rate, i) => {
    shares[i] = t === 0 ? 1 : Math.exp(2 * t * rate);
  });
  shares[logRates.length] = decay.unseen(t) ** 2;
  return shares;
}
