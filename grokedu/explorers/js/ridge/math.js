// All mathematics of the ridge explorer: plain numbers and typed arrays, no DOM.
//
// The same formulas as grokedu/exact.py, crossings.py, theory.py and predictions.py for isotropic
// Gaussian features (Σ = I/m) without label noise; tests/test_ridge_math.py compares the two.
//
// `modes` describes one random problem at ν² = 1 and ‖θ*‖ = 1, in the eigenbasis of ΦᵀΦ:
//   n, m             samples and features
//   curvatures       s_i = μ_i / n > 0, increasing
//   start, teacher   a_i(0) and a_i*, coordinates of θ(0) and θ* along the eigenvectors
//   unseen_start     ‖θ⊥(0)‖ in the complement, which the data never see
//   unseen_overlap   θ*⊥ along the direction of θ⊥(0)
//   unseen_teacher   length of the rest of θ*⊥
//
// `settings` holds weight_decay, init_variance, learning_rate, teacher_norm, train_threshold and
// test_threshold.

import { Random } from "../random.js";
import { LAST_STEP } from "../steps.js";
import { WHY } from "../why.js";

const ROUNDING = 1e-13;
const PATIENCE = 300; // intervals that a search looks at before it takes the dearer bounds too
const TYPICAL_SPREAD = 0.75; // as in grokedu.predictions
const QUADRATURE_NODES = 400;
const QUADRATURE_REACH = 37; // e^−37 = 10⁻¹⁶: how near to the edges the nodes come
const BISECTIONS = 30; // to 10⁻⁹ of a step
export const FAILURE_PROBABILITY = 0.05; // δ: the bounds hold with probability 1 − δ
const NORM_BOUND = Math.sqrt(1.5); // b, see gaussian_problem

// ---------------------------------------------------------------- decaying forms

/** ln |1 − drop|; log1p keeps the digits of a small drop, which t multiplies. */
function logRate(drop) {
  return Math.abs(drop) < 0.5 ? Math.log1p(-drop) : Math.log(Math.abs(1 - drop));
}

/** (1 − drop)^t from its logarithm; t may be infinite. */
function power(drop, logSize, t) {
  if (t === 0 || logSize === 0) return drop > 1 && t % 2 === 1 ? -1 : 1;
  const size = Math.exp(t * logSize);
  return drop > 1 && t % 2 === 1 ? -size : size;
}

/**
 * f(t) = Σ_parts Σ_j weight_j (offset_j + amplitude_j (1 − drop_j)^t)² + constant.
 * The parts share their drops, so one exponential serves all of them.
 */
export class DecayingForm {
  constructor(drop, parts, constant = 0, logRates = null) {
    this.drop = drop;
    this.parts = parts;
    this.constant = constant;
    this.logRates = logRates ?? Float64Array.from(drop, logRate);
  }

  at(t) {
    let total = 0;
    for (let j = 0; j < this.drop.length; j++) {
      const decay = power(this.drop[j], this.logRates[j], t);
      for (const { offset, amplitude, weight } of this.parts) {
        const delta = offset[j] + amplitude[j] * decay;
        total += weight[j] * delta * delta;
      }
    }
    return total + this.constant;
  }

  /** Values at both ends of the steps first … last and bounds on all between; every ρ_j ≥ 0. */
  over(first, last) {
    let low = 0,
      high = 0,
      atFirst = 0,
      atLast = 0;
    for (let j = 0; j < this.drop.length; j++) {
      const before = power(this.drop[j], this.logRates[j], first);
      const after = power(this.drop[j], this.logRates[j], last);
      for (const { offset, amplitude, weight } of this.parts) {
        const here = offset[j] + amplitude[j] * before;
        const there = offset[j] + amplitude[j] * after;
        const middle = Math.abs((here + there) / 2);
        const radius = Math.abs(here - there) / 2;
        const least = Math.max(middle - radius, 0);
        low += weight[j] * least * least;
        high += weight[j] * (middle + radius) * (middle + radius);
        atFirst += weight[j] * here * here;
        atLast += weight[j] * there * there;
      }
    }
    const c = this.constant;
    return { low: low + c, high: high + c, atFirst: atFirst + c, atLast: atLast + c };
  }

