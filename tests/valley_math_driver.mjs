// Reads settings and steps as JSON from standard input, answers with runs by valley/math.js.

import { readFileSync } from "node:fs";
import { analyze, weightsAt } from "../grokedu/explorers/js/valley/math.js";

const { valley, steps, cases } = JSON.parse(readFileSync(0, "utf8"));
const answers = cases.map((settings) => {
  const { run, times, stop, valleys } = analyze(settings, valley);
  const weights = steps.map((step) => weightsAt({ valley, run }, step));
  const [train, test] = ["train", "test"].map((name) => steps.map((step) => run[name].at(step)));
  return { weights, train, test, times, stop, ridge: valleys.center };
});
process.stdout.write(JSON.stringify(answers));
