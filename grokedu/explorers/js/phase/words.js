// What the phase explorer says of a place on its map; no DOM.

import { isTypical } from "../ridge/math.js";
import { scatterSentence } from "../ridge/words.js";
import { count, percent, plain, short, steps } from "../words.js";
import { certifiedDelay, groks, typicalTimes } from "./math.js";

/** @import { Settings } from "../types" */
/** @import { Setting } from "../numbers.js" */

export const QUANTITIES = {
  delay: { name: "delay t₂ − t₁", unit: "steps" },
  t2: { name: "t₂", unit: "steps" },
  ratio: { name: "t₂ / t₁", unit: "" },
};
export const CERTIFIES = "Eq. (8) certifies a delay";
const CERTIFIED = "Eq. (8) of the paper certifies a delay";
export const NOTHING = "nothing groks";
export const SCATTER = "single runs scatter";

/**
 * What the cells along an axis are called, and what stands at a value of it.
 * @param {Setting} setting
 * @param {Settings} settings
 */
export function axisOf({ name, label, symbol }, { n_features: m }) {
  if (name !== "n_samples") {
    return { title: label, option: label, inWords: (value) => `${symbol} = ${plain(value)}` };
  }
  return {
    title: `samples per feature n/m (m = ${count(m)})`,
    option: "samples n/m",
    inWords: (value) => `n/m = ${short(value / m)}`,
  };
}

/**
 * Where the cursor is, and what is predicted there.
 * @param {Settings} settings
 * @param {Setting[]} axes
 */
export function placeSentence(settings, axes) {
  const place = axes.map((axis) => axisOf(axis, settings).inWords(settings[axis.name]));
  const times = typicalTimes(settings);
  const scatter = isTypical(times) ? "" : ` ${scatterSentence(times)}`;
  return `At ${place.join(", ")}: ${predictionSentence(settings, times)}${scatter}`;
}

function predictionSentence(settings, times) {
  if (!groks(times)) return `${NOTHING}, since ${whyNot(settings, times)}.`;
  const { overfit, generalize } = times;
  const delay = generalize - overfit;
  const promised = certifiedDelay(settings);
  const ratio = overfit > 0 ? `, t₂/t₁ = ${short(generalize / overfit)}` : "";
  const predicted = `predicted t₁ = ${count(overfit)}, t₂ = ${count(generalize)}, a delay of ${steps(delay)}${ratio}.`;
  if (promised === 0) return `${predicted} Eq. (8) certifies no delay here.`;
  return `${predicted} Eq. (8) certifies a delay of ${steps(promised)} or more.`;
}

function whyNot(settings, { overfit, generalize }) {
  const { weight_decay, learning_rate, train_threshold, test_threshold } = settings;
  const [epsilon, c] = [plain(train_threshold), plain(test_threshold)];
  if (learning_rate * weight_decay >= 1) return "ηλ is at least 1: one step erases the weights";
  if (Number.isNaN(generalize)) return `gradient descent diverges at η = ${plain(learning_rate)}`;
  if (Number.isNaN(overfit)) return `the training loss starts below ε = ${epsilon}`;
  if (overfit === Infinity) return `the training loss never settles below ε = ${epsilon}`;
  if (generalize === Infinity) return `the test loss never falls to c = ${c}`;
  if (generalize === 0) return `the test loss starts below c = ${c}`;
  return `the test loss falls to c = ${c} at step ${count(generalize)}, no later than t₁ = ${count(overfit)}`;
}

/** The whole map in a sentence, for those who do not see it. */
export function mapSentence(
  { axes, certified, untypical, settings },
  quantity,
  values,
  [low, high],
) {
  const [x, y] = axes.map((axis) => axisOf(axis, settings).option);
  const { name, unit } = QUANTITIES[quantity];
  const over = `Map of ${name} over ${x} (across) and ${y} (up):`;
  const share = (list, isOne) => percent(list.filter(isOne).length / list.length);
  const scatter = untypical.some(Boolean)
    ? `, and ${SCATTER} around this mean in ${share(untypical, Boolean)}`
    : "";
  if (low === null) return `${over} ${NOTHING} anywhere on it${scatter}.`;
  const range = `from ${low < 1 ? "less than 1" : count(low)} to ${count(high)}${unit && ` ${unit}`}`;
  return `${over} ${range}; ${NOTHING} in ${share(values, Number.isNaN)} of it, ${scatter ? "" : "and "}${CERTIFIED} in ${share(certified, Boolean)}${scatter}.`;
}