  /**
   * How far f can be from its chord over the steps first … last: width² / 8 · max |f″|. Where a
   * rising and a falling coordinate cancel, the bounds of each stay wide and this closes.
   */
  bend(first, last) {
    const width = last - first;
    let total = 0;
    for (let j = 0; j < this.drop.length; j++) {
      if (this.drop[j] === 1) continue; // it has moved all it can by step 1
      const speed = Math.abs(this.logRates[j]) * width;
      const before = power(this.drop[j], this.logRates[j], first);
      const after = power(this.drop[j], this.logRates[j], last);
      for (const { offset, amplitude, weight } of this.parts) {
        const here = Math.abs(offset[j] + amplitude[j] * before);
        const there = Math.abs(offset[j] + amplitude[j] * after);
        const slope = Math.abs(amplitude[j]) * before * speed;
        total += weight[j] * (slope * slope + Math.max(here, there) * slope * speed);
      }
    }
    return total / 4;
  }

  /** g(k) = f(2k + parity), whose rates ρ_j² are never negative. */
  everySecond(parity) {
    const drop = this.drop.map((d) => d * (2 - d));
    const parts = this.parts.map((part) => ({
      ...part,
      amplitude: parity ? part.amplitude.map((a, j) => a * (1 - this.drop[j])) : part.amplitude,
    }));
    return new DecayingForm(drop, parts, this.constant);
  }

  get alternates() {
    return this.drop.some((d) => d > 1);
  }
}

/** The first step 0 ≤ t ≤ 2⁵³ with f(t) ≤ level, or null. */
export function firstAtMost(form, level) {
  return overParities(form, Math.min, level, true);
}

/** The last step t ≥ 0 with f(t) ≥ level; null if there is none, Infinity if none up to 2⁵³ is. */
export function lastAtLeast(form, level) {
  if (form.at(LAST_STEP - 1) >= level || form.at(LAST_STEP) >= level) return Infinity;
  return overParities(form, Math.max, level, false);
}

/** Rates below zero alternate in sign; on even and on odd steps alone they do not. */
function overParities(form, choose, level, forward) {
  if (!form.alternates) return search(form, level, forward, LAST_STEP);
  const steps = [];
  for (const parity of [0, 1]) {
    // Ties are decided by the rounding of f itself, not of g.
    const valueAt = (step) => form.at(2 * step + parity);
    const last = LAST_STEP / 2 - parity;
    const step = search(form.everySecond(parity), level, forward, last, valueAt);
    if (step !== null) steps.push(2 * step + parity);
  }
  return steps.length ? choose(...steps) : null;
}

/**
 * Branch and bound over the steps 0 … end, from the near end: no crossing is skipped, whether f is
 * monotone or not. The stack holds intervals that are still to be searched, the nearest on top.
 */
function search(form, level, forward, end, valueAt = null) {
  const reached = (value) => (forward ? value <= level : value >= level);
  const stack = doublingIntervals(end);
  if (forward) stack.reverse();
  for (let looked = 0; stack.length; looked++) {
    const [first, last] = stack.pop();
    let { low, high, atFirst, atLast } = form.over(first, last);
    if (looked > PATIENCE) {
      const bend = form.bend(first, last);
      low = Math.max(low, Math.min(atFirst, atLast) - bend);
      high = Math.min(high, Math.max(atFirst, atLast) + bend);
    }
    const ends = valueAt ? [valueAt(first), valueAt(last)] : [atFirst, atLast];
    const [near, far] = forward ? ends : ends.reverse();
    if (reached(near)) return forward ? first : last;
    if (first === last) continue;
    if (!reached(far)) {
      if (!reached(forward ? low : high)) continue;
      // Where f is constant up to rounding, bounds can no longer tell; its end points can.
      if (high - low <= ROUNDING * (Math.abs(level) + Math.abs(low))) continue;
    }
    const middle = first + Math.floor((last - first) / 2); // exact, unlike half of their sum
    const halves = [
      [first, middle],
      [middle + 1, last],
    ];
    if (forward) halves.reverse();
    stack.push(...halves);
  }
  return null;
}

