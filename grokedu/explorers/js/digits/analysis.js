// From settings and a drawn problem to everything that the explorer draws and says; no DOM.

/** @import { DigitImages, DigitProblem, DigitsAnalysis, Settings, Times } from "../types" */

import { grokkingTimes, obstacle } from "../ridge/math.js";
import { horizonFor, LAST_STEP, logSteps, roundUp } from "../steps.js";
import { accuracyTimes, curves, exactRun } from "./math.js";

const CURVE_POINTS = 100;
/** @type {Times} */
const NO_TIMES = { overfit: null, generalize: null, reasons: [] };

/**
 * The exact run with its curves, outputs and times; `problem` is null while it is being drawn.
 * @param {Settings} settings
 * @param {DigitImages} images
 * @param {DigitProblem | null} problem
 * @param {number | null} held The last step of an axis that holds still unless a time leaves it.
 * @returns {DigitsAnalysis}
 */
export function analyze(settings, images, problem, held = null) {
  const stop = problem ? obstacle(problem, settings) : { kind: "drawing" };
  const base = { settings, images, problem, stop, layers: {} };
  if (stop) {
    const horizon = held ?? 10 ** 6;
    return { ...base, times: NO_TIMES, accurate: NO_TIMES, horizon, run: null };
  }
  const run = exactRun(problem, settings);
  const times = grokkingTimes(run, settings);
  const accurate = accuracyTimes(run.images, settings);
  const ends = [times, accurate].flatMap((both) => [both.overfit ?? 0, both.generalize ?? 0]);
  const needed = Math.max(...ends);
  const waits = times.generalize === null || accurate.generalize === null;
  const whole = waits ? 4 * lifetime(problem, settings) : 0;
  const fitting = Math.min(roundUp(Math.max(50, 4 * needed, whole)), LAST_STEP);
  const horizon = horizonFor(held, needed, fitting);
  const steps = logSteps(horizon, CURVE_POINTS);
  return { ...base, run, times, accurate, horizon, steps, ...curves(run, steps) };
}

/** In how many steps the slowest part of the start that is forgotten at all shrinks by 1/e. */
function lifetime({ curvatures }, { weight_decay, learning_rate }) {
  return 1 / (learning_rate * (weight_decay || curvatures[0]));
}
