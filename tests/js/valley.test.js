// The plane of the valley explorer: coordinates, and contours that are contours.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  analyze,
  coordinates,
  placeOf,
  startAt,
  startOf,
  strokes,
  weightsAt,
} from "../../grokedu/explorers/js/valley/math.js";

/** @type {import("../../grokedu/explorers/js/types").Valley} */
const VALLEY = { feature: [0.8, 0.6], teacher: [0.9, 0.8], longest_start: 2 };
const SETTINGS = {
  weight_decay: 0.01,
  learning_rate: 0.1,
  start_length: 1.5,
  start_angle: 270,
  train_threshold: 0.01,
  test_threshold: 0.01,
};
const near = (actual, expected, size = 1) =>
  assert.ok(Math.abs(actual - expected) <= 1e-12 * size, `${actual} against ${expected}`);

test("coordinates along and across the sample give the weights back", () => {
  /** @type {import("../../grokedu/explorers/js/types").Place[]} */
  const places = [
    [0, 0],
    [1.3, -0.7],
    [-2, 1e-9],
  ];
  for (const place of places) {
    const back = placeOf(VALLEY, coordinates(VALLEY, place));
    for (const i of [0, 1]) near(back[i], place[i]);
  }
});

test("the start is put where the reader puts it, but not beyond its longest", () => {
  const [x, y] = startOf({ ...SETTINGS, ...startAt([0.3, -1.2], 2) });
  assert.ok(Math.hypot(x - 0.3, y + 1.2) < 0.003);
  assert.equal(startAt([30, -40], 2).start_length, 2);
  assert.equal(startAt([0, 0], 2).start_length, 0);
  for (const angle of [0, 90, 180, 270]) {
    assert.equal(startAt(startOf({ ...SETTINGS, start_angle: angle }), 2).start_angle, angle);
  }
  for (let angle = -10; angle < 370; angle += 0.01) {
    const { start_angle } = startAt(startOf({ ...SETTINGS, start_angle: angle }), 2);
    assert.ok(start_angle >= 0 && start_angle <= 360);
  }
});

test("every contour joins weights of one regularized loss", () => {
  for (const weight_decay of [1, 0.3, 0.01]) {
    const { valleys } = analyze({ ...SETTINGS, weight_decay }, VALLEY);
    const objective = ([x, y]) =>
      (0.8 * x + 0.6 * y - 1.2) ** 2 / 2 + (weight_decay / 2) * (x * x + y * y);
    const { seen: a, unseen: u } = coordinates(VALLEY, valleys.center);
    for (const { seen, unseen } of valleys.halfAxes) {
      const around = [0, 1, 2, 3, 4, 5, 6].map((angle) =>
        objective(
          placeOf(VALLEY, {
            seen: a + seen * Math.cos(angle),
            unseen: u + unseen * Math.sin(angle),
          }),
        ),
      );
      for (const value of around) near(value, around[0], 10 * around[0]);
      assert.ok(around[0] > objective(valleys.center));
    }
  }
});

test("the path goes from the start to the ridge solution", () => {
  const analysis = analyze(SETTINGS, VALLEY);
  const start = startOf(SETTINGS);
  const end = weightsAt(analysis, Number.POSITIVE_INFINITY);
  for (const i of [0, 1]) {
    near(analysis.path[0][i], start[i]);
    near(end[i], analysis.valleys.center[i]);
  }
});

test("the path of a zigzag jumps a few times and then keeps to its two sides", () => {
  const label = coordinates(VALLEY, VALLEY.teacher).seen;
  for (const learning_rate of [0.1, 0.9, 1.2, 1.9, 1.98, 2.5, 3]) {
    const analysis = analyze({ ...SETTINGS, learning_rate }, VALLEY);
    for (const last of [0, 1, 5, 6, 7, analysis.horizon]) {
      const [first, ...sides] = strokes(analysis, last);
      assert.deepEqual(first[0], weightsAt(analysis, 0));
      const ends = [first, ...sides].map((places) => places.at(-1)).filter(Boolean);
      const there = weightsAt(analysis, last);
      assert.ok(ends.some((end) => Math.hypot(end[0] - there[0], end[1] - there[1]) < 1e-12));
      assert.ok(first.length <= (sides.length ? 7 : 1000));
      assert.equal(sides.length, learning_rate * 1.01 > 1 ? 2 : 0);
      for (const places of sides) {
        const center = (1 / 1.01) * label; // of the jumps
        const sign = places.map((place) => Math.sign(coordinates(VALLEY, place).seen - center));
        const far = places.map(
          (place) => Math.abs(coordinates(VALLEY, place).seen - center) > 1e-9,
        );
        assert.ok(new Set(sign.filter((_, k) => far[k])).size <= 1);
      }
    }
  }
});

test("without weight decay the slide never begins", () => {
  const analysis = analyze({ ...SETTINGS, weight_decay: 0 }, VALLEY);
  const before = coordinates(VALLEY, startOf(SETTINGS));
  const after = coordinates(VALLEY, weightsAt(analysis, 1e6));
  near(after.unseen, before.unseen);
  near(after.seen, 1.2);
  assert.ok(analysis.valleys.halfAxes.every(({ unseen }) => Number.isFinite(unseen)));
});
