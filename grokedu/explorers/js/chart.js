// The loss chart of every explorer: SVG, drawn with d3.

/** @import { Analysis, Curves, Numbers, Times } from "./types" */

import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { line } from "d3-shape";
import { clearOf, placeLane, textWidth } from "./labels.js";
import { followPointer, keepFromScrolling, placeIn } from "./pointer.js";
import { linearScale, logScale } from "./scale.js";
import { WHY } from "./why.js";
import { count, plain, powerOfTen, readouts, short } from "./words.js";

export const MARGIN = { left: 46, right: 14, top: 22, bottom: 38 };
const LANE = 16; // height of a line of labels
const TITLE = 34; // from the axis of steps down to what it says
const DOTS = 60;
const DOT = 5;
const GRIP = 8;
const TICK = 14; // length of the marks of t1 and t2 of another run
const TOUCH = 44; // what a finger can hit
const THRESHOLDS = {
  train_threshold: { symbol: "ε", kind: "train", name: "training threshold ε" },
  test_threshold: { symbol: "c", kind: "test", name: "test threshold c" },
};
/** @type {Record<string, [string, string]>} */
const THEOREMS = {
  theorem: ["Theorem 4.2", "4.2"],
  gaussian: ["Gaussian bound", "Gaussian"],
};

let charts = 0;

/** Train and test loss over the steps with stages, t1, t2, thresholds, theory and a cursor. */
export class LossChart {
  constructor(parent, { onThreshold, onScrub }) {
    this.onThreshold = onThreshold;
    this.onScrub = onScrub;
    this.clip = `grokedu-clip-${charts++}-${Math.random().toString(36).slice(2, 8)}`;
    this.x = logScale();
    this.y = logScale();
    this.held = null; // the scale of losses while a threshold is dragged
    this.pointed = null; // the place that the mouse reads off
    this.chosen = null; // the step that the reader has chosen
    this.svg = select(parent)
      .append("svg")
      .attr("class", "gk-chart")
      .attr("role", "group")
      .attr("aria-label", "loss curves");
    this.clipRect = this.svg.append("clipPath").attr("id", this.clip).append("rect");
    this.background = this.svg.append("rect").attr("class", "gk-background");
    this.stages = this.layer("gk-stages");
    this.xAxis = this.layer("gk-axis");
    this.yAxis = this.layer("gk-axis");
    this.xTitle = this.svg
      .append("text")
      .attr("class", "gk-axis-title")
      .attr("aria-hidden", "true");
    this.curves = this.layer("gk-curves").attr("clip-path", `url(#${this.clip})`);
    this.paths = this.makePaths();
    this.markers = this.layer("gk-markers");
    this.bounds = this.layer("gk-bounds");
    this.cursor = this.makeCursor();
    this.rules = this.layer("gk-rules"); // beneath the grips of both thresholds
    this.handles = {};
    for (const name of Object.keys(THRESHOLDS)) this.handles[name] = this.makeHandle(name);
    this.labels = this.layer("gk-labels");
    this.readout = this.layer("gk-readout").attr("display", "none");
    this.readout.append("line");
    this.readout.append("text").attr("text-anchor", "middle");
    this.svg
      .on("pointermove", (event) => this.read(event))
      .on("pointerleave", () => this.read(null));
    const svg = this.svg.node();
    followPointer(svg, svg, {
      along: "clientX",
      start: ({ x, y }) => this.isInside(x, y),
      move: ({ x }) => this.onScrub(this.stepAt(x)),
    });
  }

  /** A group that only shows: neither pointers nor screen readers stop at it. */
  layer(name) {
    const group = this.svg.append("g").attr("class", name);
    return group.attr("aria-hidden", "true").style("pointer-events", "none");
  }

  makePaths() {
    const path = (name) => this.curves.append("path").attr("class", name);
    const paths = {};
    for (const other of ["pinned", "ghost"]) {
      for (const name of ["train", "test"]) {
        paths[`${other}-${name}`] = path(`gk-${other} gk-${name}`);
        paths[`${other}-time-${name}`] = path(`gk-${other}-time gk-${name}`);
      }
    }
    for (const name of ["train", "test"]) paths[name] = path(`gk-curve gk-${name}`);
    for (const name of ["train", "test"]) {
      paths[`sharp-${name}`] = path("gk-curve gk-sharp");
      paths[`run-${name}`] = path(`gk-run gk-${name}`);
    }
    return paths;
  }

