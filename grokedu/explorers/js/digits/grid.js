// The test images, each marked as long as it is wrong, and the output of one of them over time.

import { axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { line } from "d3-shape";
import { CellList } from "../cells.js";
import { add } from "../dom.js";
import { linearScale } from "../scale.js";
import { positionOf } from "../steps.js";
import { PIXELS, SIDE, unpack } from "./draw.js";
import { labelOf } from "./math.js";
import { imageSentence, momentSentence } from "./words.js";

/** @import { DigitsAnalysis } from "../types" */

const CELL = 24; // px, at least: what a finger can hit
const WIDEST = 520; // px of all images
const GAP = 16; // px between images and curves
const BRIGHTEST = 16;
const TRACE = { height: 112, left: 40, right: 6, top: 8, bottom: 104 };
const TICKS = [-10, -1, 0, 1, 10];

export class Grid {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = add(parent, "div", { class: "gk-digits" });
    add(this.box, "p", { class: "gk-note gk-legend" }).append(
      "Test images:",
      legendEntry("gk-digit-right", "right"),
      legendEntry("gk-digit-wrong", "wrong"),
    );
    this.field = add(this.box, "div", { class: "gk-digits-field" });
    this.canvas = /** @type {HTMLCanvasElement} */ (
      add(this.field, "canvas", { "aria-hidden": "true" })
    );
    this.svg = select(this.field).append("svg").attr("aria-hidden", "true");
    this.veil = this.svg.append("path").attr("class", "gk-digits-veil");
    this.frames = this.svg.append("path").attr("class", "gk-digits-frames");
    this.ring = this.svg.append("rect").attr("class", "gk-digits-ring");
    this.cells = new CellList(this.field, "test images", () => this.drawChosen());
    this.moment = add(this.box, "p", { class: "gk-note gk-digits-moment" });
    const detail = add(this.box, "div", { class: "gk-digits-detail" });
    this.large = /** @type {HTMLCanvasElement} */ (
      add(detail, "canvas", { "aria-hidden": "true", width: SIDE, height: SIDE })
    );
    this.words = add(detail, "p", { class: "gk-note" });
    this.trace = new Trace(this.box);
  }

  /**
   * Redraw; `step` is null where there is no run.
   * @param {DigitsAnalysis} analysis
   * @param {number | null} step
   * @param {{ width: number, linear: boolean }} options
   */
  draw(analysis, step, { width, linear }) {
    const { problem, images } = analysis;
    const inner = Math.min(width - GAP, WIDEST);
    this.box.style.width = `${width}px`;
    this.box.style.paddingRight = `${width - inner}px`;
    this.layOut(images.digits.length - Math.floor(images.digits.length / 2), inner);
    this.box.style.visibility = problem ? "visible" : "hidden";
    if (!problem) return {};
    if (problem !== this.problem || inner !== this.width) {
      this.problem = problem;
      this.width = inner;
      this.drawImages(images);
    }
    this.analysis = analysis;
    this.linear = linear;
    this.step = step;
    this.outputs = step === null ? null : analysis.run.images.test.at(step);
    const wrong = this.drawMarks();
    this.cells.chosen ??= Math.max(
      this.places.findIndex((x) => wrong.includes(x)),
      0,
    );
    this.drawMoment(wrong);
    this.drawChosen();
    return { wrong: wrong.map((x) => problem.order[problem.n + x]) };
  }

  /** The pixels, once for each draw and width. */
  drawImages(images) {
    const { n, digits, order } = this.problem;
    this.digits = digits.slice(n);
    this.pixels = unpack(images).pixels;
    this.imageAt = (x) => order[n + x] * PIXELS;
    this.places = [...this.digits.keys()].sort((x, y) => this.digits[x] - this.digits[y] || x - y);
    const pitch = SIDE + 2;
    const sheet = new ImageData(pitch * this.columns, pitch * this.lines);
    this.places.forEach((x, place) => {
      const [column, line] = this.cell(place);
      paint(sheet, column * pitch + 1, line * pitch + 1, this.pixels, this.imageAt(x));
    });
    this.canvas.width = sheet.width;
    this.canvas.height = sheet.height;
    this.canvas.getContext("2d").putImageData(sheet, 0, 0);
    this.cells.chosen = null;
  }

  /** Room for `count` images, also before it is known which. */
  layOut(count, width) {
    this.columns = Math.max(Math.floor(width / CELL), 1);
    this.lines = Math.ceil(count / this.columns);
    this.svg.attr("viewBox", `0 0 ${this.columns} ${this.lines}`);
    this.field.style.aspectRatio = `${this.columns} / ${this.lines}`;
    this.cells.layOut(count, this.columns, `${count} test images`);
  }

  cell(place) {
    return [place % this.columns, Math.floor(place / this.columns)];
  }

  /** Frames around what is wrong; returns these places among the test images. */
  drawMarks() {
    const wrong = [];
    let [veil, frames] = ["", ""];
    this.places.forEach((x, place) => {
      if (!this.outputs || this.outputs[x] * labelOf(this.digits[x]) > 0) return;
      wrong.push(x);
      const [column, line] = this.cell(place);
      veil += `M${column} ${line}h1v1h-1z`;
      frames += `M${column + 0.07} ${line + 0.07}h0.86v0.86h-0.86z`;
    });
    this.veil.attr("d", veil || null);
    this.frames.attr("d", frames || null);
    return wrong;
  }

  drawMoment(wrong) {
    const { step, digits, analysis } = this;
    if (step === null) {
      this.moment.textContent = "";
      return;
    }
    const { train, test } = analysis.run;
    const losses = { train: train.at(step), test: test.at(step) };
    this.moment.textContent = momentSentence({ step, wrong, digits, losses });
  }

  drawChosen() {
    const [column, line] = this.cell(this.cells.chosen);
    this.ring.attr("x", column).attr("y", line).attr("width", 1).attr("height", 1);
    const x = this.places[this.cells.chosen];
    const digit = this.digits[x];
    if (this.enlarged !== this.imageAt(x)) {
      this.enlarged = this.imageAt(x);
      const sheet = new ImageData(SIDE, SIDE);
      paint(sheet, 0, 0, this.pixels, this.enlarged);
      this.large.getContext("2d").putImageData(sheet, 0, 0);
    }
    const words = imageSentence(digit, this.outputs ? this.outputs[x] : null);
    this.words.textContent = words;
    this.cells.tell(words);
    const { step, width, linear } = this;
    this.trace.draw(this.analysis, { x, label: labelOf(digit), step, width, linear });
  }
}