/** 0, 1 … 2, 2 … 4, 4 … 8, and so on to `end`: an end that two share is worked out once. */
function doublingIntervals(end) {
  const intervals = [[0, 0]];
  for (let first = 1; first <= end; first *= 2) {
    intervals.push([first, Math.min(2 * first, end)]);
  }
  return intervals;
}

// ---------------------------------------------------------------- one run

/** The exact run of gradient descent on a drawn problem: δ(t) = θ(t) − θ*, coordinate by coordinate. */
export function exactRun(modes, settings) {
  const { weight_decay: lambda, learning_rate: eta } = settings;
  const spread = Math.sqrt(settings.init_variance);
  const norm = settings.teacher_norm;
  const rank = modes.curvatures.length;
  const offset = new Float64Array(rank + 2);
  const amplitude = new Float64Array(rank + 2);
  const drop = new Float64Array(rank + 2);
  const trainWeight = new Float64Array(rank + 2);
  const testWeight = new Float64Array(rank + 2).fill(1 / modes.m);
  for (let i = 0; i < rank; i++) {
    const s = modes.curvatures[i];
    const start = spread * modes.start[i];
    const teacher = norm * modes.teacher[i];
    offset[i] = (-lambda * teacher) / (s + lambda);
    amplitude[i] = start - teacher - offset[i];
    drop[i] = eta * (s + lambda);
    trainWeight[i] = s / 2;
  }
  offset[rank] = -norm * modes.unseen_overlap;
  amplitude[rank] = spread * modes.unseen_start;
  drop[rank] = eta * lambda;
  offset[rank + 1] = -norm * modes.unseen_teacher;
  const train = new DecayingForm(drop, [{ offset, amplitude, weight: trainWeight }]);
  const test = new DecayingForm(
    drop,
    [{ offset, amplitude, weight: testWeight }],
    0,
    train.logRates,
  );
  return { rank, train, test };
}

/** Train and test loss at each of `steps`, sharing the exponentials. */
export function curves({ train, test }, steps) {
  const { drop, logRates } = train;
  const losses = { train: new Float64Array(steps.length), test: new Float64Array(steps.length) };
  for (let k = 0; k < steps.length; k++) {
    let trainLoss = 0,
      testLoss = 0;
    for (let j = 0; j < drop.length; j++) {
      const decay = power(drop[j], logRates[j], steps[k]);
      for (let p = 0; p < train.parts.length; p++) {
        const a = train.parts[p],
          b = test.parts[p];
        const seen = a.offset[j] + a.amplitude[j] * decay;
        trainLoss += a.weight[j] * seen * seen;
        const whole = b === a ? seen : b.offset[j] + b.amplitude[j] * decay;
        testLoss += b.weight[j] * whole * whole;
      }
    }
    losses.train[k] = trainLoss + train.constant;
    losses.test[k] = testLoss + test.constant;
  }
  return losses;
}

/** ρ_i^{2t}: the share of the initial distance that is left, per mode and (last) unseen. */
export function sharesLeft({ train, rank }, t) {
  const shares = new Float64Array(rank + 1);
  for (let i = 0; i <= rank; i++) {
    const decay = power(train.drop[i], train.logRates[i], t);
    shares[i] = decay * decay;
  }
  return shares;
}

/** δ(t) = θ(t) − θ* along each eigenvector that the data see, and along the unseen start. */
export function errorAt({ train, rank }, t) {
  const [{ offset, amplitude }] = train.parts;
  const decayed = (j) => offset[j] + amplitude[j] * power(train.drop[j], train.logRates[j], t);
  return Array.from({ length: rank + 1 }, (_, j) => decayed(j));
}

