// The state of an explorer as part of an address: #ridge:weight_decay=0.0001,seed=3; no DOM.

import { readNumber } from "./numbers.js";

const PAIRS = /(?:[,&]|%2C)(?=[a-z_]+=)/i; // so that a decimal comma separates nothing
const AXES = ["log", "linear"];
const ADDRESS = /^#([a-z]+(?:-\d+)?):(.*)$/s;

/** The explorer that an address belongs to and the rest of it; null if it is none of ours. */
export function split(hash) {
  const [, name, state] = ADDRESS.exec(hash ?? "") ?? [];
  return name ? { name, state } : null;
}

/**
 * What an address asks for, and in words what of it is not possible.
 * @param {string} text
 * @param {import("./numbers.js").Setting[]} table
 * @param {string[]} layers
 * @param {Record<string, import("./types").View>} views
 */
export function parse(text, table, layers, views = {}) {
  const state = {};
  const refusals = [];
  for (const [name, wish] of new URLSearchParams(text.split(PAIRS).join("&"))) {
    const setting = table.find((candidate) => candidate.name === name);
    if (setting) {
      const { value, refusal } = readNumber(wish, setting);
      if (refusal) refusals.push(refusal);
      else state[name] = value;
    } else if (name === "step") {
      const step = Number(wish || Number.NaN);
      if (step >= 0 && Number.isFinite(step)) state.step = Math.round(step);
      else refusals.push(`“${wish}” is no step.`);
    } else if (name === "layers" && layers.length) {
      state.layers = wish.split(/[ +]/).filter((layer) => layers.includes(layer));
    } else if (name === "axis") {
      if (AXES.includes(wish)) state.linear = wish === "linear";
      else refusals.push(`“${wish}” is no axis: it can be ${AXES.join(" or ")}.`);
    } else if (Object.hasOwn(views, name)) {
      const value = views[name].read(wish);
      if (value !== null) state[name] = value;
      else refusals.push(`“${wish}” is not possible for ${name}: ${views[name].legal}.`);
    } else if (name !== "layers" && wish) {
      refusals.push(`“${name}” is no setting of this explorer.`);
    }
  }
  return { state, refusals };
}

/** The whole state as an address. */
export function format(name, { settings, step, layers, linear, views = {} }) {
  const pairs = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  if (step >= 0) pairs.push(`step=${Math.round(step)}`);
  if (layers) pairs.push(`layers=${layers.join("+")}`);
  pairs.push(`axis=${linear ? "linear" : "log"}`);
  for (const [view, value] of Object.entries(views)) pairs.push(`${view}=${value}`);
  return `#${name}:${pairs.join(",").replaceAll("e+", "e")}`;
}