/** One image, as dark as its pixels, into a picture from a corner on. */
function paint(sheet, left, top, pixels, from) {
  for (let k = 0; k < PIXELS; k++) {
    const place = (top + Math.floor(k / SIDE)) * sheet.width + left + (k % SIDE);
    sheet.data[4 * place + 3] = Math.round((255 * pixels[from + k]) / BRIGHTEST);
  }
}

function legendEntry(name, text) {
  const entry = document.createElement("span");
  add(entry, "b", { class: name });
  entry.append(text);
  return entry;
}

/** The output of one image over the steps; on the side of its label it is right. */
class Trace {
  constructor(parent) {
    this.svg = select(parent).append("svg").attr("role", "img");
    this.side = this.svg.append("rect").attr("class", "gk-digits-side");
    this.axis = this.svg.append("g").attr("class", "gk-axis");
    this.zero = this.svg.append("line").attr("class", "gk-digits-zero");
    this.curve = this.svg.append("path").attr("class", "gk-curve gk-test");
    this.cursor = this.svg.append("g").attr("class", "gk-cursor");
    this.cursorLine = this.cursor.append("line");
    this.dot = this.cursor.append("circle").attr("class", "gk-test").attr("r", 4);
    this.names = ["even", "odd"].map((name) =>
      this.svg
        .append("text")
        .attr("class", "gk-axis-title gk-halo")
        .attr("text-anchor", "end")
        .text(name),
    );
    this.y = linearScale();
  }

  draw(analysis, { x, label, step, width, linear }) {
    const { height, left, top, bottom } = TRACE;
    const right = width - TRACE.right;
    const { steps = [], outputs, horizon, run } = analysis;
    const rows = run?.images.test.rows;
    const values = Array.from(steps, (_, k) => Math.asinh(outputs[k * rows + x]));
    const reach = Math.max(Math.asinh(2), ...values.map(Math.abs));
    this.y.domain([-reach, reach]).range([bottom, top]);
    const at = (t) => left + (right - left) * positionOf(Math.min(t, horizon), horizon, linear);
    this.svg.attr("viewBox", `0 0 ${width} ${height}`).attr("height", height);
    this.svg.attr("aria-label", "output of the chosen image over the steps");
    const middle = this.y(0);
    this.side
      .attr("x", left)
      .attr("width", right - left)
      .attr("y", label > 0 ? top : middle)
      .attr("height", middle - top);
    this.zero.attr("x1", left).attr("x2", right).attr("y1", middle).attr("y2", middle);
    this.names[0].attr("x", right - 4).attr("y", top + 12);
    this.names[1].attr("x", right - 4).attr("y", bottom - 5);
    this.axis.attr("transform", `translate(${left},0)`).call(
      axisLeft(this.y)
        .tickValues(TICKS.map(Math.asinh).filter((value) => Math.abs(value) <= reach))
        .tickSizeOuter(0)
        .tickFormat((value) => String(Math.round(Math.sinh(value))).replace("-", "−")),
    );
    const points = values.map(
      (value, k) => /** @type {[number, number]} */ ([at(steps[k]), this.y(value)]),
    );
    this.curve.attr("d", points.length ? line()(points) : null);
    this.cursor.attr("display", step === null ? "none" : null);
    if (step === null) return;
    this.cursorLine.attr("x1", at(step)).attr("x2", at(step)).attr("y1", top).attr("y2", bottom);
    this.dot.attr("cx", at(step)).attr("cy", this.y(Math.asinh(run.images.test.at(step)[x])));
  }
}