/** The part of the test loss that lies in the unseen subspace at step t. */
export function unseenLoss({ test, rank }, t) {
  const { offset, amplitude, weight } = test.parts[0];
  let total = 0;
  for (const j of [rank, rank + 1]) {
    const delta = offset[j] + amplitude[j] * power(test.drop[j], test.logRates[j], t);
    total += weight[j] * delta * delta;
  }
  return total;
}

/** t1 and t2 as exact integers, or null; `reasons` says why, as in why.js. */
export function grokkingTimes({ train, test }, { train_threshold, test_threshold }) {
  const reasons = [];
  const explain = (kind, threshold, value) => reasons.push({ kind, threshold, value });
  let overfit = lastAtLeast(train, train_threshold);
  if (overfit === null) explain(WHY.trainBelow, train_threshold, null);
  if (overfit === Infinity) {
    const limit = train.at(Infinity);
    explain(limit < train_threshold ? WHY.trainBeyond : WHY.trainNever, train_threshold, limit);
    overfit = null;
  }
  const generalize = firstAtMost(test, test_threshold);
  if (generalize === null) {
    const limit = test.at(Infinity);
    explain(limit < test_threshold ? WHY.testBeyond : WHY.testNever, test_threshold, limit);
  }
  return { overfit, generalize, reasons };
}

/** Why gradient descent cannot run with these settings, or null. */
export function obstacle(modes, { weight_decay, learning_rate }) {
  if (learning_rate * weight_decay >= 1) return { kind: "erases", limit: 1 / weight_decay };
  const limit = stabilityLimit(modes, weight_decay);
  return learning_rate >= limit ? { kind: "diverges", limit } : null;
}

/** 2/(λ + s_max), the learning rate at and beyond which gradient descent diverges. */
export function stabilityLimit(modes, weightDecay) {
  return 2 / (weightDecay + (modes.curvatures.at(-1) ?? 0));
}

// ---------------------------------------------------------------- the paper's bounds

function squaredStart(modes, settings) {
  const seen = modes.start.reduce((sum, a) => sum + a * a, 0);
  return settings.init_variance * (seen + modes.unseen_start ** 2);
}

const logOr = (value) => (value > 0 ? Math.log(value) : -Infinity);

/** The time up to which something is promised: −Infinity says nothing, and Infinity is for ever. */
const atLeast = (logarithm, rate) => {
  if (logarithm < 0) return -Infinity;
  return rate > 0 ? logarithm / rate : Infinity;
};

/** Eqs. (6) and (7): t1 at most, t2 at least. */
export function generalBounds(modes, settings) {
  const { weight_decay: lambda, learning_rate: eta } = settings;
  const level = (6 * NORM_BOUND ** 2 * squaredStart(modes, settings)) / settings.train_threshold;
  const room = ((modes.m - modes.n) * settings.init_variance) / 2;
  const radius = Math.sqrt(settings.test_threshold * modes.m) + settings.teacher_norm;
  return {
    overfitAtMost: Math.max(logOr(level), 0) / (2 * eta * modes.curvatures[0]),
    generalizeAtLeast: atLeast(logOr(room) - 2 * Math.log(radius), 4 * eta * lambda),
  };
}

/** Eq. (8), for isotropic Gaussian features. */
export function gaussianBounds(modes, settings) {
  const { weight_decay: lambda, learning_rate: eta, init_variance: variance } = settings;
  const level = (14 * modes.m * variance) / settings.train_threshold;
  const room = ((modes.m - modes.n) * variance) / (8 * modes.m * settings.test_threshold);
  return {
    overfitAtMost: Math.max(logOr(level), 0) / (2 * eta * modes.curvatures[0]),
    generalizeAtLeast: atLeast(logOr(room), 2.02 * eta * lambda),
  };
}

const ratio = (above, below) => (below > 0 ? above / below : Infinity);

