// The state of an explorer as part of an address: #ridge:weight_decay=0.0001,seed=3

const WHOLE = new Set(["n_samples", "n_features", "width", "input_dim", "seed"]);

/** `value` as a legal value of the setting `name`, or null. */
export function legal(name, value, ranges) {
  const number = Number(value);
  if (!Number.isFinite(number)) return null;
  const [low, high] = ranges[name];
  const inside = Math.min(Math.max(number, low), high);
  return WHOLE.has(name) ? Math.round(inside) : inside;
}

/** The addresses of one kind of explorer: its prefix, its settings and its layers of theory. */
export class Addresses {
  constructor(kind, settings, layers = []) {
    this.prefix = `#${kind}:`;
    this.settings = settings;
    this.layers = layers;
  }

  /** The part of the state that an address mentions, or null if it is not one of ours. */
  parse(hash, ranges) {
    if (!hash?.startsWith(this.prefix)) return null;
    const state = {};
    for (const pair of decoded(hash.slice(this.prefix.length)).split(",")) {
      const [name, text = ""] = pair.split("=").map((part) => part.trim());
      if (name === "layers" && this.layers.length) {
        state.layers = text.split("+").filter((layer) => this.layers.includes(layer));
      } else if (name === "step") {
        const step = Number(text);
        if (step >= 0 && Number.isFinite(step)) state.step = step;
      } else if (this.settings.includes(name) && text !== "") {
        const value = legal(name, text, ranges);
        if (value !== null) state[name] = value;
      }
    }
    return state;
  }

  /** The whole state as an address. */
  format(settings, step, layers) {
    const pairs = this.settings.map((name) => `${name}=${settings[name]}`);
    if (step >= 0) pairs.push(`step=${Math.round(step)}`);
    if (this.layers.length) pairs.push(`layers=${layers.join("+")}`);
    return this.prefix + pairs.join(",");
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % sign
  }
}
