// The map: a pixel for each cell, the region that is certified, and the cursor. Canvas and SVG.

import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { add } from "../dom.js";
import { makeHandle } from "../handle.js";
import { textWidth } from "../labels.js";
import { followPointer } from "../pointer.js";
import { linearScale, logScale } from "../scale.js";
import { powerOfTen, short } from "../words.js";
import { AXES, COLUMNS, PhaseMap, ROWS } from "./math.js";
import {
  axisOf,
  CERTIFIES,
  mapSentence,
  NOTHING,
  placeSentence,
  QUANTITIES,
  SCATTER,
} from "./words.js";

const MARGIN = { left: 40, right: 10, top: 20, bottom: 100 };
const BAR = { below: 48, height: 10 }; // the scale of colors, below the map
const TALL = 1.3; // height of a cell over its width
const BUDGET = 4; // ms of each frame
// The map cividis of Nuñez, Anderton and Renslow (2018), even for color-blind readers.
const COLORS =
  "00224e 003170 2a3f6d 434e6c 575d6d 6a6c71 7d7c78 918b78 a59c74 bcae6c d2c060 e9d34e fee838".split(
    " ",
  );
const RGB = COLORS.map((color) => [0, 2, 4].map((i) => Number.parseInt(color.slice(i, i + 2), 16)));

let maps = 0;

export class MapView {
  /**
   * @param {HTMLElement} parent
   * @param {(state: object) => void} change
   */
  constructor(parent, change) {
    this.change = change;
    this.box = add(parent, "div", { class: "gk-phase" });
    this.choices = this.makeChoices();
    this.field = add(this.box, "div", { class: "gk-phase-field" });
    this.canvas = /** @type {HTMLCanvasElement} */ (
      add(this.field, "canvas", { width: COLUMNS, height: ROWS, "aria-hidden": "true" })
    );
    this.svg = select(this.field)
      .append("svg")
      .attr("role", "group")
      .attr("aria-label", "map of the predicted times");
    const layer = () =>
      this.svg.append("g").attr("aria-hidden", "true").style("pointer-events", "none");
    this.ground = this.svg.append("rect").attr("class", "gk-phase-ground");
    const id = `grokedu-phase-${maps++}-${Math.random().toString(36).slice(2, 8)}`;
    this.frames = [this.ground, this.svg.append("clipPath").attr("id", id).append("rect")];
    const inside = layer().attr("clip-path", `url(#${id})`);
    this.region = ["gk-phase-casing", "gk-phase-region"].map((name) =>
      inside.append("path").attr("class", name),
    );
    this.dots = ["gk-phase-dot-casing", "gk-phase-dots"].map((name) =>
      inside.append("path").attr("class", name),
    );
    this.name = layer()
      .append("text")
      .attr("class", "gk-halo gk-phase-name")
      .attr("text-anchor", "middle");
    this.axes = [0, 1, 2].map(() => layer().attr("class", "gk-axis"));
    this.titles = [0, 1, 2].map(() => layer().append("text").attr("class", "gk-axis-title"));
    this.bar = this.makeBar(layer(), `${id}-bar`);
    this.cursor = this.makeCursor();
    this.scatter = this.makeLegend();
    this.words = add(this.box, "p", { class: "gk-note gk-phase-words" });
    this.summary = add(this.box, "p", { class: "gk-aside" });
  }

  // -------------------------------------------------------------- elements

  makeChoices() {
    const row = add(this.box, "p", { class: "gk-phase-choices" });
    const choice = (before, label, onChoice) => {
      row.append(before);
      const box = /** @type {HTMLSelectElement} */ (add(row, "select", { "aria-label": label }));
      box.addEventListener("change", () => onChoice(box.value));
      return box;
    };
    const onAxis = (which) => (name) => {
      const [x, y] = this.look.axes;
      const [other, old] = which ? [x, y] : [y, x];
      const others = name === other ? old : other; // the two change places
      this.change({ axes: which ? [others, name] : [name, others] });
    };
    return [
      choice("Predicted ", "what the map shows", (quantity) => this.change({ quantity })),
      choice(" over ", "axis across the map", onAxis(0)),
      choice(" and ", "axis up the map", onAxis(1)),
    ];
  }

