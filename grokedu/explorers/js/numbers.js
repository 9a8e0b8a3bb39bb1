// Numbers as people type them, and what an explorer says to one that it cannot take; no DOM.

import { exactly } from "./words.js";

/** @typedef {{name: string, symbol: string, label: string, low: number, high: number,
 *   whole: boolean, scale: string, step: number, zero: boolean}} Setting */

const RAISED = new Map([..."⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺"].map((sign, i) => [sign, "0123456789-+"[i]]));
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const POWER = /^([+-]?)(?:([\d.]+)[·×*x])?10(?:\^|\*\*)([+-]?\d+)$/;
const GROUPED = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

/**
 * The number that a text means, NaN if none: 0.0001, 0,0001, 1e-4, 10⁻⁴, 3·10^-4, −5.
 * Commas before groups of three digits group them, as in the explorer's own 1,000; else, as in
 * 0,001, they are decimal commas.
 */
export function numberIn(text) {
  let plainText = text
    .replace(/\s/g, "")
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+/g, (raised) => `^${[...raised].map((c) => RAISED.get(c)).join("")}`)
    .replace(/[−–‐]/g, "-");
  plainText = plainText.replaceAll(",", GROUPED.test(plainText) ? "" : ".");
  const power = POWER.exec(plainText);
  if (power) plainText = `${power[1]}${power[2] ?? 1}e${Number(power[3])}`;
  if (!DECIMAL.test(plainText)) return Number.NaN;
  const isZero = !/[1-9]/.test(plainText.split(/e/i)[0]);
  return isZero ? 0 : Number(plainText) || Number.MIN_VALUE; // 1e-400 is not 0
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
  const value = numberIn(text);
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
  const kind = whole ? "a whole number" : "anything";
  const range = `${kind} from ${exactly(low)} to ${exactly(high)}`;
  return zero ? `0 or ${range}` : range;
}
