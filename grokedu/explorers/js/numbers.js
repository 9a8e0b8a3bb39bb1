// Numbers as people type them, and what an explorer says to one that it cannot take; no DOM.

import { plain } from "./words.js";

/** @typedef {{name: string, symbol: string, label: string, low: number, high: number,
 *   whole: boolean, scale: string, step: number, zero: boolean}} Setting */

const RAISED = new Map([..."⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"].map((sign, i) => [sign, "0123456789-+"[i]]));
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const POWER = /^([+-]?)(?:([\d.]+)[·×*x])?10(?:\^|\*\*)([+-]?\d+)$/;
const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;

/**
 * The number that a text means, NaN if none: 0.0001, 0,0001, 1e-4, 10⁻⁴, 3·10^-4, −5.
 * Commas group the digits of whole numbers, and else are decimal commas.
 */
export function numberIn(text, whole = false) {
  let plainText = text
    .replace(/\s/g, "")
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+/g, (raised) => `^${[...raised].map((c) => RAISED.get(c)).join("")}`)
    .replace(/[−–‐]/g, "-");
  const grouped = GROUPED.test(plainText) && (whole || plainText.includes("."));
  plainText = plainText.replaceAll(",", grouped ? "" : ".");
  const power = POWER.exec(plainText);
  if (power) return Number(`${power[1]}${power[2] ?? 1}e${Number(power[3])}`);
  return DECIMAL.test(plainText) ? Number(plainText) : Number.NaN;
}

/**
 * @param {number} value
 * @param {Setting} setting
 */
export function isLegal(value, setting) {
  const { low, high, whole, zero } = setting;
  if (zero && value === 0) return true;
  return value >= low && value <= high && (!whole || Number.isInteger(value));
}

/**
 * A typed text as a value of a setting, or a sentence that says why it is none.
 * @param {Setting} setting
 */
export function readNumber(text, setting) {
  const value = numberIn(text, setting.whole);
  if (isLegal(value, setting)) return { value: value + 0, refusal: "" };
  return { value: null, refusal: refusal(text, value, setting) };
}

/** @param {Setting} setting */
function refusal(text, value, setting) {
  const typed = text.trim();
  const wanted = `${setting.symbol} can be ${legalValues(setting)}.`;
  if (!typed) return `No number was given: ${wanted}`;
  if (Number.isNaN(value)) return `“${typed.slice(0, 20)}” is not a number: ${wanted}`;
  return `${typed.slice(0, 20)} is not possible: ${wanted}`;
}

/** What is legal, in words. */
export function legalValues({ low, high, whole, zero }) {
  const range = whole
    ? `a whole number from ${low} to ${high}`
    : `anything from ${plain(low)} to ${plain(high)}`;
  return zero ? `0 or ${range}` : range;
}

/** A value as the field shows it: exactly. */
export function exactly(value) {
  return String(value);
}
