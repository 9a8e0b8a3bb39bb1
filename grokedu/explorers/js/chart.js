// The loss chart of every explorer: SVG, drawn with d3.

import { axisBottom, axisLeft } from "d3-axis";
import { drag } from "d3-drag";
import { select } from "d3-selection";
import { line } from "d3-shape";
import { logScale } from "./scale.js";
import { count, plain, powerOfTen } from "./words.js";

export const MARGIN = { left: 46, right: 14, top: 52, bottom: 38 };
const LETTER = 6.4; // average width of a 12 px letter
const DOTS = 60;
const NARROW = 560;
const THRESHOLDS = {
  train_threshold: { symbol: "ε", kind: "train", name: "training threshold ε" },
  test_threshold: { symbol: "c", kind: "test", name: "test threshold c" },
};

let charts = 0;

/** Train and test loss over log(1 + t) with stages, t1, t2, thresholds, theory and a cursor. */
export class LossChart {
  constructor(parent, { onThreshold, onScrub }) {
    this.onThreshold = onThreshold;
    this.onScrub = onScrub;
    this.clip = `grokedu-clip-${charts++}-${Math.random().toString(36).slice(2, 8)}`;
    this.x = logScale();
    this.y = logScale();
    this.svg = select(parent).append("svg").attr("role", "group").attr("aria-label", "loss curves");
    const rect = this.svg.append("clipPath").attr("id", this.clip).append("rect");
    this.clipRect = rect;
    this.background = this.svg
      .append("rect")
      .attr("fill", "transparent")
      .style("cursor", "crosshair");
    this.stages = this.layer("gk-stages").style("pointer-events", "none");
    this.xAxis = this.layer("gk-axis");
    this.yAxis = this.layer("gk-axis");
    this.xTitle = this.text("gk-axis-title").attr("text-anchor", "middle").text("step t");
    this.curves = this.layer("gk-curves").attr("clip-path", `url(#${this.clip})`);
    this.paths = {};
    for (const name of ["train", "test"]) {
      this.paths[name] = this.curves.append("path").attr("class", `gk-curve gk-${name}`);
    }
    for (const name of ["train", "test"]) {
      this.paths[`sharp-${name}`] = this.curves.append("path").attr("class", "gk-curve gk-sharp");
      this.paths[`run-${name}`] = this.curves.append("path").attr("class", `gk-run gk-${name}`);
    }
    this.curves.style("pointer-events", "none");
    this.bounds = this.layer("gk-bounds").style("pointer-events", "none");
    this.markers = this.layer("gk-markers").style("pointer-events", "none");
    this.cursor = this.makeCursor();
    this.handles = {};
    for (const name of Object.keys(THRESHOLDS)) this.handles[name] = this.makeHandle(name);
    this.background.call(
      drag()
        .container(this.svg.node())
        .on("start drag", (event) => {
          this.onScrub(this.stepAt(event.x));
        }),
    );
  }

  layer(name) {
    return this.svg.append("g").attr("class", name).attr("aria-hidden", "true");
  }

  text(name) {
    return this.svg.append("text").attr("class", name).attr("aria-hidden", "true");
  }

