// Numbers, sentences and table rows as every explorer writes them; no DOM.

import { WHY } from "./why.js";

/** The layers of theory, as the book calls them; chart and table have shorter forms. */
export const LAYER_NAMES = {
  sharp: "sharp prediction",
  theorem: "bound of Theorem 4.2",
  gaussian: "Gaussian bound, Eq. (8) of the paper",
};

const NEGLIGIBLE = 1e-30; // a smaller loss is the rounding of a larger one
const CLEAR = 1.5; // a ratio of times that is worth saying
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

/** A loss or a parameter as people write it, to three digits. */
export function plain(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Math.abs(value) < NEGLIGIBLE) return `below ${powerOfTen(Math.log10(NEGLIGIBLE))}`;
  const [digits, power] = value.toExponential(2).split("e");
  if (isDecimal(Number(power))) return short(value);
  return withPower(short(Number(digits)), Number(power));
}

/** A value with all its digits, in the same style; what fields show. */
export function exactly(value) {
  const [digits, power] = value.toExponential().split("e");
  if (!Number.isInteger(value) && !isDecimal(Number(power))) {
    return withPower(digits, Number(power));
  }
  const [whole, fraction] = String(value).split(".");
  return fraction ? `${GROUPED.format(Number(whole))}.${fraction}` : GROUPED.format(value);
}

const isDecimal = (exponent) => exponent >= -3 && exponent < 5;

function withPower(factor, exponent) {
  return factor === "1" ? powerOfTen(exponent) : `${factor}·${powerOfTen(exponent)}`;
}

/** A number of steps: 22,871. */
export function count(steps) {
  if (steps === null || steps === undefined) return "none";
  if (!Number.isFinite(steps)) return "∞";
  return steps < 1e9 ? GROUPED.format(Math.round(steps)) : plain(steps);
}

/** "1 step", "22,871 steps". */
export function steps(number) {
  return `${count(number)} ${Math.round(number) === 1 ? "step" : "steps"}`;
}

/** The losses at a step, from long to short. */
export function readouts(step, { train, test }) {
  const values = [train, test].map((loss) => (Number.isNaN(loss) ? "not known" : plain(loss)));
  return [
    `step ${count(step)}: training loss ${values[0]}, test loss ${values[1]}`,
    `step ${count(step)}: ${values.join(", ")}`,
  ];
}

/** Why one time is missing, as half a sentence that follows "the". */
export function reasonWords({ kind, threshold, value }) {
  const level = `${kind.startsWith("train") ? "ε" : "c"} = ${plain(threshold)}`;
  const close = plain(value) === plain(threshold);
  switch (kind) {
    case WHY.trainBelow:
      return `training loss is below ${level} at every step`;
    case WHY.trainNever:
      if (close) return `training loss never settles below ${level}, the value it tends to`;
      return `training loss tends to ${plain(value)} and never settles below ${level}`;
    case WHY.trainBeyond:
      return `training loss settles below ${level} only after 2⁵³ ≈ 9·10¹⁵ steps`;
    case WHY.trainRunEnds:
      return `training loss is still above ${level} after ${steps(value)}, where the run ends`;
    case WHY.testNever:
      if (close) return `test loss never quite falls to ${level}, the value it tends to`;
      return `test loss tends to ${plain(value)} and never reaches ${level}`;
    case WHY.testBeyond:
      return `test loss reaches ${level} only after 2⁵³ ≈ 9·10¹⁵ steps`;
    case WHY.testRunEnds:
      return `test loss is still above ${level} after ${steps(value)}, where the run ends`;
    case WHY.testUnknown:
      return `test loss is unknown, since labels do not tell the teacher, and so is when it reaches ${level}`;
    case WHY.trainAccurate:
      return `training accuracy is at least ${percent(threshold)} at every step`;
    case WHY.trainAccuracyNever:
      return `training accuracy tends to ${percent(value)} and does not settle at ${percent(threshold)} or above`;
    case WHY.testAccuracyNever:
      return `test accuracy tends to ${percent(value)} and does not reach ${percent(threshold)}`;
    case WHY.trainAccuracyRunEnds:
      return `training accuracy is still below ${percent(threshold)} after ${steps(value)}, where the run ends`;
    case WHY.testAccuracyRunEnds:
      return `test accuracy does not reach ${percent(threshold)} within ${steps(value)}`;
    case WHY.testEmpty:
      return "test accuracy is unknown, since no cell is left to test";
    case WHY.diverged:
      return `run diverged at step ${count(value)}`;
    default:
      return kind;
  }
}

