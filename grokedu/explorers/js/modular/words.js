// The sentences and the table of the explorer of modular addition; no DOM.

import {
  count,
  duration,
  erasedSentence,
  percent,
  plain,
  reasonsInWords,
  reasonWords,
  row,
  short,
  steps,
} from "../words.js";
import { answerOf } from "./math.js";

/** @import { ModularAnalysis } from "../types" */
/** @import { Snapshot } from "./math.js" */

/**
 * What happened, in words.
 * @param {ModularAnalysis & { paused?: boolean }} analysis
 */
export function sentence({ settings, training, stop, pending, paused, times }) {
  if (stop?.kind === "erases") return erasedSentence(settings);
  if (stop?.kind === "starting") return "Your browser draws the network …";
  if (stop) {
    return `η = ${plain(settings.learning_rate)} is too large for this network: its loss grew without bound and overflowed at step ${count(stop.step)}, so t₁ and t₂ do not exist. Choose a smaller learning rate or start scale.`;
  }
  const cells = training.p ** 2;
  const seen = total(training.seen);
  if (pending) {
    const start = `The network learns ${seen} of ${cells} sums, by ${steps(training.last)} of gradient descent.`;
    return paused ? `${start} Training is paused at step ${count(training.done)}.` : start;
  }
  const outcome = outcomeSentence(settings, times, seen);
  if (settings.init_scale > 0) return outcome;
  return `All weights start at 0, where the gradient is 0 too: nothing is ever learned. ${outcome}`;
}

/**
 * @param {import("../types").Settings} levels
 * @param {import("../types").Times} times
 * @param {number} seen
 */
function outcomeSentence({ train_level, test_level }, { overfit, generalize, reasons }, seen) {
  const why = (set) => {
    const words = reasonWords(reasons.find(({ kind }) => kind.startsWith(set)));
    return `The ${words}`;
  };
  const learned =
    train_level === 1 ? `All ${seen} training cells` : `${percent(train_level)} of training cells`;
  const start =
    overfit === null ? `${why("train")}.` : `${learned} are right after step ${count(overfit)}.`;
  if (generalize === null) return `${start} ${why("test")}.`;
  const end = `${percent(test_level)} of the other cells are right`;
  const delay = generalize - overfit;
  if (overfit === null) return `${start} ${end} at step ${count(generalize)}.`;
  if (delay <= 0) return `${start} ${end} at step ${count(generalize)}: no delay, no grokking.`;
  if (delay <= overfit)
    return `${start} ${end} at step ${count(generalize)}, ${steps(delay)} later.`;
  const ratio =
    overfit > 0 ? `, ${short(delay / overfit)} times as long as it took to overfit` : "";
  return `${start} ${end} only at step ${count(generalize)}: a delay of ${steps(delay)}${ratio}.`;
}

/** The rows of the table: label, t1, t2, delay. */
export function tableRows({ times, pending }, python) {
  const rows = [row("your browser", { ...times, pending })];
  if (python) rows.push(row("Python", python));
  return rows;
}

/** What the last run in Python has to say about itself. */
export function runSentence(run, times, when = "") {
  const ran = `Python (numba): ${steps(run.n_steps)} in ${duration(run.seconds)}${when}`;
  if (run.diverged) return `${ran}, where the losses overflowed.`;
  const outcome = reasonsInWords(times, "both times were reached");
  return `${ran}${run.stopped ? ", then stopped" : ""}: ${outcome}.`;
}

/**
 * How many cells are right.
 * @param {Snapshot} snapshot
 * @param {Uint8Array} seen
 * @param {number} p
 */
export function tableSentence({ step, guesses }, seen, p) {
  const right = [0, 0];
  guesses.forEach((guess, cell) => {
    if (guess === answerOf(cell, p)) right[seen[cell]]++;
  });
  const trained = total(seen);
  const others = seen.length - trained;
  const test = others ? `${right[0]} of ${others} others` : "there are no others";
  return `Step ${count(step)}: ${right[1]} of ${trained} training cells are right, ${test}.`;
}

/** One cell: the sum, and what the network takes it for. */
export function cellSentence(cell, guess, seen, p) {
  const [a, b] = [Math.floor(cell / p), cell % p];
  const answer = answerOf(cell, p);
  const sum = a + b === answer ? `${a} + ${b} = ${answer}` : `${a} + ${b} = ${a + b} ≡ ${answer}`;
  const verdict = guess === answer ? "right" : `wrong, it says ${guess}`;
  return `${sum}: the network is ${verdict}. ${seen ? "Trained on." : "Not trained on."}`;
}

/**
 * How many neurons have which frequency, and how clearly.
 * @param {Snapshot} snapshot
 * @param {number[]} counts By frequency.
 */
export function neuronSentence({ step, shares }, counts) {
  const groups = counts.flatMap((number, k) => (number ? [`${k} (${number})`] : []));
  if (!groups.length) return `At step ${count(step)} all weights are 0: no neuron has a frequency.`;
  const ordered = Float32Array.from(shares).sort();
  const middle = ordered[Math.floor(ordered.length / 2)];
  return `At step ${count(step)} half of the neurons have at least ${percent(middle)} of their spectrum at one frequency. Neurons by frequency: ${groups.join(", ")}.`;
}

function total(marks) {
  return marks.reduce((sum, mark) => sum + mark, 0);
}