  makeBar(layer, id) {
    const gradient = layer.append("linearGradient").attr("id", id);
    COLORS.forEach((color, i) => {
      gradient
        .append("stop")
        .attr("offset", i / (COLORS.length - 1))
        .attr("stop-color", `#${color}`);
    });
    return layer.append("rect").attr("fill", `url(#${id})`).attr("height", BAR.height);
  }

  makeCursor() {
    const svg = this.svg.node();
    const move = ({ x, y }) => this.goTo(this.cellAt(x, y));
    // An upright swipe of a finger scrolls the page.
    followPointer(svg, svg, {
      along: "clientX",
      start: ({ x, y }) => this.isInside(x, y),
      move,
    });
    const handle = makeHandle(this.svg, "gk-phase-cursor", "place on the map", {
      move,
      nudge: (right, up) => {
        const [column, row] = this.nearest();
        this.goTo([column + right, row + up]);
      },
    });
    for (const name of ["gk-phase-ring-casing", "gk-phase-ring"]) {
      handle.append("circle").attr("class", name).attr("r", 7);
    }
    return handle;
  }

  makeLegend() {
    const legend = add(this.box, "div", { class: "gk-legend" });
    const entry = (name, text) => {
      const part = add(legend, "span");
      add(part, "b", { class: name });
      part.append(text);
      return part;
    };
    entry("gk-phase-hatched", NOTHING);
    entry("gk-phase-dashes", CERTIFIES);
    return entry("gk-phase-dot", SCATTER);
  }

  // -------------------------------------------------------------- the reader's hand

  isInside(x, y) {
    const [left, right] = this.x.range();
    const [bottom, top] = this.y.range();
    return x >= left && x <= right && y >= top && y <= bottom;
  }

  /** Column and row at a place of the picture. */
  cellAt(x, y) {
    const [left, right] = this.x.range();
    const [bottom, top] = this.y.range();
    return [
      Math.floor(((x - left) / (right - left)) * COLUMNS),
      Math.floor(((y - bottom) / (top - bottom)) * ROWS),
    ];
  }

  /** Column and row of the cursor. */
  nearest() {
    return this.cellAt(...this.placeOf(this.settings));
  }

  /** @param {number[]} cell */
  goTo([column, row]) {
    const inside = (cell, count) => Math.min(Math.max(cell, 0), count - 1);
    const [x, y] = this.map.axes.map(({ name }) => name);
    const state = {
      [x]: this.map.x[inside(column, COLUMNS)],
      [y]: this.map.y[inside(row, ROWS)],
    };
    if (state[x] === this.settings[x] && state[y] === this.settings[y]) return;
    this.drawCursor({ ...this.settings, ...state }); // Python may have to draw the problem first
    this.change(state);
  }

  // -------------------------------------------------------------- drawing

  draw({ settings }, look) {
    this.look = look;
    this.settings = settings;
    const { table, axes, width } = look;
    const fixed = Object.entries(settings).filter(
      ([name]) => name !== "seed" && !axes.includes(name),
    );
    const key = JSON.stringify([fixed, axes]);
    if (key !== this.key) {
      this.key = key;
      this.map = new PhaseMap(settings, table, axes);
      this.placed = null;
    }
    const place = JSON.stringify([width, look.quantity]);
    if (place !== this.placed) {
      this.placed = place;
      this.place(width);
      this.shown = -1;
    }
    this.work();
    this.drawCursor(settings);
    return { axes, quantity: look.quantity, map: this.map };
  }