/** Why times are missing, after a run: "the test loss …", or what to say if none is. */
export function reasonsInWords({ reasons, reason }, otherwise) {
  if (reasons?.length) return reasons.map((each) => `the ${reasonWords(each)}`).join("; ");
  return reason || otherwise;
}

const reasonFor = (reasons, loss) => reasons.find(({ kind }) => kind.startsWith(loss));

// What a missing time is, in the middle of a sentence and in a cell of the table.
const FATES = {
  [WHY.trainBeyond]: ["is beyond counting", "> 9·10¹⁵"],
  [WHY.testBeyond]: ["is beyond counting", "> 9·10¹⁵"],
  [WHY.trainRunEnds]: ["is not known", "not reached"],
  [WHY.testRunEnds]: ["is not known", "not reached"],
  [WHY.testUnknown]: ["is not known", "not known"],
  [WHY.trainAccuracyRunEnds]: ["is not reached", "not reached"],
  [WHY.testAccuracyRunEnds]: ["is not reached", "not reached"],
  [WHY.testEmpty]: ["is not known", "not known"],
};
const fate = (reason) => FATES[reason?.kind] ?? ["does not exist", "none"];

/** When the thresholds were reached, in words. */
export function outcomeSentence(settings, { overfit, generalize, reasons }) {
  const epsilon = plain(settings.train_threshold),
    c = plain(settings.test_threshold);
  const train = reasonFor(reasons, "train"),
    test = reasonFor(reasons, "test");
  if (overfit === null && generalize === null) {
    const [first, second] = [fate(train)[0], fate(test)[0]];
    const none = first === "does not exist" && second === first;
    const both = none ? "neither t₁ nor t₂ exists" : `t₁ ${first}, and t₂ ${second}`;
    return `The ${reasons.map(reasonWords).join("; the ")}: ${both}.`;
  }
  if (overfit === null) {
    return `The ${reasonWords(train)}, so t₁ ${fate(train)[0]}. The test loss reaches c = ${c} at step ${count(generalize)}.`;
  }
  const fitted = `The training loss settles below ε = ${epsilon} after step ${count(overfit)}.`;
  if (generalize === null) return `${fitted} But the ${reasonWords(test)}, so t₂ ${fate(test)[0]}.`;
  const delay = generalize - overfit;
  if (delay <= 0) {
    return `The test loss reaches c = ${c} at step ${count(generalize)}, ${delay ? "before" : "just as"} the training loss settles below ε = ${epsilon} after step ${count(overfit)}: no delay, no grokking.`;
  }
  if (delay <= overfit) {
    return `${fitted} The test loss falls to c = ${c} at step ${count(generalize)}, ${steps(delay)} later: no longer than it took to overfit.`;
  }
  const ratio = overfit > 0 ? `, ${times(delay / overfit)} as long as it took to overfit` : "";
  return `${fitted} The test loss falls to c = ${c} only at step ${count(generalize)}: a delay of ${steps(delay)}${ratio}.`;
}

/** "3 times", and "just" for once. */
function times(ratio) {
  const factor = count3(ratio);
  return factor === "1" ? "just" : `${factor} times`;
}

/** A ratio to three digits: 0.357, 107, 54,300. */
function count3(ratio) {
  return ratio < 1e9 ? GROUPED.format(Number(ratio.toPrecision(3))) : plain(ratio);
}

