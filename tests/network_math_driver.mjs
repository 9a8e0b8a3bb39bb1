// Reads requests as JSON from standard input, answers with what network/math.js computes.

import { readFileSync } from "node:fs";
import * as math from "../grokedu/explorers/js/network/math.js";

function network(raw) {
  const arrays = ["inputs", "hidden", "output"];
  return { ...raw, ...Object.fromEntries(arrays.map((key) => [key, Float64Array.from(raw[key])])) };
}

function train({ network: raw, settings, nSteps }) {
  const descent = new math.Descent(network(raw), settings, raw);
  for (let step = 0; step < nSteps; step++) descent.step();
  const { hidden, output } = descent.weights();
  return {
    hidden: [...hidden],
    output: [...output],
    train: descent.trainLoss,
    test: descent.testLoss,
  };
}

function run({ network: raw, settings }) {
  const training = new math.Training(network(raw), settings);
  training.advance();
  const { phase, rate, decay } = training;
  return {
    phase,
    rate: rate && rate / decay,
    fitted: training.last.step,
    times: training.times(settings),
  };
}

const actions = {
  train: ({ cases }) => cases.map(train),
  run: ({ cases }) => cases.map(run),
  draw: ({ n, d, m, seed }) => math.drawNetwork(n, d, m, seed),
  neurons: ({ network: raw, settings, steps }) => {
    const training = new math.Training(network(raw), settings);
    training.advance();
    return steps.map((step) => training.neurons(step));
  },
};

const request = JSON.parse(readFileSync(0, "utf8"));
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
process.stdout.write(JSON.stringify(actions[request.action](request), plain));
