// The sentence, the table and all other text of the ridge explorer; no DOM.

import { WHY } from "../why.js";
import {
  count,
  difference,
  duration,
  erasedSentence,
  LAYER_NAMES,
  outcomeSentence,
  percent,
  plain,
  reasonsInWords,
  row,
  short,
  steps,
} from "../words.js";
import { isTypical, unseenLoss } from "./math.js";

/** What happened, in words. */
export function sentence({ settings, modes, stop, times }) {
  if (stop) return obstacleSentence(settings, stop);
  const said = outcomeSentence(settings, times);
  const stays = times.reasons.some(({ kind }) => kind === WHY.testNever);
  const unforgotten = stays && settings.weight_decay === 0 && modes.m > modes.n;
  return unforgotten ? `${said} Without weight decay (λ = 0) nothing unseen is forgotten.` : said;
}

/** Why gradient descent cannot run. */
export function obstacleSentence(settings, { kind, limit }) {
  if (kind === "erases") return erasedSentence(settings);
  const eta = plain(settings.learning_rate);
  return `η = ${eta} is at or beyond the stability limit 2/(λ + sₘₐₓ) = ${plain(limit)} of this problem, so gradient descent diverges: t₁ and t₂ do not exist. Choose a smaller learning rate.`;
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
  const directions = `${forgotten} of ${rank} seen ${rank === 1 ? "direction" : "directions"}`;
  return `At step ${count(step)}: training loss ${plain(run.train.at(step))}, test loss ${plain(test)}. 99% of the start is forgotten in ${directions}; ${unseen}.`;
}

/** The rows of the table: label, t1, t2, delay, and a note where something has to be said. */
export function tableRows(analysis, descent) {
  const { times, layers, stop } = analysis;
  const rows = [row("exact", times)];
  if (descent) rows.push(row("gradient descent", descent));
  if (stop) return rows;
  if (layers.sharp !== undefined) rows.push(sharpRow(layers.sharp, times));
  for (const name of ["theorem", "gaussian"]) {
    if (layers[name]) rows.push(boundRow(LAYER_NAMES[name], layers[name], times));
  }
  return rows;
}

function sharpRow(sharp, times) {
  const label = LAYER_NAMES.sharp;
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
  const compared = notes.length ? ` ${notes.join(", ")}.` : "";
  return row(label, sharp.times, `${whatIsPredicted(sharp)}${compared}`);
}

function whatIsPredicted(sharp) {
  if (isTypical(sharp)) {
    return "For a typical problem with these n and m; no condition but that they are large.";
  }
  return `The mean over problems with these n and m. ${scatterSentence(sharp)}`;
}

/** Where a typical run is not the mean that is predicted. */
export function scatterSentence({ spread }) {
  return `Single runs scatter: over draws their test loss varies by ${percent(spread)} of this mean.`;
}

function signedPercent(share) {
  return `${share < 0 ? "−" : "+"}${short(Math.abs(100 * share))}%`;
}

function boundRow(label, bound, times) {
  const { overfitAtMost, generalizeAtLeast } = bound;
  const cells = [
    `≤ ${count(overfitAtMost)}`,
    lowerBound(generalizeAtLeast, () => count(generalizeAtLeast)),
    lowerBound(generalizeAtLeast - overfitAtMost, () =>
      difference(generalizeAtLeast, overfitAtMost),
    ),
  ];
  const name = bound.valid ? label : `${label} (conditions not met)`;
  return { label: name, cells, note: `${looseness(bound, times)}${promise(bound)}` };
}

/** A time is at least 0 anyway; without weight decay the bound lies at infinity. */
function lowerBound(value, inWords) {
  if (!(value > 0)) return "says nothing";
  return value === Infinity ? "never" : `≥ ${inWords()}`;
}

function looseness({ overfitAtMost, generalizeAtLeast }, { overfit, generalize }) {
  const parts = [];
  if (overfit) parts.push(`t₁ bound is ${short(overfitAtMost / overfit)} × t₁`);
  if (generalize && generalizeAtLeast > 0) {
    parts.push(`t₂ bound is t₂ / ${short(generalize / generalizeAtLeast)}`);
  }
  return parts.length ? `${parts.join(", ")}. ` : "";
}

function promise({ conditions, valid, failureProbability }) {
  const sure = `with probability at least 1 − δ for δ = ${plain(failureProbability)}`;
  if (valid) return `All ${conditions.length} conditions hold, so the bound does, ${sure}.`;
  const failed = conditions.filter((condition) => !condition.holds);
  const held = conditions.length - failed.length;
  const list = failed.map(({ statement, assumption, required, actual }) => {
    const found =
      actual === Infinity
        ? "Gaussian features are unbounded"
        : `${plain(actual)} against ${plain(required)}`;
    return `${assumption} (${statement}: ${found})`;
  });
  return `Nothing is promised: ${held} of ${conditions.length} conditions hold (δ = ${plain(failureProbability)}); not met: ${list.join("; ")}.`;
}

/** What the last run of gradient descent has to say about itself. */
export function descentSentence(run, times, when = "") {
  const ran = `Gradient descent (numba): ${steps(run.n_steps)} in ${duration(run.seconds)}${when}`;
  if (run.diverged) return `${ran}, where the losses overflowed.`;
  const outcome = reasonsInWords(times, "both times were reached");
  if (run.stopped) return `${ran}, then stopped: ${outcome}.`;
  if (!run.complete) return `${ran}, the limit of one run: ${outcome}.`;
  return `${ran}.`;
}