/** One time of a run against that of the pinned run, each {step, reasons}. */
function timeComparison(symbol, now, pinned) {
  const word = ({ step, reason }) => (step === null ? fate(reason)[0] : `is ${count(step)}`);
  if (now.step === null || pinned.step === null) {
    const [here, there] = [word(now), word(pinned)];
    if (here === there) return `${symbol} ${here} in both runs`;
    return `${symbol} ${here}; in the pinned run it ${there}`;
  }
  if (now.step === pinned.step) return `${symbol} is the same, ${count(now.step)}`;
  const ratio = now.step / pinned.step;
  const apart = Math.max(ratio, 1 / ratio);
  if (!(apart >= CLEAR && apart < Infinity)) {
    return `${symbol} changed from ${count(pinned.step)} to ${count(now.step)}`;
  }
  const factor = apart < 1000 ? apart.toPrecision(3) : count3(apart);
  const how = ratio > 1 ? `${factor} times as late` : `earlier by a factor of ${factor}`;
  return `${symbol} is ${how} (${count(now.step)}, not ${count(pinned.step)})`;
}

/**
 * What is different from the pinned run, in words.
 * @param {import("./types").Analysis} now
 * @param {import("./types").Analysis} pinned
 * @param {import("./numbers.js").Setting[]} table
 */
export function comparison(now, pinned, table) {
  const changed = table.filter(({ name }) => now.settings[name] !== pinned.settings[name]);
  if (!changed.length) return "This is the pinned run: change something to compare with it.";
  const list = changed.map(({ name, symbol }) => {
    const [from, to] = [pinned.settings[name], now.settings[name]];
    return `${symbol} ${exactly(from)} → ${exactly(to)}`;
  });
  const start = `Against the pinned run (${list.join(", ")}):`;
  if (now.pending) return `${start} …`;
  if (now.stop) return `${start} these settings cannot run.`;
  const side = ({ times }) => ({
    train: { step: times.overfit, reason: reasonFor(times.reasons, "train") },
    test: { step: times.generalize, reason: reasonFor(times.reasons, "test") },
  });
  const [here, there] = [side(now), side(pinned)];
  const parts = [
    timeComparison("t₂", here.test, there.test),
    timeComparison("t₁", here.train, there.train),
  ];
  return `${start} ${parts.join("; ")}.`;
}

/** One step would multiply the weights by 1 − ηλ ≤ 0. */
export function erasedSentence({ learning_rate, weight_decay }) {
  return `η = ${plain(learning_rate)} times λ = ${plain(weight_decay)} is at least 1, so one step would erase the weights. Choose a smaller weight decay, or a learning rate below 1/λ = ${plain(1 / weight_decay)}.`;
}

/** All settings, for paper, where no slider shows them. */
export function settingsInWords(settings, table) {
  const list = table.map(({ name, symbol }) => `${symbol} = ${exactly(settings[name])}`);
  return `Settings: ${list.join(", ")}.`;
}

export function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1%";
  return `${short(100 * share)}%`;
}

/**
 * A row of the table: t1, t2, the delay, and a note where something has to be said. A time that
 * does not exist is "none"; one that a run ended too early to show is "not reached".
 */
export function row(label, { overfit, generalize, reasons = [], pending = false }, note = "") {
  if (pending) return { label, cells: ["…", "…", "…"], note };
  const diverged = reasons.some(({ kind }) => kind === WHY.diverged);
  const cell = (step, loss) => {
    if (step !== null) return count(step);
    return diverged ? "none" : fate(reasonFor(reasons, loss))[1];
  };
  const cells = [cell(overfit, "train"), cell(generalize, "test")];
  if (overfit !== null && generalize !== null) cells.push(difference(generalize, overfit));
  else cells.push(cells.find((text) => text === "none") ?? cells[overfit === null ? 0 : 1]);
  return { label, cells, note };
}

/** `later` minus `earlier`, as the difference of the whole numbers that are shown. */
export function difference(later, earlier) {
  return count(Math.round(later) - Math.round(earlier)).replace("-", "−");
}

/** A time of computing. */
export function duration(seconds) {
  return seconds < 0.9995 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
}
