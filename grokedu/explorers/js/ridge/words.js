// The sentence, the table and all other text of the ridge explorer; no DOM.

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
import { unseenLoss } from "./math.js";

/** What happened, in words. */
export function sentence({ settings, stop, times }) {
  if (stop) return obstacleSentence(settings, stop);
  const epsilon = plain(settings.train_threshold),
    c = plain(settings.test_threshold);
  const reasons = times.reasons.map((reason) => reasonInWords(reason, epsilon, c));
  return outcomeSentence(settings, times, reasons);
}

function reasonInWords({ loss, limit }, epsilon, c) {
  if (loss === "test") return `test loss tends to ${plain(limit)} and never reaches c = ${c}`;
  if (limit === null) return `training loss is below ε = ${epsilon} at every step`;
  return `training loss tends to ${plain(limit)} and never settles below ε = ${epsilon}`;
}

function obstacleSentence(settings, { kind, limit }) {
  if (kind === "erases") return erasedSentence(settings);
  const eta = plain(settings.learning_rate);
  return `η = ${eta} is at or beyond the stability limit 2/(λ + s_max) = ${plain(limit)} of this problem, so gradient descent diverges: t₁ and t₂ do not exist. Choose a smaller learning rate.`;
}

/** What is left at the scrubbed step. */
export function momentSentence(run, step, shares, hasUnseen) {
  const { rank } = run;
  const seen = shares.subarray(0, rank);
  const forgotten = seen.reduce((total, share) => total + (share < 0.01), 0);
  const test = run.test.at(step);
  const carried = test > 0 ? unseenLoss(run, step) / test : 0;
  const unseen = hasUnseen
    ? `the unseen subspace keeps ${percent(shares[rank])} and carries ${percent(carried)} of the test loss`
    : "nothing is unseen";
  return `At step ${count(step)}: training loss ${plain(run.train.at(step))}, test loss ${plain(test)}. ${forgotten} of ${rank} seen directions have forgotten 99% of their start; ${unseen}.`;
}

/** The rows of the table: label, t1, t2, delay, and a note where something has to be said. */
export function tableRows(analysis, descent) {
  const { times, layers, stop } = analysis;
  const rows = [row("exact", times.overfit, times.generalize)];
  if (descent) rows.push(row("gradient descent", descent.overfit, descent.generalize));
  if (stop) return rows;
  if (layers.sharp !== undefined) rows.push(sharpRow(layers.sharp, times));
  if (layers.theorem) rows.push(boundRow("Eqs. (6), (7)", layers.theorem, times));
  if (layers.gaussian) rows.push(boundRow("Eq. (8)", layers.gaussian, times));
  return rows;
}

function sharpRow(sharp, times) {
  const label = "sharp prediction";
  if (!sharp) {
    const note = "A typical problem of this size would diverge at this learning rate.";
    return { label, cells: ["none", "none", "none"], note };
  }
  const off = (name, predicted, exact) =>
    predicted !== null && exact ? `${name} off by ${signedPercent(predicted / exact - 1)}` : null;
  const notes = [
    off("t₁", sharp.times.overfit, times.overfit),
    off("t₂", sharp.times.generalize, times.generalize),
  ].filter(Boolean);
  const note = `For a typical problem with these n and m; no condition but that they are large. ${notes.join(", ")}`;
  return row(label, sharp.times.overfit, sharp.times.generalize, note.trim());
}

function signedPercent(share) {
  return `${share < 0 ? "−" : "+"}${short(Math.abs(100 * share))}%`;
}

function boundRow(label, bound, times) {
  const { overfitAtMost, generalizeAtLeast } = bound;
  const speaks = generalizeAtLeast > 0;
  const cells = [
    `≤ ${count(overfitAtMost)}`,
    speaks ? `≥ ${count(generalizeAtLeast)}` : "says nothing",
    speaks
      ? `≥ ${count(Math.round(generalizeAtLeast) - Math.round(overfitAtMost)).replace("-", "−")}`
      : "says nothing",
  ];
  return { label, cells, note: `${looseness(bound, times)}${promise(bound.conditions)}` };
}

function looseness({ overfitAtMost, generalizeAtLeast }, { overfit, generalize }) {
  const parts = [];
  if (overfit) parts.push(`t₁ bound is ${short(overfitAtMost / overfit)} × t₁`);
  if (generalize && generalizeAtLeast > 0) {
    parts.push(`t₂ bound is t₂ / ${short(generalize / generalizeAtLeast)}`);
  }
  return parts.length ? `${parts.join(", ")}. ` : "";
}

function promise(conditions) {
  const failed = conditions.filter((condition) => !condition.holds);
  if (!failed.length) return `All ${conditions.length} conditions hold.`;
  const held = conditions.length - failed.length;
  const list = failed.map(({ statement, assumption, required, actual }) => {
    const found =
      actual === Infinity
        ? "Gaussian features are unbounded"
        : `${plain(actual)} against ${plain(required)}`;
    return `${assumption} (${statement}: ${found})`;
  });
  return `${held} of ${conditions.length} conditions hold; not met: ${list.join("; ")}.`;
}

/** What the last run of gradient descent has to say about itself. */
export function descentSentence(run, times, when = "") {
  const steps = count(run.n_steps);
  const ran = `Gradient descent (numba): ${steps} steps in ${duration(run.seconds)}${when}`;
  if (run.diverged) return `${ran}, where the losses overflowed.`;
  if (run.stopped) return `${ran}, then stopped: ${times.reason || "both times were reached"}.`;
  if (!run.complete)
    return `${ran}, the limit of one run: ${times.reason || "both times were reached"}.`;
  return `${ran}.`;
}
