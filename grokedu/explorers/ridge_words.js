// The sentence, the table and all other text of the explorer; no DOM.

import { unseenLoss } from "./ridge_math.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10⁻³ for −3. */
export function powerOfTen(exponent) {
  if (exponent === 0) return "1";
  const digits = [...String(Math.abs(exponent))].map((d) => SUPERSCRIPTS[d]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** Three digits, no trailing zeros. */
function short(value) {
  return String(Number(value.toPrecision(3)));
}

/** A loss or a parameter as people write it. */
export function plain(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return short(value);
  const exponent = Math.floor(Math.log10(size) + 1e-12);
  const factor = short(value / 10 ** exponent);
  return factor === "1" ? powerOfTen(exponent) : `${factor}·${powerOfTen(exponent)}`;
}

/** A number of steps: 22,871. */
export function count(steps) {
  if (steps === null || steps === undefined) return "none";
  if (!Number.isFinite(steps)) return "∞";
  return steps < 1e9 ? Math.round(steps).toLocaleString("en-US") : plain(steps);
}

/** What happened, in words. */
export function sentence({ settings, stop, times }) {
  if (stop) return obstacleSentence(settings, stop);
  const { overfit, generalize } = times;
  const epsilon = plain(settings.train_threshold), c = plain(settings.test_threshold);
  const reasons = times.reasons.map((reason) => reasonInWords(reason, epsilon, c));
  if (overfit === null && generalize === null) {
    return `The ${reasons.join("; the ")}: neither t₁ nor t₂ exists.`;
  }
  if (overfit === null) {
    return `The ${reasons[0]}, so t₁ does not exist. The test loss reaches c = ${c} at step ${count(generalize)}.`;
  }
  const fitted = `The training loss settles below ε = ${epsilon} after step ${count(overfit)}.`;
  if (generalize === null) return `${fitted} But the ${reasons[0]}, so t₂ does not exist.`;
  const delay = generalize - overfit;
  if (delay <= 0) {
    return `The test loss reaches c = ${c} at step ${count(generalize)}, before the training loss settles below ε = ${epsilon} after step ${count(overfit)}: no delay, no grokking.`;
  }
  const ratio = overfit > 0 ? `, ${count3(delay / overfit)} times as long as it took to overfit` : "";
  return `${fitted} The test loss falls to c = ${c} only at step ${count(generalize)}: a delay of ${count(delay)} steps${ratio}.`;
}

function reasonInWords({ loss, limit }, epsilon, c) {
  if (loss === "test") return `test loss tends to ${plain(limit)} and never reaches c = ${c}`;
  if (limit === null) return `training loss is below ε = ${epsilon} at every step`;
  return `training loss tends to ${plain(limit)} and never settles below ε = ${epsilon}`;
}

/** A ratio to three digits: 0.357, 107, 54,300. */
function count3(ratio) {
  return Number(ratio.toPrecision(3)).toLocaleString("en-US");
}

function obstacleSentence({ learning_rate, weight_decay }, { kind, limit }) {
  const eta = plain(learning_rate);
  if (kind === "erases") {
    return `η = ${eta} times λ = ${plain(weight_decay)} is at least 1, so one step would erase the weights. Choose a learning rate below 1/λ = ${plain(limit)}.`;
  }
  return `η = ${eta} is at or beyond the stability limit 2/(λ + s_max) = ${plain(limit)} of this problem, so gradient descent diverges: t₁ and t₂ do not exist. Choose a smaller learning rate.`;
}

/** All settings, for paper, where no slider shows them. */
export function settingsInWords(settings) {
  const symbols = {
    n_samples: "n", n_features: "m", weight_decay: "λ", init_variance: "ν²", learning_rate: "η",
    teacher_norm: "‖θ*‖", train_threshold: "ε", test_threshold: "c", seed: "seed",
  };
  const list = Object.entries(symbols).map(([name, symbol]) => {
    const value = settings[name];
    return `${symbol} = ${Number.isInteger(value) ? value : plain(value)}`;
  });
  return `Settings: ${list.join(", ")}.`;
}

/** What is left at the scrubbed step. */
export function momentSentence(run, step, shares) {
  const { rank } = run;
  const seen = shares.subarray(0, rank);
  const forgotten = seen.reduce((total, share) => total + (share < 0.01), 0);
  const test = run.test.at(step);
  const carried = test > 0 ? unseenLoss(run, step) / test : 0;
  return `At step ${count(step)}: training loss ${plain(run.train.at(step))}, test loss ${plain(test)}. ${forgotten} of ${rank} seen directions have forgotten 99% of their start; the unseen subspace keeps ${percent(shares[rank])} and carries ${percent(carried)} of the test loss.`;
}

export function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1%";
  return `${short(100 * share)}%`;
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

function row(label, overfit, generalize, note = "") {
  const exist = overfit !== null && generalize !== null;
  const delay = exist ? count(generalize - overfit).replace("-", "−") : "none";
  return { label, cells: [count(overfit), count(generalize), delay], note };
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
    speaks ? `≥ ${count(generalizeAtLeast - overfitAtMost).replace("-", "−")}` : "says nothing",
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
    const found = actual === Infinity
      ? "Gaussian features are unbounded"
      : `${plain(actual)} against ${plain(required)}`;
    return `${assumption} (${statement}: ${found})`;
  });
  return `${held} of ${conditions.length} conditions hold; not met: ${list.join("; ")}.`;
}

/** What the last run of gradient descent has to say about itself. */
export function descentSentence(run, times, when = "") {
  const steps = count(run.n_steps);
  const spent = run.seconds < 0.9995 ? `${Math.round(1000 * run.seconds)} ms` : `${run.seconds.toFixed(1)} s`;
  const ran = `Gradient descent (numba): ${steps} steps in ${spent}${when}`;
  if (run.diverged) return `${ran}, where the losses overflowed.`;
  if (run.stopped) return `${ran}, then stopped: ${times.reason || "both times were reached"}.`;
  if (!run.complete) return `${ran}, the limit of one run: ${times.reason || "both times were reached"}.`;
  return `${ran}.`;
}
