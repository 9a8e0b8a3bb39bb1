// From settings and a training to everything that the explorer draws and says; no DOM.

/** @import { ModularAnalysis, Reason, Settings, Times } from "../types" */
/** @import { Run } from "./trainer.js" */

import { horizonFor, logSteps, roundUp } from "../steps.js";
import { WHY } from "../why.js";

const CURVE_POINTS = 200; // along each axis of steps
/** @type {Times} */
const NOTHING = { overfit: null, generalize: null, reasons: [] };

/**
 * The run as far as it has come; `training` is null where one step would erase the weights.
 * @param {Settings} settings
 * @param {Run | null} training
 * @param {number | null} held The last step of an axis that holds still unless the run leaves it.
 * @returns {ModularAnalysis}
 */
export function analyze(settings, training, held = null) {
  const last = settings.n_steps;
  const horizon = horizonFor(held, last, last);
  const base = { settings, training, layers: {}, times: NOTHING, accurate: NOTHING, horizon };
  if (!training) return { ...base, stop: { kind: "erases" }, run: null };
  const { phase, done, losses, accuracies } = training;
  if (done < 0) return { ...base, stop: { kind: "starting" }, pending: true, run: null };
  const at = (curve, step) => (step <= done ? curve[step] : Number.NaN);
  const run = {
    train: { at: (step) => at(losses.train, step) },
    test: { at: (step) => at(losses.test, step) },
    accuracyAt: (set, step) => at(accuracies[set], Math.min(step, done)),
  };
  const steps = curveSteps(done);
  const along = (curve) => Float64Array.from(steps, (step) => curve[step]);
  const times = phase === "diverged" ? NOTHING : timesByAccuracy(training, settings);
  return {
    ...base,
    run,
    times,
    accurate: times,
    stop: phase === "diverged" ? { kind: "diverges", step: done } : null,
    pending: phase === "training",
    front: done,
    horizon: phase === "diverged" ? roundUp(Math.max(done, 10)) : horizon,
    steps,
    train: along(losses.train),
    test: along(losses.test),
    accuracy: { train: along(accuracies.train), test: along(accuracies.test) },
  };
}

/** Steps to draw: dense enough on both axes of steps. */
function curveSteps(done) {
  const all = new Set(logSteps(done, CURVE_POINTS));
  for (let k = 0; k <= CURVE_POINTS; k++) all.add(Math.round((k * done) / CURVE_POINTS));
  return Float64Array.from([...all].sort((a, b) => a - b));
}

/**
 * t1, the last step with training accuracy below its level, and t2, the first with test accuracy of
 * at least its level, as in grokedu/explorers/modular.py. As long as it trains t1 is unknown.
 * @param {Run} training
 * @param {Settings} settings
 * @returns {Times}
 */
function timesByAccuracy({ phase, done, accuracies }, { train_level, test_level }) {
  /** @type {Reason[]} */
  const reasons = [];
  const explain = (kind, threshold, value) => reasons.push({ kind, threshold, value });
  let generalize = 0;
  while (generalize <= done && !(accuracies.test[generalize] >= test_level)) generalize++;
  if (generalize > done) generalize = null;
  if (phase === "training") return { overfit: null, generalize, reasons };
  let overfit = done;
  while (overfit >= 0 && accuracies.train[overfit] >= train_level) overfit--;
  if (overfit < 0) explain(WHY.trainAccurate, train_level, null);
  else if (overfit === done) explain(WHY.trainAccuracyRunEnds, train_level, done);
  if (generalize === null) {
    if (Number.isNaN(accuracies.test[0])) explain(WHY.testEmpty, test_level, null);
    else explain(WHY.testAccuracyRunEnds, test_level, done);
  }
  const settled = overfit >= 0 && overfit < done;
  return { overfit: settled ? overfit : null, generalize, reasons };
}