/** Every assumption of Theorems 4.4, 4.5, 4.6, 4.2 and Eq. (8): required, actual, holds. */
export function conditions(modes, settings, failureProbability = FAILURE_PROBABILITY) {
  const { weight_decay: lambda, learning_rate: eta, init_variance: variance } = settings;
  const { train_threshold: epsilon, test_threshold: c, teacher_norm: norm } = settings;
  const { n, m } = modes;
  const meanNorm = modes.curvatures.reduce((sum, s) => sum + s, 0);
  const largest = modes.curvatures.at(-1);
  const start = Math.sqrt(squaredStart(modes, settings));
  const samples =
    ((2048 * (NORM_BOUND * norm) ** 4) / epsilon ** 2) * Math.log(4 / failureProbability);
  const rows = [
    ["4.4", "η < 1/(λ + λmax/n)", 1 / (lambda + largest), eta],
    ["4.4", "λ ≤ 2ε/(3‖θ*‖²)", ratio(2 * epsilon, 3 * norm ** 2), lambda],
    ["4.4", "λ ≤ √(Fε)/(√6 ‖θ*‖)", ratio(Math.sqrt((meanNorm * epsilon) / 6), norm), lambda],
    ["4.4", "‖θ*‖ ≤ ‖θ(0)‖", start, norm],
    ["4.5", "η < 1/λ", ratio(1, lambda), eta],
    ["4.5", "m ≥ n + 32 ln(2/δ)", n + 32 * Math.log(2 / failureProbability), m],
    ["4.5", "m ≥ n + 8‖θ*‖²/ν²", n + ratio(8 * norm ** 2, variance), m],
    ["4.5", "m ≥ n + 8c/(λmin(Σ) ν²)", n + ratio(8 * c * m, variance), m],
    ["4.6", "‖φ(x)‖ ≤ b for every x", NORM_BOUND, Infinity],
    ["4.6", "n ≥ 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), ξ = ε", samples, n],
    ["4.6", "η ≤ 1/(λ + b²)", 1 / (lambda + NORM_BOUND ** 2), eta],
    ["4.2", "c ≥ ε", epsilon, c],
    ["4.2", "η < 1/(λ + b²)", 1 / (lambda + NORM_BOUND ** 2), eta],
    ["4.2", "ηλ ≤ 1/2", 0.5, eta * lambda],
    ["Eq. (8)", "ηλ ≤ 0.01", 0.01, eta * lambda],
    ["Eq. (8)", "mc ≥ ‖θ*‖²", norm ** 2, m * c],
  ];
  return rows.map(([statement, assumption, required, actual]) => ({
    statement,
    assumption,
    required,
    actual,
    holds: holds(assumption, required, actual),
  }));
}

function holds(assumption, required, actual) {
  if (assumption.includes("≥")) return actual >= required;
  return assumption.includes("<") ? actual < required : actual <= required;
}

// ---------------------------------------------------------------- the sharp prediction

/**
 * The Marchenko–Pastur law of the curvatures as nodes and shares, which add up to min(1, m/n).
 * It is smooth in y = √μ, between |1 − √q| and 1 + √q; see spectra.py.
 */
export function isotropicSpectrum(n, m, count, reach) {
  const ratio = n / m;
  const root = Math.sqrt(ratio);
  const low = Math.abs(m - n) / m / (1 + root);
  const width = 2 * Math.min(1, root);
  const step = (2 * reach) / (count - 1);
  const curvature = new Float64Array(count);
  const share = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const z = k * step - reach;
    const below = width / (1 + Math.exp(-z));
    const above = width / (1 + Math.exp(z));
    const y = low + below;
    const product = above * (1 + root + y) * below * (y + low);
    share[k] = (((Math.sqrt(product) / (Math.PI * ratio * y)) * step) / width) * below * above;
    curvature[k] = (y * y) / n;
  }
  return { curvature, share, largest: (1 + root) ** 2 / n };
}

