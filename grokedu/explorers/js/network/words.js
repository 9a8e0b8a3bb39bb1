// The sentences and the table of the network explorer; no DOM.

import {
  count,
  duration,
  erasedSentence,
  outcomeSentence,
  percent,
  plain,
  row,
  short,
} from "../words.js";
import { flipped, LAYERS, MOST_STEPS } from "./math.js";

const ENDS = ", where the simulation ends";

/** What happened, in words. */
export function sentence({ settings, training, stop, pending, times }) {
  if (stop?.kind === "erases") return erasedSentence(settings);
  if (stop) {
    return `η = ${plain(settings.learning_rate)} is too large for this network: its loss grew without bound and overflowed at step ${count(stop.step)}, so t₁ and t₂ do not exist. Choose a smaller learning rate.`;
  }
  if (pending)
    return `Training the network: ${count(training.step)} steps so far, of about ${count(MOST_STEPS)} at most.`;
  const epsilon = plain(settings.train_threshold),
    c = plain(settings.test_threshold);
  const reasons = times.reasons.map(({ loss, after }) => {
    if (after === null) return `training loss is below ε = ${epsilon} at every step`;
    const [name, level] = loss === "train" ? ["training", `ε = ${epsilon}`] : ["test", `c = ${c}`];
    return `${name} loss is still above ${level} after ${count(after)} steps${ENDS}`;
  });
  const said = outcomeSentence(settings, times, reasons);
  // A simulation that ends too early says nothing about what would have come.
  return reasons.some((reason) => reason.endsWith(ENDS))
    ? said
        .replace("so t₁ does not exist", "so t₁ is not known")
        .replace("so t₂ does not exist", "so t₂ is not known")
        .replace("neither t₁ nor t₂ exists", "neither t₁ nor t₂ is known")
    : said;
}

/** The late stage: its measured rate against 2kηλ. */
export function lawSentence({ training, stop, pending }) {
  if (stop || pending) return "";
  if (!training.fitted) {
    return `After ${count(training.step)} simulated steps the data are not yet fitted, so the late stage has not begun.`;
  }
  const start = `The data are fitted after ${count(training.last.step)} simulated steps. From there all weights shrink alike, and both losses follow the law of the late stage (dashed).`;
  if (training.rate === null) return start;
  const when = training.settled ? "" : ", where the fit is still settling";
  return `${start} Its rate, measured over further simulated steps${when}: ${rateInUnits(training)} ηλ; the law says 2kηλ = ${2 * LAYERS} ηλ for k = ${LAYERS} layers.`;
}

/** The measured rate in units of ηλ. */
export function rateInUnits({ rate, decay }) {
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
export function tableRows({ times }, python) {
  const rows = [row("your browser", times.overfit, times.generalize)];
  if (python) rows.push(row("Python", python.overfit, python.generalize));
  return rows;
}

/** What the last run in Python has to say about itself. */
export function runSentence(run, times, when = "") {
  const ran = `Python (numba): ${count(run.n_steps)} simulated steps in ${duration(run.seconds)}${when}`;
  if (run.diverged) return `${ran}, where the losses overflowed.`;
  const outcome = times.reason || "both times were reached";
  if (run.stopped) return `${ran}, then stopped: ${outcome}.`;
  if (!run.complete) return `${ran}, the limit of one run: ${outcome}.`;
  return `${ran}, then the law.`;
}
