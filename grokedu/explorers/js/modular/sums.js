// The table of sums: every cell right or wrong, trained on or not. SVG, drawn with d3.

import { select } from "d3-selection";
import { CellList } from "../cells.js";
import { add } from "../dom.js";
import { circle } from "../network/panel.js";
import { answerOf } from "./math.js";
import { cellSentence, tableSentence } from "./words.js";

/** @import { ModularAnalysis } from "../types" */

const MARGIN = { left: 34, top: 38, right: 2, bottom: 2 };
const WIDEST = 30; // px of a cell
const GAP = 16; // px between table and curves
const LABEL = 20; // px that a number at the edge needs
// Color and shape say whether a cell is trained on, filling and a cross whether it is right.
const KINDS = [
  { name: "gk-train gk-right", text: "trained on, right", seen: 1, right: true },
  { name: "gk-train gk-wrong", text: "trained on, wrong", seen: 1, right: false },
  { name: "gk-test gk-right", text: "others, right", seen: 0, right: true },
  { name: "gk-test gk-wrong", text: "others, wrong", seen: 0, right: false },
];

export class SumTable {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = add(parent, "div", { class: "gk-sums" });
    this.legend = add(this.box, "p", { class: "gk-note gk-legend" });
    for (const kind of KINDS) addMark(this.legend, kind);
    this.field = add(this.box, "div", { class: "gk-sums-field" });
    this.svg = select(this.field).append("svg").attr("role", "img");
    this.numbers = this.svg.append("g").attr("class", "gk-axis").attr("aria-hidden", "true");
    const group = this.svg.append("g").attr("class", "gk-sums-cells");
    this.paths = KINDS.map(({ name }) => group.append("path").attr("class", name));
    this.ring = group.append("rect").attr("class", "gk-sums-ring");
    this.cells = new CellList(this.field, "cells of the table", () => this.drawChosen());
    this.moment = add(this.box, "p", { class: "gk-note gk-sums-moment" });
    this.words = add(this.box, "p", { class: "gk-note gk-sums-words" });
  }

  /**
   * Redraw; `step` is null where there is no run.
   * @param {ModularAnalysis} analysis
   * @param {number | null} step
   * @param {{ width: number }} options
   */
  draw({ training, settings }, step, { width }) {
    this.box.style.width = `${width}px`;
    this.box.style.paddingRight = `${GAP}px`;
    this.layOut(settings.modulus, width);
    this.snapshot = step === null ? null : training.at(step);
    this.seen = training?.seen;
    const { snapshot, seen, p } = this;
    this.box.style.visibility = snapshot ? "visible" : "hidden";
    this.paths.forEach((path, k) => {
      path.attr("d", snapshot ? this.outline(KINDS[k]) : null);
    });
    const words = snapshot ? tableSentence(snapshot, seen, p) : "";
    this.moment.textContent = words;
    this.svg.attr("aria-label", `table of all sums a + b mod ${p}. ${words}`);
    this.drawChosen();
    return snapshot ? { table: { step: snapshot.step, guesses: [...snapshot.guesses] } } : {};
  }

  /** Room for p × p cells. */
  layOut(p, width) {
    if (p === this.p && width === this.width) return;
    if (p !== this.p) this.cells.chosen = null;
    this.p = p;
    this.width = width;
    const { left, right, top, bottom } = MARGIN;
    this.size = Math.min((width - GAP - left - right) / p, WIDEST);
    const side = p * this.size;
    const [all, height] = [left + side + right, top + side + bottom];
    this.field.style.width = `${all}px`;
    this.svg.attr("viewBox", `0 0 ${all} ${height}`).attr("height", height);
    const { list } = this.cells;
    list.style.inset = `${top}px ${right}px auto ${left}px`;
    list.style.height = `${side}px`;
    this.cells.layOut(p * p, p, `${p * p} sums a + b mod ${p}`);
    this.drawNumbers(p);
  }

  drawNumbers(p) {
    const { size } = this;
    const every = Math.ceil(LABEL / size);
    const shown = Array.from({ length: p }, (_, a) => a).filter((a) => a % every === 0);
    const anchor = "middle";
    const middle = (a) => (a + 0.5) * size;
    const texts = [
      ...shown.map((a) => ({
        x: MARGIN.left - 8,
        y: MARGIN.top + middle(a),
        text: a,
        anchor: "end",
      })),
      ...shown.map((b) => ({ x: MARGIN.left + middle(b), y: MARGIN.top - 10, text: b, anchor })),
      { x: 8, y: MARGIN.top + (p * size) / 2, text: "a", anchor },
      { x: MARGIN.left + (p * size) / 2, y: MARGIN.top - 28, text: "b", anchor },
    ];
    this.numbers
      .selectAll("text")
      .data(texts)
      .join("text")
      .attr("x", ({ x }) => x)
      .attr("y", ({ y }) => y)
      .attr("dy", "0.35em")
      .attr("text-anchor", (place) => place.anchor)
      .text(({ text }) => text);
  }

  /** The cells of a kind. */
  outline({ seen, right }) {
    const { snapshot, p, size } = this;
    let path = "";
    snapshot.guesses.forEach((guess, cell) => {
      if (this.seen[cell] !== seen || (guess === answerOf(cell, p)) !== right) return;
      const x = MARGIN.left + (cell % p) * size;
      const y = MARGIN.top + Math.floor(cell / p) * size;
      path += mark(x + size / 2, y + size / 2, 0.4 * size, seen, right);
    });
    return path || null;
  }

  drawChosen() {
    const { cells, snapshot, p, size } = this;
    const { chosen } = cells;
    this.ring.attr("display", chosen === null || !snapshot ? "none" : null);
    const [row, column] = [Math.floor((chosen ?? 0) / p), (chosen ?? 0) % p];
    this.ring
      .attr("x", MARGIN.left + column * size)
      .attr("y", MARGIN.top + row * size)
      .attr("width", size)
      .attr("height", size);
    const words =
      chosen === null || !snapshot
        ? ""
        : cellSentence(chosen, snapshot.guesses[chosen], this.seen[chosen], p);
    this.words.textContent = words || "Point at a cell, or choose one with the arrow keys.";
    if (words) cells.tell(words);
  }
}

/** A disk where the cell is trained on, else a square; with a cross where it is wrong. */
function mark(x, y, radius, seen, right) {
  const shape = seen ? circle(x, y, radius) : square(x, y, radius);
  return right ? `${shape}z` : `${shape}z${cross(x, y, 0.45 * radius)}`;
}

function square(x, y, radius) {
  const side = (2 * radius).toFixed(1);
  return `M${(x - radius).toFixed(1)} ${(y - radius).toFixed(1)}h${side}v${side}h-${side}`;
}

function cross(x, y, arm) {
  const [left, side] = [(x - arm).toFixed(1), (2 * arm).toFixed(1)];
  const down = `M${left} ${(y - arm).toFixed(1)}l${side} ${side}`;
  return `${down}M${left} ${(y + arm).toFixed(1)}l${side} -${side}`;
}

function addMark(legend, { name, text, seen, right }) {
  const entry = add(legend, "span");
  const svg = select(entry).append("svg").attr("class", "gk-sums-key").attr("viewBox", "0 0 16 16");
  svg.attr("aria-hidden", "true");
  svg
    .append("path")
    .attr("class", name)
    .attr("d", mark(8, 8, 6.5, seen, right));
  entry.append(text);
}
