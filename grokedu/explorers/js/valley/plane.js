// The plane of the two weights: valley, line, teacher, ridge solution, path. SVG, drawn with d3.

import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { line, symbol, symbolStar } from "d3-shape";
import { add } from "../dom.js";
import { followPointer } from "../pointer.js";
import { linearScale } from "../scale.js";
import { coordinates, placeOf, startAt, startOf, weightsAt } from "./math.js";
import { placeInWords, solutionName } from "./words.js";

const REACH = 2.15; // the plane shows −REACH … REACH
const FAR = 100;
const MARGIN = { left: 34, right: 8, top: 8, bottom: 36 };
const TOUCH = 44; // what a finger can hit
const KEY_STEP = 0.05;
const KEYS = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
const STAR = symbol(symbolStar, 90)();
const DIAMOND = "M0 -6.5L6.5 0L0 6.5L-6.5 0z";
const LEGEND = [
  ["gk-contour", "M0 3H18M0 7H18", "regularized training loss"],
  ["gk-line", "M0 5H18", "weights that fit the sample"],
  ["gk-distance gk-train", "M0 5H18", "distance to them"],
  ["gk-star", STAR, "teacher"],
  ["gk-distance gk-test", "M0 5H18", "distance to the teacher"],
  ["gk-diamond", DIAMOND, "ridge solution"],
  ["gk-path", "M0 5H18", "path of the weights"],
];

let planes = 0;

export class Plane {
  /**
   * @param {HTMLElement} parent
   * @param {(settings: object) => void} onStart
   */
  constructor(parent, onStart) {
    this.onStart = onStart;
    this.x = linearScale().domain([-REACH, REACH]);
    this.y = linearScale().domain([-REACH, REACH]);
    this.box = add(parent, "div", { class: "gk-plane" });
    this.svg = select(this.box)
      .append("svg")
      .attr("role", "group")
      .attr("aria-label", "plane of the two weights");
    const clip = `grokedu-plane-${planes++}-${Math.random().toString(36).slice(2, 8)}`;
    this.frames = [
      this.svg.append("clipPath").attr("id", clip).append("rect"),
      this.svg.append("rect").attr("class", "gk-plane-frame"),
    ];
    const layer = () =>
      this.svg.append("g").attr("aria-hidden", "true").style("pointer-events", "none");
    this.axes = [0, 1].map(() => layer().attr("class", "gk-axis"));
    this.axisTitles = ["θ₁", "θ₂"].map((text) =>
      layer()
        .append("text")
        .attr("class", "gk-axis-title")
        .attr("text-anchor", "middle")
        .text(text),
    );
    const inside = layer().attr("clip-path", `url(#${clip})`);
    this.contours = inside.append("g");
    const path = (classes) => inside.append("path").attr("class", classes);
    this.line = path("gk-line");
    this.ahead = path("gk-path gk-ahead");
    this.behind = path("gk-path");
    this.dots = path("gk-path-dots");
    this.toLine = path("gk-distance gk-train");
    this.toTeacher = path("gk-distance gk-test");
    this.ridge = path("gk-diamond").attr("d", DIAMOND);
    this.teacher = path("gk-star").attr("d", STAR);
    this.point = inside.append("circle").attr("class", "gk-point").attr("r", 5);
    const labels = layer();
    const label = (text, anchor) =>
      labels.append("text").attr("class", "gk-halo").attr("text-anchor", anchor).text(text);
    this.labels = {
      teacher: label("teacher θ*", "start"),
      ridge: label("ridge solution", "end"),
      start: label("start θ(0)", "start"),
    };
    this.start = this.makeStart();
    makeLegend(parent);
  }

  makeStart() {
    const handle = this.svg
      .append("g")
      .attr("class", "gk-start")
      .attr("tabindex", 0)
      .attr("role", "slider")
      .attr("aria-label", "start θ(0), moved by the arrow keys");
    handle
      .append("rect")
      .attr("class", "gk-touch")
      .attr("x", -TOUCH / 2)
      .attr("y", -TOUCH / 2)
      .attr("width", TOUCH)
      .attr("height", TOUCH);
    handle.append("circle").attr("class", "gk-grip").attr("r", 8);
    const node = handle.node();
    let away = [0, 0]; // from the pointer to the start, in the plane
    followPointer(this.svg.node(), node, {
      start: ({ x, y }) => {
        const [startX, startY] = startOf(this.settings);
        away = [startX - this.x.invert(x), startY - this.y.invert(y)];
      },
      move: ({ x, y }) => this.moveStart([this.x.invert(x) + away[0], this.y.invert(y) + away[1]]),
    });
    // Browsers do not heed touch-action on parts of an SVG, and would scroll.
    node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    handle.on("keydown", (event) => {
      const direction = KEYS[event.key];
      if (!direction) return;
      event.preventDefault();
      const by = (event.shiftKey ? 5 : 1) * KEY_STEP;
      const [x, y] = startOf(this.settings);
      this.moveStart([x + by * direction[0], y + by * direction[1]]);
    });
    return handle;
  }

  moveStart(place) {
    this.onStart(startAt(place, this.valley.longest_start));
  }

  /** Redraw; `step` null: the settings cannot run, and there is no present point. */
  draw(analysis, step, { width, run }) {
    const key = [analysis, width, run];
    if (!this.key || key.some((part, i) => part !== this.key[i])) {
      this.key = key;
      this.drawPlane(analysis, width, run);
    }
    this.drawPoint(analysis, step);
  }