  /** A part of the map in each frame. */
  work() {
    const { map } = this;
    if (!map.isDone) {
      const end = performance.now() + BUDGET;
      map.advance(() => performance.now() > end);
      if (!map.isDone) {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => this.work());
      }
    }
    if (this.shown === map.done) return;
    this.shown = map.done;
    this.paint();
  }

  place(width) {
    const { axes, x, y } = this.map;
    const right = width - MARGIN.right;
    const height = ((right - MARGIN.left) / COLUMNS) * TALL * ROWS;
    const bottom = MARGIN.top + height;
    this.box.style.width = `${width}px`;
    this.svg
      .attr("viewBox", `0 0 ${width} ${bottom + MARGIN.bottom}`)
      .attr("height", bottom + MARGIN.bottom);
    this.x = scaleOf(axes[0], x).range([MARGIN.left, right]);
    this.y = scaleOf(axes[1], y).range([bottom, MARGIN.top]);
    Object.assign(this.canvas.style, {
      left: `${MARGIN.left}px`,
      top: `${MARGIN.top}px`,
      width: `${right - MARGIN.left}px`,
      height: `${height}px`,
    });
    for (const rect of this.frames) {
      rect
        .attr("x", MARGIN.left)
        .attr("y", MARGIN.top)
        .attr("width", right - MARGIN.left)
        .attr("height", height);
    }
    this.drawAxes(width, bottom);
    this.bar
      .attr("x", MARGIN.left)
      .attr("y", bottom + BAR.below)
      .attr("width", right - MARGIN.left);
    this.axes[2].attr("transform", `translate(0,${bottom + BAR.below + BAR.height})`);
    const { quantity } = this.look;
    this.choices.forEach((box, i) => {
      const options = i
        ? AXES.map((name) => {
            const setting = this.look.table.find((candidate) => candidate.name === name);
            return [name, axisOf(setting, this.settings).option];
          })
        : Object.entries(QUANTITIES).map(([name, { name: text }]) => [name, text]);
      if (!box.options.length)
        for (const [value, text] of options) add(box, "option", { value }, text);
      box.value = i ? axes[i - 1].name : quantity;
    });
  }

  drawAxes(width, bottom) {
    const { axes } = this.map;
    const m = this.settings.n_features;
    const make = (axis, setting, most) => {
      const ticks = ticksOf(setting, m, most);
      const format = setting.scale === "log" ? decade : (value) => short(value / m);
      return axis.tickValues(ticks).tickSizeOuter(0).tickFormat(format);
    };
    this.axes[0]
      .attr("transform", `translate(0,${bottom})`)
      .call(make(axisBottom(this.x), axes[0], width / 50));
    this.axes[1]
      .attr("transform", `translate(${MARGIN.left},0)`)
      .call(make(axisLeft(this.y), axes[1], 7));
    const [across, up] = axes.map((axis) => axisOf(axis, this.settings).title);
    const { name, unit } = QUANTITIES[this.look.quantity];
    const middle = (MARGIN.left + width - MARGIN.right) / 2;
    this.titles[0]
      .attr("x", middle)
      .attr("y", bottom + 32)
      .attr("text-anchor", "middle")
      .text(across);
    this.titles[1].attr("x", 2).attr("y", 11).text(up);
    this.titles[2]
      .attr("x", middle)
      .attr("y", bottom + MARGIN.bottom - 4)
      .attr("text-anchor", "middle")
      .text(unit ? `${name} (${unit})` : name);
  }

  /** Colors, the scale of colors, the region, and the map in words. */
  paint() {
    const { quantity } = this.look;
    const values = this.map.values(quantity);
    const [least, most] = range(values);
    const [low, high] = decades(least, most);
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(COLUMNS, ROWS);
    for (let cell = 0; cell < values.length; cell++) {
      if (Number.isNaN(values[cell])) continue; // the hatching shows through
      const column = cell % COLUMNS;
      const pixel = (ROWS - 1 - (cell - column) / COLUMNS) * COLUMNS + column;
      const [red, green, blue] = colorAt((Math.log10(values[cell]) - low) / (high - low));
      image.data.set([red, green, blue, 255], 4 * pixel);
    }
    context.putImageData(image, 0, 0);
    const scale = logScale()
      .domain([10 ** low, 10 ** high])
      .range(this.x.range());
    const every = Math.ceil((high - low) / 8);
    const ticks = [];
    for (let power = low; power <= high; power += every) ticks.push(10 ** power);
    this.axes[2].call(axisBottom(scale).tickValues(ticks).tickSizeOuter(0).tickFormat(decade));
    this.drawRegion();
    this.summary.textContent = mapSentence(this.map, quantity, values, [least, most]);
  }

  drawRegion() {
    const { map } = this;
    const [left, right] = this.x.range();
    const [bottom, top] = this.y.range();
    const wide = (right - left) / COLUMNS;
    const tall = (bottom - top) / ROWS;
    const isIn = (column, row) => row < ROWS && map.certified[map.known(row * COLUMNS + column)];
    let outline = "";
    let dots = "";
    const runs = [];
    for (let row = 0; row < ROWS; row++) {
      let first = 0;
      for (let column = 0; column < COLUMNS; column++) {
        const [x, y] = [left + column * wide, bottom - row * tall];
        const here = isIn(column, row);
        const isDotted = map.untypical[map.known(row * COLUMNS + column)];
        if (isDotted) dots += `M${x + wide / 2} ${y - tall / 2}h0`;
        if (column && here !== isIn(column - 1, row)) outline += `M${x} ${y}v${-tall}`;
        if (row && here !== isIn(column, row - 1)) outline += `M${x} ${y}h${wide}`;
        // Where the name has room above and below.
        const hasRoom = here && row && isIn(column, row - 1) && isIn(column, row + 1);
        if (!hasRoom) first = column + 1;
        else
          runs.push({ row, middle: (first + column + 1) / 2, width: wide * (column + 1 - first) });
      }
    }
    for (const path of this.region) path.attr("d", outline || null);
    for (const path of this.dots) path.attr("d", dots || null);
    this.scatter.style.visibility = dots ? "visible" : "hidden"; // what is below stays where it is
    this.drawName(
      runs,
      (column) => left + column * wide,
      (row) => bottom - (row + 0.5) * tall,
    );
  }

  /** In the upper half of the region, where there is room. */
  drawName(runs, x, y) {
    const away = ({ row }) => Math.abs(row - 0.7 * ROWS);
    const nearer = (best, run) => (best && away(best) <= away(run) ? best : run);
    for (const text of [CERTIFIES, "Eq. (8)", ""]) {
      const fits = ({ row, width }) => width > textWidth(text) + 12 && row < ROWS - 2;
      const best = runs.filter(fits).reduce(nearer, null);
      if (text && !best) continue;
      this.name.text(text);
      if (text) this.name.attr("x", x(best.middle)).attr("y", y(best.row)).attr("dy", "0.35em");
      return;
    }
  }

  placeOf(settings) {
    const [x, y] = this.map.axes.map(({ name }) => settings[name]);
    return /** @type {[number, number]} */ ([this.x(x), this.y(y)]);
  }

  drawCursor(settings) {
    const [x, y] = this.placeOf(settings);
    const words = placeSentence(settings, this.map.axes);
    const [column, row] = this.cellAt(x, y);
    this.cursor
      .attr("transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`)
      .attr("aria-valuemin", 0)
      .attr("aria-valuemax", COLUMNS * ROWS - 1)
      .attr("aria-valuenow", row * COLUMNS + column)
      .attr("aria-valuetext", words);
    this.words.textContent = words;
  }
}

