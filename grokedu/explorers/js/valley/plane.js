// The plane of the two weights: valley, line, teacher, ridge solution, path. SVG, drawn with d3.

import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { line, symbol, symbolStar } from "d3-shape";
import { add } from "../dom.js";
import { makeHandle } from "../handle.js";
import { clearOf, textWidth } from "../labels.js";
import { linearScale } from "../scale.js";
import { coordinates, placeOf, startAt, startOf, strokes, weightsAt } from "./math.js";
import { placeInWords, solutionName } from "./words.js";

const REACH = 2.15; // the plane shows −REACH … REACH
const FAR = 100;
const DOT = 4; // px between the points that labels keep clear of
const MARGIN = { left: 34, right: 8, top: 8, bottom: 36 };
const KEY_STEP = 0.05;
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
    const label = () => labels.append("text").attr("class", "gk-halo");
    this.labels = { ridge: label(), teacher: label(), start: label() };
    this.start = this.makeStart();
    makeLegend(parent);
  }

  makeStart() {
    let away = [0, 0]; // from the pointer to the start, in the plane
    const handle = makeHandle(this.svg, "gk-start", "start θ(0)", {
      start: ({ x, y }) => {
        const [startX, startY] = startOf(this.settings);
        away = [startX - this.x.invert(x), startY - this.y.invert(y)];
      },
      move: ({ x, y }) => this.moveStart([this.x.invert(x) + away[0], this.y.invert(y) + away[1]]),
      nudge: (right, up) => {
        const [x, y] = startOf(this.settings);
        this.moveStart([x + KEY_STEP * right, y + KEY_STEP * up]);
      },
    });
    handle.append("circle").attr("class", "gk-grip").attr("r", 8);
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
    const { valley, settings, valleys } = analysis;
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
    const line = [-9, 9].map((u) => placeOf(valley, { seen: label, unseen: u }));
    this.line.attr("d", this.pathOf([line]));
    const lines = this.linesOf(analysis, analysis.horizon);
    this.ahead.attr("d", this.pathOf(lines));
    this.behind.classed("gk-jumping", lines.length > 1);
    this.dots.attr("d", run ? this.dotsOf(run.weights) : null);
    this.move(this.teacher, valley.teacher);
    this.move(this.ridge, valleys.center);
    this.move(this.start, startOf(settings));
    this.start
      .attr("aria-valuemin", 0)
      .attr("aria-valuemax", valley.longest_start)
      .attr("aria-valuenow", settings.start_length)
      .attr("aria-valuetext", placeInWords(startOf(settings)));
    this.drawLabels(analysis, [line, ...lines], { right, bottom: bottom - MARGIN.bottom });
  }

  /** The names of the marks, each on a side where it covers no other mark and little of a line. */
  drawLabels({ valley, valleys, settings }, lines, { right, bottom }) {
    const names = {
      ridge: [valleys.center, solutionName(settings), 7],
      teacher: [valley.teacher, "teacher θ*", 7],
      start: [startOf(settings), "start θ(0)", 10],
    };
    const taken = lines.flatMap((places) => this.pointsOn(places));
    for (const [place, , size] of Object.values(names)) {
      const [x, y] = this.onScreen(place);
      taken.push(...pointsIn({ left: x - size, right: x + size, top: y - size, bottom: y + size }));
    }
    for (const [name, [place, text, size]] of Object.entries(names)) {
      const boxes = boxesAround(this.onScreen(place), textWidth(text), size + 2);
      const inside = boxes.filter(
        (box) =>
          box.left >= MARGIN.left &&
          box.right <= right &&
          box.top >= MARGIN.top &&
          box.bottom <= bottom,
      );
      const box = clearOf(taken, inside.length ? inside : boxes); // a page may be narrower than a name
      taken.push(...pointsIn(box));
      this.labels[name]
        .attr("x", box.left)
        .attr("y", box.bottom - 4)
        .text(text);
    }
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
    const shown = [this.point, this.toLine, this.toTeacher];
    for (const part of shown) part.attr("display", step === null ? "none" : null);
    this.behind.attr("d", this.pathOf(this.linesOf(analysis, step ?? analysis.horizon)));
    if (step === null) return;
    const { valley } = analysis;
    const place = weightsAt(analysis, step);
    const { unseen } = coordinates(valley, place);
    const foot = placeOf(valley, { seen: coordinates(valley, valley.teacher).seen, unseen });
    this.point.attr("transform", `translate(${this.at(place)})`);
    this.toLine.attr("d", this.pathOf([[place, foot]]));
    this.toTeacher.attr("d", this.pathOf([[place, valley.teacher]]));
  }

  at([x, y]) {
    return `${this.x(x).toFixed(2)},${this.y(y).toFixed(2)}`;
  }

  onScreen([x, y]) {
    return /** @type {[number, number]} */ ([this.x(x), this.y(y)]);
  }

  /** The path up to a step; that of a diverging run until it is outside for good. */
  linesOf(analysis, last) {
    const lines = strokes(analysis, last);
    if (!analysis.stop) return lines;
    return lines.map((places) => {
      const left = places.findIndex((place) => Math.max(...place.map(Math.abs)) > 2 * REACH);
      return left < 0 ? places : places.slice(0, left + 1);
    });
  }

  pathOf(lines) {
    const near = (places) => places.filter((place) => Math.hypot(...place) < FAR);
    const path = (places) => line()(near(places).map((place) => this.onScreen(place)));
    return lines.map(path).join("") || null;
  }

  /** Points along a line, as dense as labels need them. */
  pointsOn(places) {
    const points = [];
    const corners = places.map((place) => this.onScreen(place));
    for (let k = 1; k < corners.length; k++) {
      const [[x, y], [toX, toY]] = [corners[k - 1], corners[k]];
      const parts = Math.min(Math.ceil(Math.hypot(toX - x, toY - y) / DOT), 1000);
      for (let i = 0; i <= parts; i++) {
        const share = i / Math.max(parts, 1);
        points.push([x + share * (toX - x), y + share * (toY - y)]);
      }
    }
    return points;
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
}

/** Where the name of a mark may stand: left below, right above, and so on around it. */
function boxesAround([x, y], width, away) {
  const [leftward, rightward] = [x - away - width, x + away];
  const [above, beside, below] = [y - away - 12, y - 8, y + away - 4];
  const corners = [
    [leftward, below],
    [rightward, above],
    [rightward, below],
    [leftward, above],
    [leftward, beside],
    [rightward, beside],
    [x - width / 2, below + 8],
    [x - width / 2, above - 8],
    [x - width / 2, below + 24],
    [x - width / 2, above - 24],
  ];
  return corners.map(([left, top]) => ({ left, right: left + width, top, bottom: top + 16 }));
}

function pointsIn({ left, right, top, bottom }) {
  const points = [];
  for (let x = left; x <= right; x += DOT) {
    for (let y = top; y <= bottom; y += DOT) points.push([x, y]);
  }
  return points;
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
