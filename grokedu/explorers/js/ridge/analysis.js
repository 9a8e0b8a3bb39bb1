// From settings and a problem to everything that the explorer draws and says; no DOM.

import { horizonFor, LAST_STEP, logSteps, roundUp } from "../steps.js";
/** @import { Layers, Modes, RidgeAnalysis, Settings, Times } from "../types" */

import {
  conditions,
  curves,
  exactRun,
  FAILURE_PROBABILITY,
  gaussianBounds,
  generalBounds,
  grokkingTimes,
  obstacle,
  sharpRun,
  sharpTimes,
} from "./math.js";

export const CURVE_POINTS = 300;
const SHARP_POINTS = 120;
/** @type {Times} */
const NO_TIMES = { overfit: null, generalize: null, reasons: [] };
const BLOW_UP = 1e6; // a diverging run is shown until its loss has grown by this factor

/**
 * The exact run with its curves and times, and whichever layers of theory are switched on.
 * @param {Settings} settings
 * @param {Modes} modes
 * @param {string[]} layers
 * @param {number | null} held The last step of an axis that holds still unless t1 or t2 leave it.
 * @returns {RidgeAnalysis}
 */
export function analyze(settings, modes, layers, held = null) {
  const stop = obstacle(modes, settings);
  if (stop?.kind === "erases") {
    return { settings, modes, stop, times: NO_TIMES, layers: {}, horizon: held ?? 1000, run: null };
  }
  const run = exactRun(modes, settings);
  const times = stop ? NO_TIMES : grokkingTimes(run, settings);
  const needed = Math.max(times.overfit ?? 0, times.generalize ?? 0);
  const horizon = horizonFor(held, needed, stop ? blowUpStep(run) : niceHorizon(times, run));
  const steps = logSteps(horizon, CURVE_POINTS);
  const shown = stop ? {} : theory(settings, modes, layers, horizon);
  const drawn = { horizon, steps, ...curves(run, steps) };
  return { settings, modes, stop, run, times, layers: shown, ...drawn };
}

/** @returns {Layers} */
function theory(settings, modes, layers, horizon) {
  /** @type {Layers} */
  const result = {};
  if (layers.includes("sharp")) {
    const run = sharpRun(modes, settings);
    if (run) {
      const steps = logSteps(horizon, SHARP_POINTS);
      const times = sharpTimes(run, settings);
      const spread = run.scatter(times.generalize ?? Infinity);
      result.sharp = { steps, ...curves(run, steps), times, spread };
    } else {
      result.sharp = null;
    }
  }
  const rows = conditions(modes, settings);
  // Theorem 4.2 asks for a little more of η than 4.6, which need not be said twice.
  const repeated = (row) => row.statement === "4.6" && row.assumption.startsWith("η");
  const needed = (...names) =>
    rows.filter((row) => names.includes(row.statement) && !repeated(row));
  if (layers.includes("theorem")) {
    const bounds = generalBounds(modes, settings);
    result.theorem = judged(bounds, needed("4.4", "4.5", "4.6", "4.2"));
  }
  if (layers.includes("gaussian")) {
    const bounds = gaussianBounds(modes, settings);
    result.gaussian = judged(bounds, needed("4.4", "4.5", "Eq. (8)"));
  }
  return result;
}

/** A bound with its conditions; a bound whose conditions fail is a formula without a promise. */
function judged(bounds, conditions) {
  const valid = conditions.every(({ holds }) => holds);
  return { ...bounds, conditions, valid, failureProbability: FAILURE_PROBABILITY };
}

/** A round number of steps that shows t1, t2 and what follows, and moves little with a slider. */
function niceHorizon({ overfit, generalize }, run) {
  const ends = [50, 4 * (overfit ?? 0), 4 * (generalize ?? 0)];
  if (generalize === null) ends.push(4 * lifetime(run));
  return Math.min(roundUp(Math.max(...ends)), LAST_STEP);
}

/** In how many steps the slowest part of the start that is forgotten at all shrinks by 1/e. */
function lifetime({ train, test }) {
  const moving = [...train.drop].filter((drop, j) => drop > 0 && test.parts[0].amplitude[j] !== 0);
  return moving.length ? 1 / Math.min(...moving) : 0;
}

function blowUpStep({ train }) {
  const fastest = Math.max(...train.logRates);
  const steps = Math.log(BLOW_UP) / (2 * Math.max(fastest, 1e-9));
  return roundUp(Math.min(Math.max(steps, 10), 1e6));
}
