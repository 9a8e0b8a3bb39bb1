// From settings and a problem to everything that the explorer draws and says; no DOM.

import { roundUp } from "../steps.js";
import {
  conditions,
  curves,
  exactRun,
  gaussianBounds,
  generalBounds,
  grokkingTimes,
  logSteps,
  obstacle,
  sharpRun,
  sharpTimes,
} from "./math.js";

export const CURVE_POINTS = 300;
const SHARP_POINTS = 120;
const BLOW_UP = 1e6; // a diverging run is shown until its loss has grown by this factor

/** The exact run with its curves and times, and whichever layers of theory are switched on. */
export function analyze(settings, modes, layers) {
  const stop = obstacle(modes, settings);
  const empty = { overfit: null, generalize: null, reasons: [] };
  if (stop?.kind === "erases") {
    return { settings, modes, stop, times: empty, layers: {}, horizon: 1000, run: null };
  }
  const run = exactRun(modes, settings);
  const times = stop ? empty : grokkingTimes(run, settings);
  const horizon = stop ? blowUpStep(run) : niceHorizon(times, settings);
  const steps = logSteps(horizon, CURVE_POINTS);
  const result = { settings, modes, stop, run, times, horizon, steps, ...curves(run, steps) };
  result.layers = stop ? {} : theory(settings, modes, layers, horizon);
  return result;
}

function theory(settings, modes, layers, horizon) {
  const result = {};
  if (layers.includes("sharp")) {
    const run = sharpRun(modes, settings);
    if (run) {
      const steps = logSteps(horizon, SHARP_POINTS);
      result.sharp = { steps, ...curves(run, steps), times: sharpTimes(run, settings) };
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
    result.theorem = { ...bounds, conditions: needed("4.4", "4.5", "4.6", "4.2") };
  }
  if (layers.includes("gaussian")) {
    const bounds = gaussianBounds(modes, settings);
    result.gaussian = { ...bounds, conditions: needed("4.4", "4.5", "Eq. (8)") };
  }
  return result;
}

/** A round number of steps that shows t1, t2 and what follows, and moves little with a slider. */
function niceHorizon({ overfit, generalize }, { learning_rate, weight_decay }) {
  const ends = [50, 4 * (overfit ?? 0), 4 * (generalize ?? 0)];
  if (generalize === null) ends.push(4 / (learning_rate * weight_decay));
  return roundUp(Math.max(...ends));
}

function blowUpStep({ train }) {
  const fastest = Math.max(...train.logRates);
  const steps = Math.log(BLOW_UP) / (2 * Math.max(fastest, 1e-9));
  return roundUp(Math.min(Math.max(steps, 10), 1e6));
}
