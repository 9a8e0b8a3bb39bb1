// The state of an explorer as part of an address: #ridge:weight_decay=0.0001,seed=3

const PREFIX = "#ridge:";
export const SETTINGS = [
  "weight_decay",
  "init_variance",
  "n_samples",
  "n_features",
  "learning_rate",
  "teacher_norm",
  "seed",
  "train_threshold",
  "test_threshold",
];
const WHOLE = new Set(["n_samples", "n_features", "seed"]);
const LAYERS = ["sharp", "theorem", "gaussian"];

/** `value` as a legal value of the setting `name`, or null. */
export function legal(name, value, ranges) {
  const number = Number(value);
  if (!Number.isFinite(number)) return null;
  const [low, high] = ranges[name];
  const inside = Math.min(Math.max(number, low), high);
  return WHOLE.has(name) ? Math.round(inside) : inside;
}

/** The part of the state that an address mentions, or null if it is not one of ours. */
export function parseAddress(hash, ranges) {
  if (!hash?.startsWith(PREFIX)) return null;
  const state = {};
  for (const pair of decoded(hash.slice(PREFIX.length)).split(",")) {
    const [name, text = ""] = pair.split("=").map((part) => part.trim());
    if (name === "layers") {
      state.layers = text.split("+").filter((layer) => LAYERS.includes(layer));
    } else if (name === "step") {
      const step = Number(text);
      if (step >= 0 && Number.isFinite(step)) state.step = step;
    } else if (SETTINGS.includes(name) && text !== "") {
      const value = legal(name, text, ranges);
      if (value !== null) state[name] = value;
    }
  }
  return state;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % sign
  }
}

/** The whole state as an address. */
export function formatAddress(settings, step, layers) {
  const pairs = SETTINGS.map((name) => `${name}=${settings[name]}`);
  if (step >= 0) pairs.push(`step=${Math.round(step)}`);
  pairs.push(`layers=${layers.join("+")}`);
  return PREFIX + pairs.join(",");
}