/** The average losses over the Marchenko–Pastur law, or null beyond the stability limit. */
export function sharpRun({ n, m }, settings) {
  const { weight_decay: lambda, learning_rate: eta } = settings;
  const limit = isotropicSpectrum(n, m, QUADRATURE_NODES, QUADRATURE_REACH);
  if (eta * (limit.largest + lambda) >= 2) return null;
  const spread = Math.sqrt(settings.init_variance);
  const teacher = settings.teacher_norm / Math.sqrt(m);
  const size = QUADRATURE_NODES + 1; // the last coordinate is the unseen subspace
  const array = () => new Float64Array(size);
  const drop = array(),
    lost = array();
  const trainWeight = array(),
    testWeight = array();
  const start = { offset: array(), amplitude: array() };
  const taught = { offset: array(), amplitude: array() };
  for (let k = 0; k < QUADRATURE_NODES; k++) {
    const s = limit.curvature[k];
    drop[k] = eta * (s + lambda);
    lost[k] = lambda / (s + lambda);
    trainWeight[k] = (limit.share[k] * n * s) / 2;
    testWeight[k] = (limit.share[k] * n) / m;
    start.amplitude[k] = spread;
    taught.offset[k] = -teacher * lost[k];
    taught.amplitude[k] = (-teacher * s) / (s + lambda);
  }
  const unseen = Math.max(m - n, 0) / m;
  drop[size - 1] = eta * lambda;
  lost[size - 1] = 1;
  testWeight[size - 1] = unseen;
  start.amplitude[size - 1] = spread;
  const parts = (weight) => [
    { ...start, weight },
    { ...taught, weight },
  ];
  const train = new DecayingForm(drop, parts(trainWeight));
  const test = new DecayingForm(drop, parts(testWeight), unseen * teacher ** 2, train.logRates);
  const along = { weight: testWeight, logRate: train.logRates, lost, m };
  const scatter = (step) => spreadAt(step, along, settings.init_variance, teacher ** 2);
  return { rank: QUADRATURE_NODES, train, test, scatter };
}

/**
 * How far test losses of single runs scatter around their mean: the standard deviation over draws
 * divided by it. Along directions with `weight` w m and rate ρ the mean square is
 * ν² ρ^2t + T (l + (1 − l) ρ^t)² for the teacher's T, and its variance twice its square.
 */
export function spreadAt(step, { weight, logRate, lost, m }, variance, teacher) {
  let mean = 0,
    square = 0;
  for (let k = 0; k < weight.length; k++) {
    const power = logRate[k] < 0 ? Math.exp(step * logRate[k]) : 1;
    const off = lost[k] + (1 - lost[k]) * power;
    const along = variance * power * power + teacher * off * off;
    mean += weight[k] * along;
    square += weight[k] * along * along;
  }
  return mean > 0 ? Math.sqrt((2 * square) / m) / mean : 0;
}

/**
 * Whether a typical run is the mean that is predicted.
 * @param {{ spread: number }} prediction
 */
export function isTypical({ spread }) {
  return !(spread > TYPICAL_SPREAD);
}

/** Where the average losses cross ε and c, as real numbers; null with the reason. */
export function sharpTimes(run, settings) {
  const times = grokkingTimes(run, settings);
  const { overfit, generalize } = times;
  const { train_threshold: epsilon, test_threshold: c } = settings;
  if (overfit !== null) times.overfit = crossingNear(run.train, epsilon, overfit, 1);
  if (generalize !== null) times.generalize = crossingNear(run.test, c, generalize, -1);
  return times;
}

/** The real step at which f = level, from `step` to its neighbor, by bisection. */
function crossingNear(form, level, step, direction) {
  const neighbor = step + direction;
  if (neighbor < 0 || form.alternates) return step;
  const excess = form.at(step) - level;
  if (excess === 0 || excess * (form.at(neighbor) - level) > 0) return step;
  let near = step,
    far = neighbor;
  for (let k = 0; k < BISECTIONS; k++) {
    const middle = (near + far) / 2;
    if (excess * (form.at(middle) - level) > 0) near = middle;
    else far = middle;
  }
  return (near + far) / 2;
}

