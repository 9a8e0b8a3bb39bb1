// Reads requests as JSON from standard input, answers with what the digits explorer computes.

import { readFileSync } from "node:fs";
import { analyze } from "../grokedu/explorers/js/digits/analysis.js";
import { draw, inModes } from "../grokedu/explorers/js/digits/draw.js";
import { curves } from "../grokedu/explorers/js/digits/math.js";
import { RandomState } from "../grokedu/explorers/js/digits/random.js";

function finish(pieces) {
  for (;;) {
    const { value, done } = pieces.next();
    if (done) return value;
  }
}

/** Handed over: products of features in place of a draw. */
function given({ n, m, kernel, start, digits, flips }) {
  const parts = inModes(Float64Array.from(kernel), Float64Array.from(start), n);
  const order = Uint16Array.from(digits, (_, i) => i);
  return {
    ...{ n, m, seed: 0, order, flips: Uint16Array.from(flips), digits: Uint8Array.from(digits) },
    ...parts,
  };
}

function solve(problem, { settings, steps }) {
  const { run, times, accurate, stop } = analyze(settings, null, problem);
  if (stop) return { stop };
  const { train, test, accuracy, outputs } = curves(run, steps);
  return { train, test, accuracy, outputs, times, accurate };
}

const actions = {
  draw({ images, cases }) {
    const drawn = new Map();
    return cases.map((one) => {
      const { n_features, seed } = one.settings;
      const key = `${n_features},${seed}`;
      if (!drawn.has(key)) drawn.set(key, finish(draw(images, { n_features, seed })));
      return { order: drawn.get(key).order, ...solve(drawn.get(key), one) };
    });
  },
  given: ({ problem, cases }) => cases.map((one) => solve(given(problem), one)),
  random({ seed, size }) {
    const random = new RandomState(seed);
    const order = random.permutation(size);
    return { order, normals: Array.from({ length: size }, () => random.normal()) };
  },
};

const request = JSON.parse(readFileSync(0, "utf8"));
const plain = (_, value) =>
  ArrayBuffer.isView(value) ? Array.from(/** @type {any} */ (value)) : value;
process.stdout.write(JSON.stringify(actions[request.action](request), plain));