  makeCursor() {
    const group = this.layer("gk-cursor");
    const rule = group.append("line");
    const dot = (name) => group.append("circle").attr("class", `gk-${name}`).attr("r", 4);
    return { group, line: rule, train: dot("train"), test: dot("test") };
  }

  makeHandle(name) {
    const { symbol, kind, name: label } = THRESHOLDS[name];
    const group = this.svg
      .append("g")
      .attr("class", "gk-threshold")
      .attr("tabindex", 0)
      .attr("role", "slider")
      .attr("aria-label", label)
      .attr("aria-orientation", "vertical");
    const text = (classes) => group.append("text").attr("class", `gk-${kind}-text ${classes}`);
    const handle = {
      group,
      line: this.rules.append("line").attr("class", `gk-${kind}`),
      hit: group.append("rect").attr("class", "gk-hit").attr("height", 24),
      touch: group
        .append("rect")
        .attr("class", "gk-touch")
        .attr("width", TOUCH)
        .attr("height", TOUCH),
      grip: group.append("circle").attr("class", `gk-grip gk-${kind}`).attr("r", GRIP),
      symbol: text("gk-symbol").attr("text-anchor", "middle").attr("dy", "0.32em").text(symbol),
      value: text("gk-halo").attr("text-anchor", "middle"),
    };
    let above = 0; // how far above the line it was taken
    followPointer(this.svg.node(), group.node(), {
      along: "clientY",
      start: ({ y }, event) => {
        // A finger takes the grip alone, since swipes along the line scroll or scrub.
        if (event.pointerType === "touch" && event.target === handle.hit.node()) return false;
        this.held = this.y.copy();
        above = this.y(this.drawn.settings[name]) - y;
      },
      move: ({ y }) => this.onThreshold(name, this.held.invert(y + above)),
      end: () => {
        this.held = null;
        this.onThreshold(name, null);
      },
    });
    for (const part of [handle.grip, handle.touch]) keepFromScrolling(part.node());
    group.on("keydown", (event) => this.moveByKey(event, name));
    return handle;
  }

