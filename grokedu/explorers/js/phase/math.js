// The map of predicted times over two settings: plain numbers and typed arrays, no DOM.
//
// The same formulas as grokedu.predictions.phase_diagram and grokedu/explorers/phase.py;
// tests/test_phase_explorer.py compares the two.

import {
  conditions,
  gaussianBounds,
  isotropicSpectrum,
  isTypical,
  spreadAt,
} from "../ridge/math.js";

/** @import { Modes, PhaseCell, PhaseTimes, Settings } from "../types" */
/** @import { Setting } from "../numbers.js" */

export const AXES = [
  "weight_decay",
  "init_variance",
  "n_samples",
  "learning_rate",
  "train_threshold",
  "test_threshold",
];
export const COLUMNS = 61;
export const ROWS = 31;
const NODES = 112;
const REACH = 20;
const GONE = -45; // e^−45 is nothing beside what is left
const MOST_STEPS = 200;
const ACCURACY = 1e-8;

// ---------------------------------------------------------------- one cell

/** @type {Map<string, ReturnType<typeof isotropicSpectrum>>} */
const spectra = new Map();

function spectrumOf(n, m) {
  const key = `${n},${m}`;
  if (!spectra.has(key)) {
    if (spectra.size > 2 * COLUMNS) spectra.clear();
    spectra.set(key, isotropicSpectrum(n, m, NODES, REACH));
  }
  return spectra.get(key);
}

const logRate = new Float64Array(NODES + 1);
const lost = new Float64Array(NODES + 1);
const trainWeight = new Float64Array(NODES + 1);
const testWeight = new Float64Array(NODES + 1);

/**
 * t1 and t2 of a typical run, as real numbers: NaN where they do not exist or nothing can run,
 * Infinity where a loss never comes down to its threshold.
 * @param {Settings} settings
 * @returns {PhaseCell}
 */
export function typicalTimes(settings) {
  const { n_samples: n, n_features: m, weight_decay: lambda, learning_rate: eta } = settings;
  const { curvature, share, largest } = spectrumOf(n, m);
  if (eta * (lambda + largest) >= 2 || eta * lambda >= 1) {
    return { overfit: NaN, generalize: NaN, spread: NaN };
  }
  for (let k = 0; k < NODES; k++) {
    const s = curvature[k];
    logRate[k] = Math.log(Math.max(Math.abs(1 - eta * (s + lambda)), 1e-300));
    lost[k] = lambda / (s + lambda);
    trainWeight[k] = (n * share[k] * s) / 2;
    testWeight[k] = (share[k] * n) / m;
  }
  logRate[NODES] = Math.log1p(-eta * lambda);
  lost[NODES] = 1;
  trainWeight[NODES] = 0;
  testWeight[NODES] = Math.max(m - n, 0) / m;
  const variance = settings.init_variance;
  const teacher = settings.teacher_norm ** 2 / m;
  const overfit = crossing(trainWeight, variance, teacher, settings.train_threshold, NaN);
  const generalize = crossing(testWeight, variance, teacher, settings.test_threshold, 0);
  const along = { weight: testWeight, logRate, lost, m };
  return { overfit, generalize, spread: spreadAt(generalize, along, variance, teacher) };
}

/**
 * Where Σ w [ν² ρ^2t + T (l + (1 − l) ρ^t)²] comes down to `level`; `below` for a start below it.
 * The logarithm of such a sum is convex in t, so Newton's method comes from the left.
 */
function crossing(weight, variance, teacher, level, below) {
  let start = 0,
    end = 0,
    step = 0;
  for (let k = 0; k <= NODES; k++) {
    start += weight[k] * (variance + teacher);
    end += weight[k] * (teacher * lost[k] ** 2 + (logRate[k] < 0 ? 0 : variance));
    const alone = weight[k] * variance; // it is below the sum, and so is its crossing before
    if (alone > level && logRate[k] < 0) {
      step = Math.max(step, Math.log(level / alone) / (2 * logRate[k]));
    }
  }
  if (start <= level) return start < level ? below : 0;
  if (end >= level) return Infinity;
  for (let i = 0; i < MOST_STEPS; i++) {
    let loss = 0,
      slope = 0;
    for (let k = 0; k <= NODES; k++) {
      const exponent = step * logRate[k];
      if (exponent < GONE) {
        loss += weight[k] * teacher * lost[k] ** 2;
        continue;
      }
      const power = Math.exp(exponent);
      const off = lost[k] + (1 - lost[k]) * power;
      const kept = variance * power * power;
      loss += weight[k] * (kept + teacher * off * off);
      slope += 2 * weight[k] * logRate[k] * (kept + teacher * off * (1 - lost[k]) * power);
    }
    const forward = (-Math.log(loss / level) * loss) / slope;
    step += forward;
    if (!(forward > ACCURACY * step)) break;
  }
  return step;
}

/**
 * Whether both times exist, the later one later.
 * @param {PhaseTimes} times
 */
export function groks({ overfit, generalize }) {
  return Number.isFinite(overfit) && Number.isFinite(generalize) && generalize > overfit;
}

