// From settings and a training to everything that the explorer draws and says; no DOM.

/** @import { NetworkAnalysis, Settings } from "../types" */

import { horizonFor, LAST_STEP, logSteps, roundUp } from "../steps.js";

const CURVE_POINTS = 300;
const NOTHING = { overfit: null, generalize: null, reasons: [] };

/**
 * The run as far as it has come; `training` is null where one step would erase the weights.
 * @param {Settings} settings
 * @param {number | null} held The last step of an axis that holds still unless the run leaves it.
 * @returns {NetworkAnalysis}
 */
export function analyze(settings, network, training, held = null) {
  const base = { settings, network, training, layers: {}, tail: null, pending: false };
  if (!training) {
    return { ...base, stop: { kind: "erases" }, times: NOTHING, horizon: held ?? 1000, run: null };
  }
  const { phase, last } = training;
  const stop = phase === "diverged" ? { kind: "diverges", step: training.step } : null;
  const pending = phase === "fitting";
  const times = stop || pending ? NOTHING : training.times(settings);
  const needed = Math.max(times.overfit ?? 0, times.generalize ?? 0, pending ? last.step : 0);
  const fitting = stop ? roundUp(Math.max(training.step, 10)) : niceHorizon(training, times);
  const horizon = horizonFor(held, needed, fitting);
  const run = { train: { at: (t) => training.train(t) }, test: { at: (t) => training.test(t) } };
  const steps = [...new Set(logSteps(Math.min(last.step, horizon), CURVE_POINTS))];
  /** @type {NetworkAnalysis} */
  const result = { ...base, stop, pending, times, horizon, run, steps, ...losses(training, steps) };
  if (!stop && training.fitted && last.step < horizon) {
    const later = logSteps(horizon, CURVE_POINTS).filter((step) => step > last.step);
    const tail = [last.step, ...later];
    result.tail = { steps: tail, ...losses(training, tail) };
  }
  return result;
}

function losses(training, steps) {
  return {
    train: Array.from(steps, (step) => training.train(step)),
    test: Array.from(steps, (step) => training.test(step)),
  };
}

/** A round number of steps that shows t1, t2 and some of what follows. */
function niceHorizon({ step, last, fitted }, { overfit, generalize }) {
  const ends = [50, 1.3 * (overfit ?? 0), 1.3 * (generalize ?? 0)];
  if (generalize === null) ends.push(fitted ? 4 * last.step : step);
  return Math.min(roundUp(Math.max(...ends)), LAST_STEP);
}
