// Numbers, sentences and table rows as every explorer writes them; no DOM.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const GROUPED = new Intl.NumberFormat("en-US"); // made once: toLocaleString makes one per call

/** 10⁻³ for −3. */
export function powerOfTen(exponent) {
  if (exponent === 0) return "1";
  const digits = [...String(Math.abs(exponent))].map((d) => SUPERSCRIPTS[d]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** Three digits, no trailing zeros. */
export function short(value) {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1000 ? GROUPED.format(rounded) : String(rounded);
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
  return steps < 1e9 ? GROUPED.format(Math.round(steps)) : plain(steps);
}

/** When the thresholds were reached, in words; `reasons` say why one was not. */
export function outcomeSentence(settings, { overfit, generalize }, reasons) {
  const epsilon = plain(settings.train_threshold),
    c = plain(settings.test_threshold);
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
  const ratio =
    overfit > 0 ? `, ${count3(delay / overfit)} times as long as it took to overfit` : "";
  return `${fitted} The test loss falls to c = ${c} only at step ${count(generalize)}: a delay of ${count(delay)} steps${ratio}.`;
}

/** A ratio to three digits: 0.357, 107, 54,300. */
function count3(ratio) {
  return GROUPED.format(Number(ratio.toPrecision(3)));
}

/** One step would multiply the weights by 1 − ηλ ≤ 0. */
export function erasedSentence({ learning_rate, weight_decay }) {
  return `η = ${plain(learning_rate)} times λ = ${plain(weight_decay)} is at least 1, so one step would erase the weights. Choose a smaller weight decay, or a learning rate below 1/λ = ${plain(1 / weight_decay)}.`;
}

const SYMBOLS = {
  n_samples: "n",
  n_features: "m",
  width: "m",
  input_dim: "d",
  weight_decay: "λ",
  init_variance: "ν²",
  learning_rate: "η",
  teacher_norm: "‖θ*‖",
  train_threshold: "ε",
  test_threshold: "c",
  seed: "seed",
};

/** All settings, for paper, where no slider shows them. */
export function settingsInWords(settings) {
  const shown = Object.entries(SYMBOLS).filter(([name]) => name in settings);
  const list = shown.map(([name, symbol]) => {
    const value = settings[name];
    return `${symbol} = ${Number.isInteger(value) ? value : plain(value)}`;
  });
  return `Settings: ${list.join(", ")}.`;
}

export function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1%";
  return `${short(100 * share)}%`;
}

/** A row of the table: t1, t2, the delay, and a note where something has to be said. */
export function row(label, overfit, generalize, note = "") {
  const exist = overfit !== null && generalize !== null;
  const delay = exist
    ? count(Math.round(generalize) - Math.round(overfit)).replace("-", "−")
    : "none";
  return { label, cells: [count(overfit), count(generalize), delay], note };
}

/** A time of computing. */
export function duration(seconds) {
  return seconds < 0.9995 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
}