/**
 * What a map shows of a cell.
 * @param {PhaseTimes} times
 * @param {string} quantity
 */
function shownOf({ overfit, generalize }, quantity) {
  if (quantity === "delay") return generalize - overfit;
  return quantity === "t2" ? generalize : generalize / overfit;
}

/**
 * The delay that Eq. (8) of the paper promises for a typical draw: 0 where its conditions fail or
 * its bounds overlap.
 * @param {Settings} settings
 */
export function certifiedDelay(settings) {
  const { n_samples: n, n_features: m } = settings;
  if (n >= m) return 0;
  // What the bound reads off a draw: the edges of the spectrum, F = Σ s = 1, and ‖θ(0)‖² = mν².
  const root = Math.sqrt(n / m);
  const [smallest, largest] = [(1 - root) ** 2 / n, (1 + root) ** 2 / n];
  /** @type {Modes} */
  const typical = {
    n,
    m,
    curvatures: [smallest, 1 - smallest - largest, largest],
    start: [],
    teacher: [],
    unseen_start: Math.sqrt(m),
    unseen_overlap: 0,
    unseen_teacher: 0,
  };
  const { overfitAtMost, generalizeAtLeast } = gaussianBounds(typical, settings);
  if (!(generalizeAtLeast > overfitAtMost)) return 0;
  const needed = ["4.4", "4.5", "Eq. (8)"];
  const rows = conditions(typical, settings).filter(({ statement }) => needed.includes(statement));
  return rows.every(({ holds }) => holds) ? generalizeAtLeast - overfitAtMost : 0;
}

// ---------------------------------------------------------------- the map

/**
 * The values of a setting that a map shows: its whole range, in round numbers.
 * @param {Setting} setting
 */
function cellsOf({ low, high, scale, whole }, count) {
  return Float64Array.from({ length: count }, (_, k) => {
    const place = k / (count - 1);
    if (scale === "log") return Number((low * (high / low) ** place).toPrecision(3));
    const value = low + (high - low) * place;
    return whole ? Math.round(value) : value;
  });
}

/** The cells, coarse ones first: [index, ...], so that half a map shows all of it. */
const ORDER = (() => {
  const order = [];
  const known = new Uint8Array(COLUMNS * ROWS);
  for (const stride of [4, 2, 1]) {
    for (let row = 0; row < ROWS; row += stride) {
      for (let column = 0; column < COLUMNS; column += stride) {
        const cell = row * COLUMNS + column;
        if (!known[cell]) order.push(cell);
        known[cell] = 1;
      }
    }
  }
  return Uint16Array.from(order);
})();
const countOf = (stride) => Math.ceil(COLUMNS / stride) * Math.ceil(ROWS / stride);

/** A map that is computed bit by bit: rows from low to high, cell by cell. */
export class PhaseMap {
  /**
   * @param {Settings} settings
   * @param {Setting[]} table
   * @param {string[]} axes
   */
  constructor(settings, table, axes) {
    this.settings = { ...settings };
    this.axes = axes.map((axis) => table.find(({ name }) => name === axis));
    this.x = cellsOf(this.axes[0], COLUMNS);
    this.y = cellsOf(this.axes[1], ROWS);
    this.overfit = new Float64Array(COLUMNS * ROWS);
    this.generalize = new Float64Array(COLUMNS * ROWS);
    this.certified = new Uint8Array(COLUMNS * ROWS);
    this.untypical = new Uint8Array(COLUMNS * ROWS);
    this.done = 0;
  }

  get isDone() {
    return this.done === ORDER.length;
  }

  /** Go on until `isLate` says so, but for all coarse cells at least. */
  advance(isLate) {
    const [across, along] = this.axes.map(({ name }) => name);
    while (!this.isDone && (this.done < countOf(4) || this.done % 16 || !isLate())) {
      const cell = ORDER[this.done++];
      this.settings[across] = this.x[cell % COLUMNS];
      this.settings[along] = this.y[Math.floor(cell / COLUMNS)];
      const times = typicalTimes(this.settings);
      const { overfit, generalize } = times;
      this.untypical[cell] = isTypical(times) ? 0 : 1;
      this.overfit[cell] = overfit;
      this.generalize[cell] = generalize;
      const certain = !Number.isNaN(overfit) && certifiedDelay(this.settings) > 0;
      this.certified[cell] = certain ? 1 : 0;
    }
  }

  /** The nearest cell that is known. */
  known(cell) {
    if (this.isDone) return cell;
    const stride = this.done >= countOf(2) ? 2 : 4;
    const column = cell % COLUMNS;
    const row = (cell - column) / COLUMNS;
    return (row - (row % stride)) * COLUMNS + column - (column % stride);
  }

  /**
   * The number to be shown for each cell, NaN where nothing groks.
   * @param {string} quantity
   */
  values(quantity) {
    return Float64Array.from(this.overfit, (_, cell) => {
      const near = this.known(cell);
      const times = { overfit: this.overfit[near], generalize: this.generalize[near] };
      return groks(times) ? shownOf(times, quantity) : NaN;
    });
  }
}