// ---------------------------------------------------------------- drawing a problem

/**
 * Draw a random problem exactly in law, in O(n²) time for any m.
 *
 * The eigenvalues of a Gaussian ΦΦᵀ have the law of a bidiagonal matrix of chi variables
 * (Dumitriu and Edelman, 2002), and the eigenvectors are uniform, so θ(0) and θ* are again
 * Gaussian and uniform in the eigenbasis.
 */
export function drawModes(n, m, seed) {
  const random = new Random(n, m, seed);
  const rank = Math.min(n, m);
  const unseen = m - rank;
  const curvatures = wishartEigenvalues(rank, Math.max(n, m), random).map((mu) => mu / (m * n));
  const normals = () => Float64Array.from({ length: rank }, () => random.normal());
  const start = normals();
  const teacher = normals();
  const overlap = unseen > 0 ? random.normal() : 0;
  const rest = random.chiSquare(unseen - 1);
  const unseenStart = random.chiSquare(unseen);
  const norm = Math.sqrt(teacher.reduce((sum, g) => sum + g * g, overlap ** 2 + rest));
  return {
    n,
    m,
    seed,
    curvatures,
    start,
    teacher: teacher.map((g) => g / norm),
    unseen_start: Math.sqrt(unseenStart),
    unseen_overlap: overlap / norm,
    unseen_teacher: Math.sqrt(rest) / norm,
  };
}

/** Eigenvalues, increasing, of G Gᵀ for a `rank` × `degrees` matrix G of standard normals. */
function wishartEigenvalues(rank, degrees, random) {
  const diagonal = new Float64Array(rank);
  const beside = new Float64Array(rank); // beside[i] couples i and i + 1
  let below = 0; // squared subdiagonal entry of the row above
  for (let i = 0; i < rank; i++) {
    const main = random.chiSquare(degrees - i);
    diagonal[i] = main + below;
    if (i === rank - 1) break;
    below = random.chiSquare(rank - 1 - i);
    beside[i] = Math.sqrt(main * below);
  }
  return tridiagonalEigenvalues(diagonal, beside);
}

/** Eigenvalues, increasing, of a symmetric tridiagonal matrix; overwrites both. */
export function tridiagonalEigenvalues(d, e) {
  diagonalize(d, e);
  const floor = Number.EPSILON * d.reduce((a, b) => Math.max(a, b), 0);
  return d.map((value) => Math.max(value, floor)).sort();
}

/**
 * Turn the diagonal d of a symmetric tridiagonal matrix into its eigenvalues, by the implicit QL
 * algorithm; e[i] couples i and i + 1. `rotate` is told every rotation of the vectors i and i + 1.
 */
export function diagonalize(d, e, rotate = (_i, _cosine, _sine) => {}) {
  const size = d.length;
  for (let l = 0; l < size; l++) {
    for (;;) {
      let split = l;
      while (split < size - 1) {
        const scale = Math.abs(d[split]) + Math.abs(d[split + 1]);
        if (Math.abs(e[split]) <= Number.EPSILON * scale) break;
        split++;
      }
      if (split === l) break;
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.sqrt(g * g + 1);
      g = d[split] - d[l] + e[l] / (g + (g < 0 ? -r : r));
      let sine = 1,
        cosine = 1,
        p = 0,
        i;
      for (i = split - 1; i >= l; i--) {
        const f = sine * e[i],
          b = cosine * e[i];
        r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= p;
          e[split] = 0;
          break;
        }
        sine = f / r;
        cosine = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * sine + 2 * cosine * b;
        p = sine * r;
        d[i + 1] = g + p;
        g = cosine * r - b;
        rotate(i, cosine, sine);
      }
      if (r === 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[split] = 0;
    }
  }
}
