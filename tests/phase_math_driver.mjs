// Reads settings and axes as JSON from standard input, answers with maps by phase/math.js.

import { readFileSync } from "node:fs";
import { PhaseMap } from "../grokedu/explorers/js/phase/math.js";

const { table, cases } = JSON.parse(readFileSync(0, "utf8"));
const plain = (_, value) => {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
};
const answers = cases.map(({ settings, axes }) => {
  const map = new PhaseMap(settings, table, axes);
  map.advance(() => false);
  const { x, y, overfit, generalize, certified, untypical } = map;
  return { x, y, overfit, generalize, certified, untypical };
});
process.stdout.write(JSON.stringify(answers, plain));
