// The sentences and the table of the network explorer; no DOM.

import {
  count,
  duration,
  erasedSentence,
  outcomeSentence,
  percent,
  plain,
  reasonsInWords,
  row,
  short,
  steps,
} from "../words.js";
import { flipped, LAYERS, MOST_STEPS } from "./math.js";

/** What happened, in words. */
export function sentence({ settings, training, stop, pending, times }) {
  if (stop?.kind === "erases") return erasedSentence(settings);
  if (stop) {
    return `η = ${plain(settings.learning_rate)} is too large for this network: its loss grew without bound and overflowed at step ${count(stop.step)}, so t₁ and t₂ do not exist. Choose a smaller learning rate.`;
  }
  if (pending)
    return `Training the network: ${steps(training.step)} so far, of about ${count(MOST_STEPS)} at most.`;
  return outcomeSentence(settings, times);
}

/** The late stage: its measured rate against 2kηλ. */
export function lawSentence({ training, stop, pending }) {
  if (stop || pending) return "";
  if (!training.fitted) {
    return `After ${steps(training.step)} of simulation the data are not yet fitted, so the late stage has not begun.`;
  }
  if (training.decay === 0) {
    return `The data are fitted after ${steps(training.last.step)} of simulation. Without weight decay (λ = 0) nothing shrinks from there: both losses stay (dashed).`;
  }
  const start = `The data are fitted after ${steps(training.last.step)} of simulation. From there all weights shrink alike, and both losses follow the law of the late stage (dashed).`;
  if (training.rate === null) return start;
  const when = training.settled ? "" : ", where the fit is still settling";
  return `${start} Its rate, measured over further simulated steps${when}: ${rateInUnits(training)} ηλ; the law says 2kηλ = ${2 * LAYERS} ηλ for k = ${LAYERS} layers.`;
}

/** The measured rate in units of ηλ. */
function rateInUnits({ rate, decay }) {
  return (rate / decay).toFixed(3);
}

/** The neurons at the scrubbed step. */
export function momentSentence(losses, step, neurons, start) {
  const m = neurons.counts.length,
    n = neurons.active.length / m;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const off = neurons.counts.reduce((total, value) => total + (value === 0), 0);
  const strength = sum(neurons.strengths) / sum(start.strengths);
  const each = short(sum(neurons.counts) / n);
  return `At step ${count(step)}: training loss ${plain(losses.train)}, test loss ${plain(losses.test)}. The neurons keep ${percent(strength)} of their strength. An input switches on ${each} of ${m} neurons on average; ${off || "none"} ${off === 1 ? "is" : "are"} off for all ${n} inputs; ${percent(flipped(start.active, neurons.active))} of all switches have flipped since the start.`;
}

/** The rows of the table. */
export function tableRows({ times, training, pending }, python) {
  const note = times.byLaw
    ? `t₂ by the law of the late stage: simulated are the first ${steps(training.last.step)}.`
    : "";
  const rows = [row("your browser", { ...times, pending }, note)];
  if (python) rows.push(row("Python", python));
  return rows;
}

/** What the last run in Python has to say about itself. */
export function runSentence(run, times, when = "") {
  const ran = `Python (numba): ${steps(run.n_steps)} of simulation in ${duration(run.seconds)}${when}`;
  if (run.diverged) return `${ran}, where the losses overflowed.`;
  const outcome = reasonsInWords(times, "both times were reached");
  if (run.stopped) return `${ran}, then stopped: ${outcome}.`;
  if (!run.complete) return `${ran}, the limit of one run: ${outcome}.`;
  return `${ran}, then the law.`;
}
