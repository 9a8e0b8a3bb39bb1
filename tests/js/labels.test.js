// Labels of one lane stand side by side, inside the chart, and where they belong if they can.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clearOf, placeLane, textWidth } from "../../grokedu/explorers/js/labels.js";
import { Random } from "../../grokedu/explorers/js/random.js";

const random = new Random(1);
const between = (low, high) => low + (high - low) * random.uniform();

test("labels never overlap and never leave the chart", () => {
  for (let round = 0; round < 2000; round++) {
    const [left, right] = [46, 46 + between(120, 900)];
    const labels = Array.from({ length: 1 + Math.floor(between(0, 3)) }, () => ({
      x: between(left, right),
      choices: ["x".repeat(between(20, 40)), "x".repeat(between(8, 20)), "xxx"],
    }));
    const spans = placeLane(labels, left, right)
      .map(({ text, center }) => [center - textWidth(text) / 2, center + textWidth(text) / 2])
      .sort((a, b) => a[0] - b[0]);
    assert.ok(spans[0][0] >= left - 1e-9 && spans.at(-1)[1] <= right + 1e-9);
    for (let i = 1; i < spans.length; i++) assert.ok(spans[i][0] > spans[i - 1][1]);
  }
});

test("a label that has room stands over its place, in its longest form", () => {
  const labels = [
    { x: 100, choices: ["t₁ = 216"] },
    { x: 400, choices: ["t₂ = 7,912 by the law", "t₂ = 7,912 (law)"] },
  ];
  const placed = placeLane(labels, 46, 600);
  assert.deepEqual(
    placed.map(({ center }) => center),
    [100, 400],
  );
  assert.equal(placed[1].text, labels[1].choices[0]);
});

test("a value stands where no curve passes", () => {
  const boxes = [0, 1].map((k) => ({ left: 0, right: 10, top: 20 * k, bottom: 20 * k + 16 }));
  assert.equal(clearOf([[5, 8]], boxes), boxes[1]);
  assert.equal(clearOf([[50, 8]], boxes), boxes[0]);
});
