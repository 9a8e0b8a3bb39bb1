// Reads requests as JSON from standard input, answers with what ridge/math.js computes.

import { readFileSync } from "node:fs";
import { Random } from "../grokedu/explorers/js/random.js";
import * as math from "../grokedu/explorers/js/ridge/math.js";
import { reasonWords, row } from "../grokedu/explorers/js/words.js";

const plain = (value) => {
  if (ArrayBuffer.isView(value)) return Array.from(value, plain);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
};

function solve({ modes, settings, steps }) {
  const run = math.exactRun(modes, settings);
  const sharp = math.sharpRun(modes, settings);
  return {
    ...math.curves(run, steps),
    times: math.grokkingTimes(run, settings),
    limit: math.stabilityLimit(modes, settings.weight_decay),
    general: math.generalBounds(modes, settings),
    gaussian: math.gaussianBounds(modes, settings),
    conditions: math.conditions(modes, settings),
    sharp: sharp && { ...math.curves(sharp, steps), times: math.sharpTimes(sharp, settings) },
  };
}

const actions = {
  solve: ({ problems }) => problems.map(solve),
  draw: ({ n, m, count }) => Array.from({ length: count }, (_, seed) => math.drawModes(n, m, seed)),
  eigenvalues: ({ diagonal, beside }) =>
    math.tridiagonalEigenvalues(Float64Array.from(diagonal), Float64Array.from([...beside, 0])),
  words: ({ reasons }) =>
    reasons.map((reason) => {
      const times = { overfit: null, generalize: null, reasons: [reason] };
      return { words: reasonWords(reason), cells: row("", times).cells };
    }),
  random: ({ count, degrees }) => {
    const random = new Random(1, 2, 3);
    return Array.from({ length: count }, () => [
      random.uniform(),
      random.normal(),
      random.chiSquare(degrees),
    ]);
  },
};

const request = JSON.parse(readFileSync(0, "utf8"));
const answer = actions[request.action](request);
process.stdout.write(JSON.stringify(answer, (_, value) => plain(value)));