  makeCursor() {
    const group = this.layer("gk-cursor").style("pointer-events", "none");
    const cursor = { group, line: group.append("line") };
    for (const name of ["train", "test"]) {
      cursor[name] = group.append("circle").attr("class", `gk-${name}`).attr("r", 4);
    }
    return cursor;
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
    const handle = {
      group,
      line: group.append("line").attr("class", `gk-${kind}`),
      hit: group.append("rect").attr("class", "gk-hit").attr("height", 24),
      grip: group.append("circle").attr("class", `gk-grip gk-${kind}`).attr("r", 8),
      symbol: group
        .append("text")
        .attr("class", `gk-${kind}-text`)
        .attr("text-anchor", "middle")
        .attr("dy", "0.32em")
        .text(symbol),
      value: group.append("text").attr("class", `gk-${kind}-text gk-halo`),
    };
    group.call(
      drag()
        .container(this.svg.node())
        .on("start", () => (this.held = this.y.copy()))
        .on("drag", (event) => this.onThreshold(name, this.held.invert(event.y)))
        .on("end", () => {
          this.held = null;
          this.onThreshold(name, null);
        }),
    );
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

  stepAt(x) {
    const step = Math.round(this.x.invert(x) - 1);
    return Math.min(Math.max(step, 0), this.drawn.horizon);
  }

  /** Redraw everything. `run` is a run of gradient descent of the same settings, or null. */
  draw(analysis, { width, ranges, run }) {
    const height = Math.round(Math.min(Math.max(0.5 * width, 270), 400));
    this.drawn = analysis;
    this.ranges = ranges;
    const box = {
      left: MARGIN.left,
      right: width - MARGIN.right,
      top: MARGIN.top,
      bottom: height - MARGIN.bottom,
    };
    this.box = box;
    this.x.domain([1, 1 + analysis.horizon]).range([box.left, box.right]);
    if (this.held) this.y = this.held.copy();
    else this.y.domain(lossDomain(analysis)).range([box.bottom, box.top]);
    this.svg.attr("viewBox", `0 0 ${width} ${height}`).attr("height", height);
    for (const rect of [this.clipRect, this.background]) {
      rect
        .attr("x", box.left)
        .attr("y", box.top)
        .attr("width", box.right - box.left)
        .attr("height", box.bottom - box.top);
    }
    this.drawAxes(width);
    this.drawStages(analysis);
    this.drawCurves(analysis, run);
    this.drawMarkers(analysis);
    this.drawBounds(analysis);
    for (const name of Object.keys(THRESHOLDS)) this.drawThreshold(name, analysis.settings[name]);
  }

  drawAxes(width) {
    const { left, bottom } = this.box;
    const decades = Math.floor(Math.log10(this.drawn.horizon));
    const every = Math.ceil(decades / Math.max(2, (width - 60) / 55));
    const ticks = [1];
    for (let k = 0; k <= decades; k += every) ticks.push(1 + 10 ** k);
    this.xAxis.attr("transform", `translate(0,${bottom})`).call(
      axisBottom(this.x)
        .tickValues(ticks)
        .tickSizeOuter(0)
        .tickFormat((v) => decade(v - 1)),
    );
    const [low, high] = this.y.domain().map((v) => Math.round(Math.log10(v)));
    const step = Math.ceil((high - low) / 8);
    const levels = [];
    for (let k = low; k <= high; k += step) levels.push(10 ** k);
    this.yAxis
      .attr("transform", `translate(${left},0)`)
      .call(axisLeft(this.y).tickValues(levels).tickSizeOuter(0).tickFormat(decade));
    this.xTitle.attr("x", (left + this.box.right) / 2).attr("y", bottom + 34);
  }

  drawStages({ times, horizon, stop, pending }) {
    const { top, bottom } = this.box;
    const bands = stop || pending ? [] : stageBands(times, horizon);
    const edges = bands.map(({ from, to }) => [this.x(1 + from), this.x(1 + to)]);
    const shade = this.stages.selectAll("rect").data(bands).join("rect");
    shade
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

  drawCurves({ steps, train, test, layers, tail }, run) {
    const path = line()
      .x((p) => this.x(1 + p[0]))
      .y((p) => this.y(p[1]));
    const floor = this.y.domain()[0] * 1e-3,
      roof = this.y.domain()[1] * 1e3;
    const points = (at, losses) => {
      const result = [];
      for (let k = 0; k < at.length; k++) {
        if (losses[k] < Infinity) result.push([at[k], Math.min(Math.max(losses[k], floor), roof)]);
      }
      return result;
    };
    const draw = (name, at, losses) =>
      this.paths[name].attr("d", at ? path(points(at, losses)) : null);
    draw("train", steps, train);
    draw("test", steps, test);
    const dashed = layers.sharp ?? tail;
    draw("sharp-train", dashed?.steps, dashed?.train);
    draw("sharp-test", dashed?.steps, dashed?.test);
    this.drawDots("run-train", run?.steps, run?.train);
    this.drawDots("run-test", run?.steps, run?.test);
  }

  drawDots(name, steps = [], losses = []) {
    const every = Math.max(1, Math.floor(steps.length / DOTS));
    const dots = [];
    const low = this.y.domain()[0],
      high = this.y.domain()[1];
    for (let k = 0; k < steps.length; k += every) {
      if (!(losses[k] >= low && losses[k] <= high)) continue;
      const x = this.x(1 + steps[k]),
        y = this.y(losses[k]);
      dots.push(`M${(x - 2.5).toFixed(1)} ${y.toFixed(1)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`);
    }
    this.paths[name].attr("d", dots.join("") || null);
  }

  drawMarkers({ times }) {
    const marks = [
      { step: times.overfit, text: `t₁ = ${count(times.overfit)}`, kind: "train", y: 28 },
      { step: times.generalize, text: `t₂ = ${count(times.generalize)}`, kind: "test", y: 44 },
    ].filter(({ step }) => step !== null);
    const group = this.markers
      .selectAll("g")
      .data(marks, (d) => d.kind)
      .join((enter) => {
        const made = enter.append("g").attr("class", "gk-marker");
        made.append("line");
        made.append("text").attr("text-anchor", "middle");
        return made;
      });
    const x = ({ step }) => this.x(1 + step);
    group
      .select("line")
      .attr("class", (d) => `gk-${d.kind}`)
      .attr("x1", x)
      .attr("x2", x)
      .attr("y1", (d) => d.y + 4)
      .attr("y2", this.box.bottom);
    group
      .select("text")
      .attr("class", (d) => `gk-${d.kind}-text gk-halo`)
      .attr("y", (d) => d.y)
      .attr("x", (d) => this.inside(x(d), d.text))
      .text((d) => d.text);
  }

  drawBounds({ layers, horizon, tail }) {
    const lines = [];
    const narrow = this.box.right < NARROW; // the numbers are in the table too
    const add = (side, step, equation) => {
      lines.push({ step, text: `${side} ${narrow ? "" : `${count(step)} `}(${equation})` });
    };
    for (const [name, first, second] of [
      ["theorem", 6, 7],
      ["gaussian", 8, 8],
    ]) {
      const bound = layers[name];
      if (!bound) continue;
      add("t₁ ≤", bound.overfitAtMost, first);
      if (bound.generalizeAtLeast > 0) add("t₂ ≥", bound.generalizeAtLeast, second);
    }
    if (tail)
      lines.push({ step: tail.steps[0], text: narrow ? "fitted" : "fitted: from here by the law" });
    const shown = lines.filter(({ step }) => step <= horizon);
    const group = this.bounds
      .selectAll("g")
      .data(shown)
      .join((enter) => {
        const made = enter.append("g").attr("class", "gk-bound");
        made.append("line");
        made.append("text").attr("class", "gk-theory-text gk-halo").attr("text-anchor", "middle");
        return made;
      });
    const x = ({ step }) => this.x(1 + step);
    const y = (_, i) => this.box.bottom - 8 - 16 * i;
    group
      .select("line")
      .attr("x1", x)
      .attr("x2", x)
      .attr("y1", this.box.top)
      .attr("y2", this.box.bottom);
    group
      .select("text")
      .attr("x", (d) => this.inside(x(d), d.text))
      .attr("y", y)
      .text((d) => d.text);
  }

  drawThreshold(name, value) {
    const { left, right } = this.box;
    const handle = this.handles[name];
    // While a line is dragged the scale stays, and the value may lie beyond it.
    const y = Math.min(Math.max(this.y(value), this.box.top), this.box.bottom);
    const middle = (left + right) / 2;
    const isTrain = name === "train_threshold";
    const grip = isTrain ? left + 12 : right - 12;
    handle.line.attr("x1", left).attr("x2", right).attr("y1", y).attr("y2", y);
    handle.hit
      .attr("x", isTrain ? left : middle)
      .attr("width", middle - left)
      .attr("y", y - 12);
    handle.grip.attr("cx", grip).attr("cy", y);
    handle.symbol.attr("x", grip).attr("y", y);
    handle.value
      .attr("x", isTrain ? grip + 13 : grip - 13)
      .attr("y", y - 5)
      .attr("text-anchor", isTrain ? "start" : "end")
      .text(plain(value));
    const [low, high] = this.ranges[name].map(Math.log10);
    handle.group
      .attr("aria-valuemin", low)
      .attr("aria-valuemax", high)
      .attr("aria-valuenow", Math.log10(value).toFixed(3))
      .attr("aria-valuetext", plain(value));
  }

  /** Move the cursor to the scrubbed step, or hide it. */
  drawCursor(step, losses) {
    const { top, bottom } = this.box;
    this.cursor.group.attr("display", losses ? null : "none");
    if (!losses) return;
    const x = this.x(1 + Math.min(step, this.drawn.horizon));
    this.cursor.line.attr("x1", x).attr("x2", x).attr("y1", top).attr("y2", bottom);
    for (const name of ["train", "test"]) {
      const y = this.y(Math.max(losses[name], 1e-300));
      const visible = y >= top - 1 && y <= bottom + 1;
      this.cursor[name]
        .attr("display", visible ? null : "none")
        .attr("cx", x)
        .attr("cy", y);
    }
  }

  /** Where to center a label near x so that it stays inside the chart. */
  inside(x, text) {
    const half = (text.length * LETTER) / 2;
    return Math.min(Math.max(x, this.box.left + half), this.box.right - half);
  }
}

/** The stages as intervals of steps; a stage that does not happen is left out. */
export function stageBands({ overfit, generalize }, horizon) {
  const first = overfit ?? 0,
    second = generalize ?? horizon;
  const bands = [{ stage: 1, from: 0, to: Math.min(first, second) }];
  if (second > first) bands.push({ stage: 2, from: first, to: second });
  if (generalize !== null) bands.push({ stage: 3, from: Math.max(first, second), to: horizon });
  return bands.filter(({ from, to }) => to > from);
}

function stageName(stage, width) {
  const roman = ["I", "II", "III"][stage - 1];
  const names = ["overfitting", "memorized only", "generalizing"];
  const choices = [`stage ${roman}: ${names[stage - 1]}`, `stage ${roman}`, roman];
  return choices.find((text) => text.length * LETTER < width) ?? "";
}

function decade(value) {
  if (value === 0) return "0";
  return powerOfTen(Math.round(Math.log10(value)));
}

/** Whole decades around everything worth seeing; a training loss far below ε may leave. */
function lossDomain({ settings, run, train, test, horizon, tail }) {
  const levels = [settings.train_threshold, settings.test_threshold];
  if (!train) return [Math.min(...levels) / 10, Math.max(...levels) * 10].map(wholeDecade);
  const start = [run.train.at(0), run.test.at(0)];
  const starts = start.filter((value) => value > 1e-12);
  const ends = [run.test.at(horizon), tail?.train[0] ?? 1].map((end) => (end > 1e-12 ? end : 1));
  const lowest = Math.min(...levels, ...(tail ? ends : ends.slice(0, 1)), ...starts);
  const highest = Math.max(
    ...levels,
    ...start,
    Math.min(maximum(train, test), 1e4 * Math.max(...start)),
  );
  return [10 ** Math.floor(Math.log10(lowest / 3)), 10 ** Math.ceil(Math.log10(highest * 1.2))];
}

function maximum(...curves) {
  let largest = 0;
  for (const curve of curves) for (const value of curve) if (value > largest) largest = value;
  return largest;
}

function wholeDecade(value, i) {
  return 10 ** (i ? Math.ceil : Math.floor)(Math.log10(value));
}
