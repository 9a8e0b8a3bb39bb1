// What people type is understood or refused in words, and addresses hold it exactly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse, split } from "../../grokedu/explorers/js/address.js";
import { legalValues, numberIn, readNumber } from "../../grokedu/explorers/js/numbers.js";
import { gridOf } from "../../grokedu/explorers/js/sliders.js";
import { count, exactly, plain } from "../../grokedu/explorers/js/words.js";

const DECAY = {
  name: "weight_decay",
  symbol: "λ",
  label: "weight decay λ",
  low: 1e-7,
  high: 1,
  whole: false,
  scale: "log",
  step: 0.05,
  zero: true,
};
const SAMPLES = {
  ...DECAY,
  name: "n_samples",
  symbol: "n",
  low: 5,
  high: 500,
  whole: true,
  scale: "linear",
  step: 5,
  zero: false,
};
const TABLE = [DECAY, SAMPLES];

for (const [typed, value] of Object.entries({
  0.0001: 1e-4,
  "0,0001": 1e-4,
  "1e-4": 1e-4,
  "1E-4": 1e-4,
  "10⁻⁴": 1e-4,
  "10^-4": 1e-4,
  "10**-4": 1e-4,
  "3·10⁻⁴": 3e-4,
  "3 × 10^−4": 3e-4,
  "2,5*10^3": 2500,
  "−5": -5,
  "-10^2": -100,
  "+7": 7,
  ".5": 0.5,
  "1.": 1,
  "1,234.5": 1234.5,
  "1,000": 1000,
  "-1,000,000": -1e6,
  "1,00": 1,
  "1234,567": 1234.567,
  "0,123": 0.123,
  "0,001": 1e-3,
  "0e-400": 0,
  " 12 ": 12,
  "1e400": Infinity,
})) {
  test(`“${typed}” is ${value}`, () => assert.equal(numberIn(typed), value));
}

for (const typed of [
  "",
  " ",
  "abc",
  "1.2.3",
  "1e",
  "e3",
  "10^",
  "--1",
  "1/2",
  "0x10",
  "NaN",
  "∞",
]) {
  test(`“${typed}” is no number`, () => assert.ok(Number.isNaN(numberIn(typed))));
}

test("counts are read as they are written", () => {
  for (const steps of [0, 7, 999, 1000, 22871, 123456789])
    assert.equal(numberIn(count(steps)), steps);
});

test("a value or a refusal that says what is possible", () => {
  assert.deepEqual(readNumber("0", DECAY), { value: 0, refusal: "" });
  assert.ok(Object.is(readNumber("−0", DECAY).value, 0));
  for (const typed of ["", "abc", "-1", "2", "1,000", "1e400", "1e-9", "1e-400", "10⁻⁴⁰⁰"]) {
    const { value, refusal } = readNumber(typed, DECAY);
    assert.equal(value, null);
    assert.match(refusal, /λ can be/);
  }
  for (const typed of ["7.5", "0,005", "1e-400"]) {
    assert.equal(readNumber(typed, SAMPLES).value, null);
    assert.equal(readNumber(typed, { ...SAMPLES, low: 0 }).value, null);
  }
});

test("fields show numbers that read as the same number", () => {
  for (let k = 0; k < 2000; k++) {
    const value = 10 ** (8 * Math.random() - 7) * Math.random();
    assert.equal(numberIn(exactly(value)), value);
  }
  for (const value of [0, 1e-7, 1e-3, 0.9995, 1000, 1234.5, 10_000, 123_456.5, 2 ** 31 - 1]) {
    assert.equal(numberIn(exactly(value)), value);
  }
});

test("fields, messages and sentences write numbers alike", () => {
  for (const value of [0, 1e-7, 3e-4, 0.001, 0.05, 1, 7.5, 1000, 10_000]) {
    assert.equal(exactly(value), plain(value));
  }
  assert.equal(
    legalValues({ ...SAMPLES, low: 10, high: 10_000 }),
    "a whole number from 10 to 10,000",
  );
  assert.equal(
    legalValues({ ...DECAY, low: 1e-6, high: 1000 }),
    "0 or anything from 10⁻⁶ to 1,000",
  );
});

test("a loss that is only rounding has no digits", () => {
  assert.equal(plain(2.39e-165), plain(9e-31));
  assert.doesNotMatch(plain(2.39e-165), /2\.39|165/);
  assert.equal(plain(2.39e-29), "2.39·10⁻²⁹");
});

test("every position of a slider is a legal value at that position", () => {
  for (const setting of [...TABLE, { ...DECAY, low: 0.01, high: 4 }]) {
    const grid = gridOf(setting);
    for (let position = 0; position <= grid.count; position++) {
      const value = grid.valueAt(position);
      assert.equal(readNumber(exactly(value), setting).value, value);
      assert.equal(grid.positionOf(value), position);
    }
    assert.equal(grid.valueAt(grid.count), setting.high);
  }
});

test("an address says whose it is, also where a page has two", () => {
  assert.deepEqual(split("#ridge-2:seed=3"), { name: "ridge-2", state: "seed=3" });
  for (const other of ["", "#", "#claim", "#ridge", "#Ridge:seed=1", undefined]) {
    assert.equal(split(other), null);
  }
});

test("the state survives the way through an address", () => {
  for (const value of [0, 3e-4, 1e-7, 10 ** -3.95]) {
    const settings = { weight_decay: value, n_samples: 77 };
    for (const linear of [true, false]) {
      const others = { step: 12, layers: ["sharp", "theorem"], linear };
      const address = format("ridge", { settings, ...others });
      const { state, refusals } = parse(split(address).state, TABLE, ["sharp", "theorem"]);
      assert.deepEqual(state, { ...settings, ...others });
      assert.deepEqual(refusals, []);
    }
  }
});

test("an address is read as a field is, and what is wrong is told", () => {
  const read = (text) => parse(text, TABLE, []);
  assert.deepEqual(read("weight_decay=0,0003,n_samples=7").state, {
    weight_decay: 3e-4,
    n_samples: 7,
  });
  assert.equal(read("weight_decay=10%E2%81%BB%C2%B3").state.weight_decay, 1e-3);
  for (const wrong of [
    "weight_decay=abc",
    "n_samples=5000",
    "toString=0",
    "step=-1",
    "step=",
    "axis=",
    "axis=Log",
    "other=1",
    "seed=−1",
  ]) {
    assert.deepEqual(read(wrong).state, {});
    assert.equal(read(wrong).refusals.length, 1);
  }
  for (const nothing of ["", "=", ",,", "%E0%A4"]) {
    assert.deepEqual(read(nothing), { state: {}, refusals: [] });
  }
});
