// Reads requests as JSON from standard input, answers with what modular/math.js computes.

import { readFileSync } from "node:fs";
import { Descent, drawProblem, Training } from "../grokedu/explorers/js/modular/math.js";
import { Generator } from "../grokedu/explorers/js/modular/random.js";

function train({ settings, nSteps }) {
  const descent = new Descent(drawProblem(settings), settings);
  const rows = [descent.row];
  for (let step = 0; step < nSteps; step++) {
    descent.step();
    rows.push(descent.row);
  }
  const { first, second, output, columns, guesses } = descent;
  return { rows, first, second, output, columns, guesses };
}

function draw({ seed, size, count }) {
  const random = new Generator(seed);
  const order = random.permutation(size);
  return { order, normals: Array.from({ length: count }, () => random.normal()) };
}

const actions = {
  draw: ({ cases }) => cases.map(draw),
  train: ({ cases }) => cases.map(train),
  run: ({ settings }) => new Training(settings).advance(),
};

const request = JSON.parse(readFileSync(0, "utf8"));
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
process.stdout.write(JSON.stringify(actions[request.action](request), plain));
