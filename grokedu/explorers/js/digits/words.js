// The sentences and the table of the digits explorer; no DOM.

import { obstacleSentence } from "../ridge/words.js";
import { WHY } from "../why.js";
import { count, percent, plain, row, steps } from "../words.js";
import { labelOf } from "./math.js";

const WORST = 3; // kinds of digits that are named

/** What happened, in words. */
export function sentence({ settings, stop, accurate, problem }) {
  if (stop?.kind === "drawing") {
    return `Your browser draws ${count(settings.n_features)} random features of every image …`;
  }
  if (stop) return obstacleSentence(settings, stop);
  const { overfit, generalize, reasons } = accurate;
  const reason = (set) => reasons.find(({ kind }) => kind.startsWith(set));
  const goal = `${percent(settings.test_level)} of the test images`;
  const never =
    reason("test") &&
    `the test accuracy tends to ${percent(reason("test").value)} and never reaches ${percent(settings.test_level)}`;
  const fitted = fittedSentence(settings, overfit, reason("train"), problem.n);
  if (generalize === null) return `${fitted} But ${never}, so t₂ does not exist.`;
  if (overfit === null) return `${fitted} ${goal} are right at step ${count(generalize)}.`;
  const delay = generalize - overfit;
  if (delay <= 0) {
    return `${fitted} ${goal} are right at step ${count(generalize)}, no later: no delay, no grokking.`;
  }
  const ratio =
    overfit > 0 ? `, ${count(delay / overfit)} times as long as it took to overfit` : "";
  const only = delay > overfit ? "only " : "";
  return `${fitted} ${goal} are right ${only}at step ${count(generalize)}: a delay of ${steps(delay)}${ratio}.`;
}

function fittedSentence({ train_level }, overfit, reason, n) {
  const set =
    train_level === 1
      ? `All ${n} training images`
      : `${percent(train_level)} of the training images`;
  if (overfit !== null) return `${set} are right after step ${count(overfit)}.`;
  if (reason.kind === WHY.trainAccurate) return `${set} are right from the start.`;
  return `The training accuracy tends to ${percent(reason.value)} and does not settle at ${percent(train_level)}, so t₁ does not exist.`;
}

/** The rows of the table: label, t1, t2, delay. */
export function tableRows({ times, accurate, stop }, descent) {
  const rows = stop ? [] : [row("exact, by accuracy", accurate)];
  rows.push(row("exact, by loss", times));
  if (descent) rows.push(row("gradient descent, by loss", descent));
  return rows;
}

/**
 * How many test images are right at a step, and which kinds are wrong.
 * @param {{ step: number, wrong: number[], digits: Uint8Array, losses: { train: number, test: number } }} moment
 *   `wrong` are places in `digits`, which holds what the test images show.
 */
export function momentSentence({ step, wrong, digits, losses }) {
  const right = digits.length - wrong.length;
  const share = percent(right / digits.length);
  const start = `At step ${count(step)}, ${right} of ${digits.length} test images are right (${share}); training loss ${plain(losses.train)}, test loss ${plain(losses.test)}.`;
  if (!wrong.length) return `${start} No kind of digit is wrong.`;
  const kinds = [...Array(10).keys()].map((digit) => {
    const all = digits.filter((shown) => shown === digit).length;
    return { digit, all, number: wrong.filter((x) => digits[x] === digit).length };
  });
  const worst = kinds
    .filter(({ number }) => number)
    .sort((a, b) => b.number / b.all - a.number / a.all);
  const named = worst
    .slice(0, WORST)
    .map(({ digit, all, number }) => `${digit} (${number} of ${all})`);
  const all = worst.length > WORST ? "Wrong most often" : "Wrong";
  return `${start} ${all}: ${named.join(", ")}.`;
}

/** One image: what it shows, its output, and whether that is right. */
export function imageSentence(digit, output) {
  const label = labelOf(digit);
  const kind = label > 0 ? "even" : "odd";
  if (output === null) return `A ${digit}, ${kind}.`;
  const right = output * label > 0;
  return `A ${digit}, ${kind}: output ${plain(output).replace("-", "−")}, ${right ? "right" : "wrong"}.`;
}

/** What is left of the start at the scrubbed step. */
export function forgettingSentence(shares, step) {
  const seen = shares.subarray(0, -1);
  const forgotten = seen.filter((share) => share < 0.01).length;
  return `At step ${count(step)}, 99% of the start is forgotten in ${forgotten} of ${seen.length} seen directions; the unseen subspace keeps ${percent(shares.at(-1))}.`;
}
