// The sentences and the table of the digits explorer; no DOM.

import { obstacleSentence } from "../ridge/words.js";
import { count, percent, plain, reasonWords, row, short, steps } from "../words.js";
import { labelOf } from "./math.js";

const WORST = 3; // kinds of digits that are named

/** What happened, in words. */
export function sentence({ settings, stop, accurate, problem }) {
  if (stop?.kind === "drawing") {
    return `Your browser draws ${count(settings.n_features)} random features of every image …`;
  }
  if (stop) return obstacleSentence(settings, stop);
  const { overfit, generalize, reasons } = accurate;
  const why = (set) => reasonWords(reasons.find(({ kind }) => kind.startsWith(set)));
  const { train_level: level } = settings;
  const fitted =
    level === 1 ? `All ${problem.n} training images` : `${percent(level)} of the training images`;
  const start =
    overfit === null ? `The ${why("train")}.` : `${fitted} are right after step ${count(overfit)}.`;
  if (generalize === null) return `${start} The ${why("test")}, so t₂ does not exist.`;
  const end = `${percent(settings.test_level)} of the test images are right`;
  if (overfit === null) return `${start} ${end} at step ${count(generalize)}.`;
  const delay = generalize - overfit;
  if (delay <= 0) return `${start} ${end} at step ${count(generalize)}: no delay, no grokking.`;
  if (delay <= overfit)
    return `${start} ${end} at step ${count(generalize)}, ${steps(delay)} later.`;
  const ratio =
    overfit > 0 ? `, ${short(delay / overfit)} times as long as it took to overfit` : "";
  return `${start} ${end} only at step ${count(generalize)}: a delay of ${steps(delay)}${ratio}.`;
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
  const name = `${digit === 8 ? "An" : "A"} ${digit}, ${kind}`;
  if (output === null) return `${name}.`;
  const right = output * label > 0;
  return `${name}: output ${plain(output).replace("-", "−")}, ${right ? "right" : "wrong"}.`;
}

/** What is left of the start at the scrubbed step. */
export function forgettingSentence(shares, step) {
  const seen = shares.subarray(0, -1);
  const forgotten = seen.filter((share) => share < 0.01).length;
  return `At step ${count(step)}, 99% of the start is forgotten in ${forgotten} of ${seen.length} seen directions; the unseen subspace keeps ${percent(shares.at(-1))}.`;
}