  moveByKey(event, name) {
    const [low, high] = this.ranges[name];
    const now = this.drawn.settings[name];
    const moved = {
      ArrowUp: now * 10 ** 0.05,
      ArrowRight: now * 10 ** 0.05,
      ArrowDown: now / 10 ** 0.05,
      ArrowLeft: now / 10 ** 0.05,
      PageUp: now * 10 ** 0.5,
      PageDown: now / 10 ** 0.5,
      Home: low,
      End: high,
    }[event.key];
    if (moved === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // in JupyterLab the arrows would move between cells
    this.onThreshold(name, moved);
  }

  isInside(x, y) {
    const { left, right, top, bottom } = this.box;
    return (
      Boolean(this.drawn.run) && x >= left - GRIP && x <= right + GRIP && y >= top && y <= bottom
    );
  }

  stepAt(x) {
    const step = Math.round(this.x.invert(x) - 1);
    return Math.min(Math.max(step, 0), this.drawn.horizon);
  }

  /** Say the losses at the step under a mouse that only points; null: it left. */
  read(event) {
    const hovers = event && event.pointerType !== "touch" && event.buttons === 0 && this.drawn;
    const { x, y } = hovers ? placeIn(this.svg.node(), event) : { x: 0, y: 0 };
    this.pointed = null;
    if (hovers && this.isInside(x, y)) {
      const step = this.stepAt(x);
      const [train, test] = ["train", "test"].map((name) => this.drawn.run[name].at(step));
      this.pointed = { x, step, losses: { train, test } };
    }
    this.drawReadout();
  }

  /**
   * The losses where the mouse points, else at the step that the reader has chosen: below the axis,
   * in place of its title, since on the curves they could not be read.
   */
  drawReadout() {
    const read = this.pointed ?? this.chosen;
    const known = read && Number.isFinite(read.losses.train);
    this.readout.attr("display", known ? null : "none");
    this.xTitle.attr("display", known ? "none" : null);
    if (!known) return;
    const { left, right, top, bottom } = this.box;
    const { x, step, losses } = read;
    const choices = readouts(step, losses);
    const [{ text, center }] = placeLane([{ x, choices }], left, right);
    const rule = this.readout.select("line").attr("x1", x).attr("x2", x);
    rule.attr("y1", top).attr("y2", bottom);
    this.readout
      .select("text")
      .attr("x", center)
      .attr("y", bottom + TITLE)
      .text(text);
  }

  /**
   * Redraw everything.
   * @param {Analysis} analysis
   * @param {{
   *   width: number,
   *   ranges: Record<string, number[]>,
   *   run: Curves | null,
   *   linear?: boolean,
   *   ghost?: (Curves & { times: Times }) | null,
   *   pinned?: (Curves & { times: Times }) | null,
   *   hold?: boolean,
   * }} options `ranges` of the two thresholds; `run` of gradient descent with the same settings;
   *   `linear` axis of steps in place of log(1 + t); `ghost` and `pinned`, runs to compare with;
   *   `hold` the axis of losses as it is, unless the curves leave it (that of the steps holds if
   *   `analysis.horizon` does).
   */
  draw(
    analysis,
    { width, ranges, run, linear = false, ghost = null, pinned = null, hold = false },
  ) {
    const lanes = 1 + Object.keys(THEOREMS).filter((name) => analysis.layers[name]).length;
    const extra = LANE * (lanes + ("tail" in analysis ? 1 : 0));
    const plot = Math.round(Math.min(Math.max(0.5 * width - 54, 210), 346));
    const height = plot + MARGIN.top + extra + MARGIN.bottom;
    this.drawn = analysis;
    this.pointed = null;
    this.ranges = ranges;
    this.linear = linear;
    this.box = {
      left: MARGIN.left,
      right: width - MARGIN.right,
      top: MARGIN.top + extra,
      bottom: height - MARGIN.bottom,
    };
    const { left, right, top, bottom } = this.box;
    this.x = linear ? linearScale() : logScale();
    this.x.domain([1, 1 + analysis.horizon]).range([left, right]);
    if (this.held) this.y = this.held.copy();
    else this.y.domain(lossDomain(analysis, hold ? this.y.domain() : null)).range([bottom, top]);
    this.svg.attr("viewBox", `0 0 ${width} ${height}`).attr("height", height);
    for (const rect of [this.clipRect, this.background]) {
      rect
        .attr("x", left)
        .attr("y", top)
        .attr("width", right - left)
        .attr("height", bottom - top);
    }
    this.drawAxes();
    this.drawStages(analysis);
    this.drawCurves(analysis, run);
    this.drawOther("ghost", ghost);
    this.drawOther("pinned", pinned);
    this.drawTimes(analysis);
    this.drawLabels(this.drawTheory(analysis));
    for (const name of Object.keys(THRESHOLDS)) this.drawThreshold(name, analysis.settings[name]);
  }

  drawAxes() {
    const { left, right, bottom } = this.box;
    const { horizon } = this.drawn;
    const ticks = this.linear ? evenTicks(horizon, (right - left) / 80) : this.decadeTicks(horizon);
    this.xAxis.attr("transform", `translate(0,${bottom})`).call(
      axisBottom(this.x)
        .tickValues(ticks.map((step) => 1 + step))
        .tickSizeOuter(0)
        .tickFormat((value) => (this.linear ? tickCount(value - 1) : decade(value - 1))),
    );
    // What would stick out on the right ends there.
    const sticksOut = (tick) =>
      this.x(tick) + textWidth(tickCount(tick - 1)) / 2 > right + MARGIN.right;
    this.xAxis
      .selectAll(".tick text")
      .attr("text-anchor", (tick) => (this.linear && sticksOut(tick) ? "end" : "middle"))
      .attr("x", (tick) => (this.linear && sticksOut(tick) ? MARGIN.right : 0));
    const [low, high] = this.y.domain().map((value) => Math.round(Math.log10(value)));
    const every = Math.ceil((high - low) / 8);
    const levels = [];
    for (let k = low; k <= high; k += every) levels.push(10 ** k);
    this.yAxis
      .attr("transform", `translate(${left},0)`)
      .call(axisLeft(this.y).tickValues(levels).tickSizeOuter(0).tickFormat(decade));
    this.xTitle
      .attr("text-anchor", "middle")
      .attr("x", (left + right) / 2)
      .attr("y", bottom + TITLE)
      .text(this.linear ? "step t" : "step t, on a logarithmic axis");
  }

  /** 0 and powers of ten, as many as have room. */
  decadeTicks(horizon) {
    const { left, right } = this.box;
    const decades = Math.floor(Math.log10(horizon) + 1e-9);
    const every = Math.ceil(decades / Math.max(2, (right - left) / 55));
    const ticks = [];
    for (let k = 0; k <= decades; k += every) ticks.push(10 ** k);
    return [0, ...ticks.filter((step) => this.x(1 + step) - left > 20)];
  }

  /** @param {Analysis} analysis */
  drawStages({ times, horizon, stop, pending }) {
    const { top, bottom } = this.box;
    const bands = stop || pending ? [] : stageBands(times, horizon);
    const edges = bands.map(({ from, to }) => [this.x(1 + from), this.x(1 + to)]);
    this.stages
      .selectAll("rect")
      .data(bands)
      .join("rect")
      .attr("x", (_, i) => edges[i][0])
      .attr("width", (_, i) => edges[i][1] - edges[i][0])
      .attr("y", top)
      .attr("height", bottom - top)
      .style("fill", ({ stage }) => `var(--gk-stage-${stage})`);
    this.stages
      .selectAll("text")
      .data(bands)
      .join("text")
      .attr("class", "gk-stage-name")
      .attr("text-anchor", "middle")
      .attr("y", 12)
      .attr("x", (_, i) => (edges[i][0] + edges[i][1]) / 2)
      .text(({ stage }, i) => stageName(stage, edges[i][1] - edges[i][0]));
  }

  /**
   * @param {Analysis} analysis
   * @param {Curves | null} run
   */
  drawCurves({ steps, train, test, layers, tail }, run) {
    const path = line();
    const draw = (name, at, losses) => {
      const points = at ? this.points(at, losses) : [];
      this.paths[name].attr("d", points.length ? path(points) : null);
      return points;
    };
    const dashed = layers.sharp ?? tail;
    this.occupied = [
      ...draw("train", steps, train),
      ...draw("test", steps, test),
      ...draw("sharp-train", dashed?.steps, dashed?.train),
      ...draw("sharp-test", dashed?.steps, dashed?.test),
    ];
    this.drawDots("run-train", run?.steps, run?.train);
    this.drawDots("run-test", run?.steps, run?.test);
  }

  /**
   * Another run: its curves, with t1 and t2 as marks across the axis.
   * @param {"ghost" | "pinned"} name
   * @param {(Curves & { times: Times }) | null} other
   */
  drawOther(name, other) {
    const { top, bottom } = this.box;
    const steps = { train: other?.times.overfit, test: other?.times.generalize };
    for (const loss of ["train", "test"]) {
      const points = other ? this.points(other.steps, other[loss]) : [];
      this.paths[`${name}-${loss}`].attr("d", points.length ? line()(points) : null);
      const step = steps[loss] ?? Infinity;
      const x = step <= this.drawn.horizon ? this.x(1 + step).toFixed(1) : null;
      const mark = `M${x} ${top}v${TICK}M${x} ${bottom}v${-TICK}`;
      this.paths[`${name}-time-${loss}`].attr("d", x && mark);
    }
  }

  /** Places on the screen; what lies far outside is brought near, since huge numbers draw badly. */
  points(steps, losses) {
    const [floor, roof] = [this.y.domain()[0] * 1e-3, this.y.domain()[1] * 1e3];
    /** @type {[number, number][]} */
    const points = [];
    for (let k = 0; k < steps.length; k++) {
      if (!(losses[k] < Infinity)) continue;
      points.push([this.x(1 + steps[k]), this.y(Math.min(Math.max(losses[k], floor), roof))]);
    }
    return points;
  }

  /**
   * @param {string} name
   * @param {Numbers} steps
   * @param {Numbers} losses
   */
  drawDots(name, steps = [], losses = []) {
    const every = Math.max(1, Math.floor(steps.length / DOTS));
    const [low, high] = this.y.domain();
    const dots = [];
    for (let k = 0; k < steps.length; k += every) {
      if (!(losses[k] >= low && losses[k] <= high)) continue;
      const x = (this.x(1 + steps[k]) - 2.5).toFixed(1);
      dots.push(`M${x} ${this.y(losses[k]).toFixed(1)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`);
    }
    this.paths[name].attr("d", dots.join("") || null);
  }

  /** @param {Analysis} analysis */
  drawTimes({ times, tail, horizon }) {
    // Where the axes hold still a time may lie beyond them.
    const beyond = (step) => (step > horizon ? " →" : "");
    const byLaw = times.byLaw ? [" by the law", " (law)"] : [""];
    const marks = [
      {
        step: times.overfit,
        kind: "train",
        choices: [`t₁ = ${count(times.overfit)}${beyond(times.overfit)}`],
      },
      {
        step: times.generalize,
        kind: "test",
        choices: byLaw.map(
          (by) => `t₂ = ${count(times.generalize)}${by}${beyond(times.generalize)}`,
        ),
      },
    ].filter(({ step }) => step !== null);
    const places = apart(marks.map(({ step }) => this.x(1 + Math.min(step, horizon))));
    const shown = marks.flatMap(({ step, kind }, i) =>
      step <= horizon ? [{ kind, x: places[i] }] : [],
    );
    for (const { x } of shown) this.occupy(x);
    this.markers
      .selectAll("line")
      .data(shown)
      .join("line")
      .attr("class", ({ kind }) => `gk-marker gk-${kind}`)
      .attr("x1", ({ x }) => x)
      .attr("x2", ({ x }) => x)
      .attr("y1", this.box.top)
      .attr("y2", this.box.bottom);
    this.lanes = [marks.map(({ choices, kind }, i) => ({ x: places[i], choices, kind }))];
    if (!tail) return;
    const choices = ["fitted: from here by the law", "fitted"];
    this.lanes.push([{ x: this.x(1 + tail.steps[0]), choices, kind: "theory" }]);
  }

  /** No value of a threshold shall stand on a line that goes down at `x`. */
  occupy(x) {
    for (let y = this.box.top; y < this.box.bottom; y += DOT) this.occupied.push([x, y]);
  }

  /**
   * The bounds of each theorem, and where the law begins: a lane and a dashed line for each.
   * @param {Analysis} analysis
   */
  drawTheory({ layers, horizon, tail }) {
    const lines = [];
    if (tail) lines.push({ x: this.x(1 + tail.steps[0]), lane: 1, name: "law" });
    for (const [name, names] of Object.entries(THEOREMS)) {
      const bound = layers[name];
      if (!bound) continue;
      const lane = [];
      for (const [side, step] of [
        ["t₁ ≤", bound.overfitAtMost],
        ["t₂ ≥", bound.generalizeAtLeast],
      ]) {
        if (!(step >= 0 && step <= horizon)) continue;
        const x = this.x(1 + step);
        lane.push({ x, choices: boundTexts(side, step, names, bound.valid), kind: "theory" });
        lines.push({ x, lane: this.lanes.length, name: bound.valid ? name : `${name} gk-unmet` });
      }
      this.lanes.push(lane);
    }
    for (const { x } of lines) this.occupy(x);
    return lines;
  }

  /** Labels in their lanes, and the lines of bounds below them. */
  drawLabels(lines) {
    const { left, right, top } = this.box;
    const placed = this.lanes.flatMap((names, lane) =>
      placeLane(names, left, right).map(({ text, center }, i) => {
        return { text, center, lane, y: top - 5 - LANE * lane, kind: names[i].kind };
      }),
    );
    this.bounds
      .selectAll("line")
      .data(lines.flatMap((line) => this.besideLabels(line, placed)))
      .join("line")
      .attr("class", ({ name }) => `gk-bound gk-bound-${name}`)
      .attr("x1", ({ x }) => x)
      .attr("x2", ({ x }) => x)
      .attr("y1", ({ from }) => from)
      .attr("y2", ({ to }) => to);
    this.labels
      .selectAll("text")
      .data(placed)
      .join("text")
      .attr("class", ({ kind }) => `gk-${kind}-text gk-halo`)
      .attr("text-anchor", "middle")
      .attr("x", ({ center }) => center)
      .attr("y", ({ y }) => y)
      .text(({ text }) => text);
  }

  /** The pieces of a line from its lane down, without what would cross labels of lower lanes. */
  besideLabels({ x, lane, name }, labels) {
    const { top, bottom } = this.box;
    const struck = labels.filter(
      (label) => label.lane < lane && Math.abs(label.center - x) < textWidth(label.text) / 2 + 3,
    );
    const lanes = [...new Set(struck.map((label) => label.lane))].sort((a, b) => b - a);
    const starts = [lane, ...lanes].map((k) => top - LANE * k - 2);
    const ends = [...lanes.map((k) => top - LANE * (k + 1)), bottom];
    const pieces = starts.map((from, i) => ({ x, name, from, to: ends[i] }));
    return pieces.filter(({ from, to }) => to - from > 4);
  }

  drawThreshold(name, value) {
    const { left, right, top, bottom } = this.box;
    const handle = this.handles[name];
    for (const part of [handle.group, handle.line]) {
      part.attr("display", value === undefined ? "none" : null);
    }
    if (value === undefined) return; // a kind whose times are not read off the losses
    // While a line is dragged the scale stays, and the value may lie beyond it.
    const y = Math.min(Math.max(this.y(value), top), bottom);
    const isTrain = name === "train_threshold";
    const grip = isTrain ? left + 12 : right - 12;
    handle.line.attr("x1", left).attr("x2", right).attr("y1", y).attr("y2", y);
    const middle = (left + right) / 2;
    handle.hit
      .attr("x", isTrain ? left : middle)
      .attr("width", middle - left)
      .attr("y", y - 12);
    handle.grip.attr("cx", grip).attr("cy", y);
    handle.touch.attr("x", grip - TOUCH / 2).attr("y", y - TOUCH / 2);
    handle.symbol.attr("x", grip).attr("y", y);
    const text = plain(value);
    const box = clearOf(this.occupied, this.valueBoxes(grip, y, textWidth(text), isTrain));
    handle.value
      .attr("x", (box.left + box.right) / 2)
      .attr("y", box.bottom - 4)
      .text(text);
    const [low, high] = this.ranges[name].map(Math.log10);
    handle.group
      .attr("aria-valuemin", low)
      .attr("aria-valuemax", high)
      .attr("aria-valuenow", Math.log10(value).toFixed(3))
      .attr("aria-valuetext", text);
  }

  /** Where the value of a threshold may stand: beside its grip, above the line or below. */
  valueBoxes(grip, y, width, toTheRight) {
    const { top, bottom } = this.box;
    const boxes = [];
    for (const away of [GRIP + 4, GRIP + 44]) {
      const start = toTheRight ? grip + away : grip - away - width;
      for (const upper of [y - 18, y + 3]) {
        boxes.push({ left: start, right: start + width, top: upper, bottom: upper + 16 });
      }
    }
    return boxes.filter((box) => box.top >= top - 8 && box.bottom <= bottom);
  }

  /**
   * Move the cursor to the shown step, or hide it; with its losses in words, if `chosen`.
   * @param {number} step
   * @param {{ train: number, test: number } | null} losses
   * @param {boolean} chosen
   */
  drawCursor(step, losses, chosen = false) {
    const { top, bottom } = this.box;
    const x = this.x(1 + Math.min(step, this.drawn.horizon));
    this.pointed = losses && this.pointed;
    this.chosen = losses && chosen ? { x, step, losses } : null;
    this.drawReadout();
    this.cursor.group.attr("display", losses ? null : "none");
    if (!losses) return;
    this.cursor.line.attr("x1", x).attr("x2", x).attr("y1", top).attr("y2", bottom);
    for (const name of ["train", "test"]) {
      const y = this.y(Math.max(losses[name] || 0, 1e-300)); // a loss that is not known is low
      const visible = y >= top - 1 && y <= bottom + 1;
      this.cursor[name]
        .attr("display", visible ? null : "none")
        .attr("cx", x)
        .attr("cy", y);
    }
  }
}

/** How a bound is called beside its line; one whose conditions fail promises nothing and says so. */
function boundTexts(side, step, [name, short], valid) {
  const time = count(Math.round(step));
  if (valid)
    return [`${side} ${time} (${name})`, `${side} ${time} (${short})`, `${side} (${short})`];
  return [
    `${side} ${time} (${name}, conditions not met)`,
    `${side} ${time} (${short}, not met)`,
    `${side} (${short}, not met)`,
    `${side} (${short})?`,
  ];
}

/** Two lines at one place stand side by side, so that both are seen. */
function apart(places) {
  if (places.length < 2 || Math.abs(places[0] - places[1]) >= 2) return places;
  const middle = (places[0] + places[1]) / 2;
  return places[0] <= places[1] ? [middle - 1, middle + 1] : [middle + 1, middle - 1];
}

/** The stages as intervals of steps up to the horizon; a stage that does not happen is left out. */
export function stageBands({ overfit, generalize, reasons }, horizon) {
  // A missing t1 is past if nothing was ever to be fitted, and else never comes.
  const fittedAlready = reasons.some(({ kind }) => kind === WHY.trainBelow);
  const first = Math.min(overfit ?? (fittedAlready ? 0 : horizon), horizon);
  const second = Math.min(generalize ?? horizon, horizon);
  const bands = [{ stage: 1, from: 0, to: Math.min(first, second) }];
  if (second > first) bands.push({ stage: 2, from: first, to: second });
  if (generalize !== null) bands.push({ stage: 3, from: Math.max(first, second), to: horizon });
  return bands.filter(({ from, to }) => to > from);
}

function stageName(stage, width) {
  const roman = ["I", "II", "III"][stage - 1];
  const names = ["overfitting", "generalizing poorly", "generalizing"];
  const choices = [`stage ${roman}: ${names[stage - 1]}`, `stage ${roman}`, roman];
  return choices.find((text) => textWidth(text) < width) ?? "";
}

function decade(value) {
  if (value === 0) return "0";
  return powerOfTen(Math.round(Math.log10(value)));
}

/** 0 and round numbers up to `last`, about `wanted` of them. */
function evenTicks(last, wanted) {
  const unit = 10 ** Math.floor(Math.log10(last / wanted));
  const gap = [1, 2, 5, 10].map((k) => Math.max(1, k * unit)).find((step) => last / step <= wanted);
  const ticks = [];
  for (let k = 0; k * gap <= last; k++) ticks.push(k * gap);
  return ticks;
}

function tickCount(steps) {
  if (steps < 1e6) return count(steps);
  return steps < 1e9 ? `${short(steps / 1e6)}·10⁶` : plain(steps);
}

/**
 * Whole decades around everything worth seeing; a training loss far below ε may leave.
 * @param {Analysis} analysis
 * @param {number[] | null} held The ends so far, which stay as long as nothing leaves.
 */
function lossDomain({ settings, run, train, test, horizon, tail }, held) {
  const levels = [settings.train_threshold, settings.test_threshold].filter((level) => level > 0);
  if (!train) {
    if (!levels.length) return held ?? [0.01, 10];
    return held ?? [Math.min(...levels) / 10, Math.max(...levels) * 10].map(wholeDecade);
  }
  const start = [run.train.at(0), run.test.at(0)].filter((loss) => !Number.isNaN(loss));
  const starts = start.filter((value) => value > 1e-12);
  const ends = [run.test.at(horizon), tail?.train[0] ?? 1].map((end) => (end > 1e-12 ? end : 1));
  const floor = levels.length ? [] : [Math.max(minimum(train, test), 1e-12)];
  const lowest = Math.min(...levels, ...floor, ...(tail ? ends : ends.slice(0, 1)), ...starts);
  const highest = Math.max(
    ...levels,
    ...start,
    Math.min(maximum(train, test), 1e4 * Math.max(...start)),
  );
  const low = 10 ** Math.floor(Math.log10(lowest / 3));
  const high = 10 ** Math.ceil(Math.log10(highest * 1.2));
  if (!held) return [low, high];
  return [lowest < held[0] ? low : held[0], highest > held[1] ? high : held[1]];
}

function minimum(...curves) {
  let smallest = Infinity;
  for (const curve of curves) for (const value of curve) if (value < smallest) smallest = value;
  return smallest;
}

function maximum(...curves) {
  let largest = 0;
  for (const curve of curves) for (const value of curve) if (value > largest) largest = value;
  return largest;
}

function wholeDecade(value, i) {
  return 10 ** (i ? Math.ceil : Math.floor)(Math.log10(value));
}