/** A scale on which the cells of these values are equally wide, to the ends of the outer ones. */
function scaleOf({ scale, low, high }, values) {
  const share = 0.5 / (values.length - 1);
  if (scale === "log") {
    const half = (high / low) ** share;
    return logScale().domain([low / half, high * half]);
  }
  const half = (high - low) * share;
  return linearScale().domain([low - half, high + half]);
}

const decade = (value) => powerOfTen(Math.round(Math.log10(value)));

/** Powers of ten; or values of n at which n/m is round. */
function ticksOf({ scale, low, high }, m, most) {
  const ticks = [];
  if (scale === "log") {
    const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
    const every = Math.ceil((last - first + 1) / most);
    for (let power = last; power >= first; power -= every) ticks.push(10 ** power);
    return ticks;
  }
  const rough = (high - low) / m / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * unit).find((candidate) => candidate >= rough);
  for (let k = Math.ceil(low / m / step); k * step <= high / m; k++) ticks.push(k * step * m);
  return ticks;
}

/** The least and the greatest number, null where there is none. */
function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [null, null];
}

/** The powers of ten around, none below 1 step. */
function decades(least, most) {
  if (least === null) return [0, 1];
  const low = Math.max(Math.floor(Math.log10(least)), 0);
  return [low, Math.max(Math.ceil(Math.log10(most)), low + 1)];
}

/** Red, green and blue at a share of the scale. */
function colorAt(share) {
  const place = Math.min(Math.max(share, 0), 1) * (RGB.length - 1);
  const below = Math.min(Math.floor(place), RGB.length - 2);
  const [from, to] = [RGB[below], RGB[below + 1]];
  return from.map((color, i) => Math.round(color + (place - below) * (to[i] - color)));
}