  drawPlane(analysis, width, run) {
    const { valley, path, settings, valleys } = analysis;
    this.settings = settings;
    this.valley = valley;
    const size = Math.min(width, 420);
    const bottom = size + MARGIN.top + MARGIN.bottom - MARGIN.left - MARGIN.right;
    const right = size - MARGIN.right;
    this.x.range([MARGIN.left, right]);
    this.y.range([bottom - MARGIN.bottom, MARGIN.top]);
    this.box.style.width = `${width}px`;
    this.svg
      .attr("viewBox", `0 0 ${size} ${bottom}`)
      .attr("height", bottom)
      .style("max-width", `${size}px`);
    for (const rect of this.frames) {
      rect
        .attr("x", MARGIN.left)
        .attr("y", MARGIN.top)
        .attr("width", right - MARGIN.left)
        .attr("height", bottom - MARGIN.bottom - MARGIN.top);
    }
    this.drawAxes(bottom - MARGIN.bottom);
    this.drawContours(valleys, valley);
    const label = coordinates(valley, valley.teacher).seen;
    this.line.attr(
      "d",
      this.pathOf([-9, 9].map((u) => placeOf(valley, { seen: label, unseen: u }))),
    );
    this.ahead.attr("d", this.pathOf(path));
    this.dots.attr("d", run ? this.dotsOf(run.weights) : null);
    this.move(this.teacher, valley.teacher);
    this.move(this.ridge, valleys.center);
    this.move(this.start, startOf(settings));
    this.start
      .attr("aria-valuemin", 0)
      .attr("aria-valuemax", valley.longest_start)
      .attr("aria-valuenow", settings.start_length)
      .attr("aria-valuetext", placeInWords(startOf(settings)));
    this.place(this.labels.teacher, valley.teacher, 10, -8);
    this.labels.ridge.text(solutionName(settings));
    this.place(this.labels.ridge, valleys.center, -10, 12);
    this.place(this.labels.start, startOf(settings), 12, 16);
  }

  drawAxes(bottom) {
    const ticks = [-2, -1, 0, 1, 2];
    const format = (value) => String(value).replace("-", "−");
    const make = (axis) => axis.tickValues(ticks).tickSizeOuter(0).tickFormat(format);
    this.axes[0].attr("transform", `translate(0,${bottom})`).call(make(axisBottom(this.x)));
    this.axes[1].attr("transform", `translate(${MARGIN.left},0)`).call(make(axisLeft(this.y)));
    this.axisTitles[0].attr("x", this.x(0)).attr("y", bottom + 31);
    this.axisTitles[1].attr("x", 10).attr("y", this.y(0.5)).attr("dy", "0.35em");
  }

  drawContours({ center, halfAxes }, { feature }) {
    const unit = this.x(1) - this.x(0);
    const angle = (-Math.atan2(feature[1], feature[0]) * 180) / Math.PI;
    this.contours
      .attr("transform", `translate(${this.at(center)}) rotate(${angle})`)
      .selectAll("ellipse")
      .data(halfAxes)
      .join("ellipse")
      .attr("class", "gk-contour")
      .attr("rx", ({ seen }) => unit * seen)
      .attr("ry", ({ unseen }) => unit * unseen);
  }

  drawPoint(analysis, step) {
    const shown = [this.point, this.toLine, this.toTeacher, this.behind];
    for (const part of shown) part.attr("display", step === null ? "none" : null);
    if (step === null) return;
    const { valley, path, steps } = analysis;
    const place = weightsAt(analysis, step);
    const { unseen } = coordinates(valley, place);
    const foot = placeOf(valley, { seen: coordinates(valley, valley.teacher).seen, unseen });
    this.behind.attr("d", this.pathOf([...path.filter((_, k) => steps[k] <= step), place]));
    this.point.attr("transform", `translate(${this.at(place)})`);
    this.toLine.attr("d", this.pathOf([place, foot]));
    this.toTeacher.attr("d", this.pathOf([place, valley.teacher]));
  }

  at([x, y]) {
    return `${this.x(x).toFixed(2)},${this.y(y).toFixed(2)}`;
  }

  /** A diverging run is left where it is far outside. */
  pathOf(places) {
    const near = places.filter((place) => Math.hypot(...place) < FAR);
    return line()(near.map(([x, y]) => [this.x(x), this.y(y)]));
  }

  dotsOf(places) {
    const radius = 2.5;
    return places
      .map((place) => `M${this.at(place)}m${-radius} 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`)
      .join("");
  }

  move(part, place) {
    part.attr("transform", `translate(${this.at(place)})`);
  }

  place(label, [x, y], right, down) {
    label.attr("x", this.x(x) + right).attr("y", this.y(y) + down);
  }
}

function makeLegend(parent) {
  const legend = add(parent, "div", { class: "gk-legend gk-plane-legend" });
  for (const [name, shape, text] of LEGEND) {
    const entry = add(legend, "span");
    const svg = select(entry).append("svg").attr("class", "gk-key").attr("aria-hidden", "true");
    svg.attr("viewBox", "0 0 18 10").attr("width", 18).attr("height", 10);
    const mark = svg.append("path").attr("class", name).attr("d", shape);
    if (shape === STAR || shape === DIAMOND) mark.attr("transform", "translate(9,5) scale(0.7)");
    entry.append(text);
  }
}
