// The accuracies above the losses, on the same axis of steps: SVG, drawn with d3.

import { axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { line } from "d3-shape";
import { stageBands } from "./chart.js";
import { add } from "./dom.js";
import { placeLane } from "./labels.js";
import { followPointer } from "./pointer.js";
import { linearScale } from "./scale.js";
import { WHY } from "./why.js";
import { count, percent } from "./words.js";

/** @import { AccuracyAnalysis } from "./types" */

const HEIGHT = 138;
const TOP = 20;
const BOTTOM = 128;
const SETS = ["train", "test"];

export class AccuracyChart {
  /**
   * @param {HTMLElement} parent
   * @param {(step: number) => void} onScrub
   * @param {{ title: string, items: [string, string] }} words What is counted, and what the items
   *   of training and test are called.
   */
  constructor(parent, onScrub, { title, items }) {
    this.items = items;
    add(parent, "p", { class: "gk-note" }, title);
    this.svg = select(parent)
      .append("svg")
      .attr("class", "gk-chart gk-accuracy")
      .attr("role", "img");
    add(parent, "p", { class: "gk-note" }, "Losses of the same run");
    this.x = linearScale(); // until the losses have theirs
    this.y = linearScale();
    this.left = this.right = 0;
    const layer = (name) => this.svg.append("g").attr("class", name);
    this.stages = layer("gk-stages");
    this.background = this.svg.append("rect").attr("class", "gk-background");
    this.axis = layer("gk-axis");
    this.rules = layer("gk-rules");
    const curves = layer("gk-curves");
    const path = (name) => curves.append("path").attr("class", name);
    this.paths = {};
    for (const kind of ["pinned", "ghost", "curve", "run"]) {
      this.paths[kind] = SETS.map((set) => path(`gk-${kind} gk-${set}`));
    }
    this.markers = layer("gk-markers");
    this.cursor = layer("gk-cursor");
    this.cursorLine = this.cursor.append("line");
    this.dots = SETS.map((set) =>
      this.cursor.append("circle").attr("class", `gk-${set}`).attr("r", 4),
    );
    this.labels = layer("gk-labels");
    const svg = this.svg.node();
    followPointer(svg, svg, {
      along: "clientX",
      start: ({ x }) => Boolean(this.analysis?.run) && x >= this.left - 8 && x <= this.right + 8,
      move: ({ x }) => {
        const step = Math.round(this.x.invert(x) - 1);
        onScrub(Math.min(Math.max(step, 0), this.analysis.horizon));
      },
    });
  }

  /**
   * Redraw everything, along the axis of `chart`.
   * @param {AccuracyAnalysis} analysis
   * @param {{ chart: any, width: number, run: any, ghost: AccuracyAnalysis | null, pinned: AccuracyAnalysis | null }} options
   */
  draw(analysis, { chart, width, run, ghost, pinned }) {
    this.analysis = analysis;
    this.x = chart.x;
    const { left, right } = chart.box;
    [this.left, this.right] = [left, right];
    const all = [analysis, ghost, pinned].flatMap((each) => Object.values(each?.accuracy ?? {}));
    let lowest = 0.45;
    for (const curve of all) for (const share of curve) if (share < lowest) lowest = share;
    this.y.domain([Math.floor(10 * lowest) / 10, 1]).range([BOTTOM, TOP]);
    this.svg
      .attr("viewBox", `0 0 ${width} ${HEIGHT}`)
      .attr("height", HEIGHT)
      .attr("aria-label", describe(analysis, this.items));
    this.background
      .attr("x", left)
      .attr("y", TOP)
      .attr("width", right - left)
      .attr("height", BOTTOM - TOP);
    this.axis.attr("transform", `translate(${left},0)`).call(
      axisLeft(this.y)
        .tickValues([0, 0.25, 0.5, 0.75, 1].filter((share) => share >= this.y.domain()[0]))
        .tickSizeOuter(0)
        .tickFormat((share) => `${100 * share}%`),
    );
    this.drawStages(analysis);
    this.drawLevels(analysis.settings);
    this.drawCurves("curve", analysis);
    this.drawCurves("ghost", ghost);
    this.drawCurves("pinned", pinned);
    SETS.forEach((set, i) => {
      this.paths.run[i].attr("d", run?.accuracy ? this.dotsOf(run.accuracy, set) : null);
    });
    this.drawTimes(analysis);
  }

  /**
   * Stages by accuracy.
   * @param {AccuracyAnalysis} analysis
   */
  drawStages({ accurate, horizon, stop, pending }) {
    // stageBands knows the times by loss, and asks only whether nothing was ever to be fitted.
    const reasons = accurate.reasons.map((reason) =>
      reason.kind === WHY.trainAccurate ? { ...reason, kind: WHY.trainBelow } : reason,
    );
    const bands = stop || pending ? [] : stageBands({ ...accurate, reasons }, horizon);
    this.stages
      .selectAll("rect")
      .data(bands)
      .join("rect")
      .attr("x", ({ from }) => this.x(1 + from))
      .attr("width", ({ from, to }) => this.x(1 + to) - this.x(1 + from))
      .attr("y", TOP)
      .attr("height", BOTTOM - TOP)
      .style("fill", ({ stage }) => `var(--gk-stage-${stage})`);
  }

  /** @param {import("./types").Settings} settings */
  drawLevels({ train_level, test_level }) {
    const levels = /** @type {[string, number][]} */ ([
      ["train", train_level],
      ["test", test_level],
    ]).filter(([, level]) => level < 1 && level > this.y.domain()[0]);
    this.rules
      .selectAll("line")
      .data(levels)
      .join("line")
      .attr("class", ([set]) => `gk-${set}`)
      .attr("x1", this.left)
      .attr("x2", this.right)
      .attr("y1", ([, level]) => this.y(level))
      .attr("y2", ([, level]) => this.y(level));
  }

  drawCurves(kind, analysis) {
    SETS.forEach((set, i) => {
      const points = analysis?.accuracy ? this.points(analysis.steps, analysis.accuracy[set]) : [];
      this.paths[kind][i].attr("d", points.length ? line()(points) : null);
    });
  }

  /** Places on the screen of the shares at the steps that are shown. */
  points(steps, shares) {
    /** @type {[number, number][]} */
    const points = [];
    for (let k = 0; k < steps.length && steps[k] <= this.analysis.horizon; k++) {
      if (shares[k] >= 0) points.push([this.x(1 + steps[k]), this.y(shares[k])]);
    }
    return points;
  }

  dotsOf({ steps, ...accuracy }, set) {
    const dots = this.points(steps, accuracy[set]).map(
      ([x, y]) => `M${(x - 2.5).toFixed(1)} ${y.toFixed(1)}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0`,
    );
    return dots.join("") || null;
  }

  drawTimes({ accurate: { overfit, generalize }, horizon }) {
    const times = [
      { kind: "train", step: overfit, name: "t₁" },
      { kind: "test", step: generalize, name: "t₂" },
    ].filter(({ step }) => step !== null && step <= horizon);
    const lane = times.map(({ step, name, kind }) => {
      return { x: this.x(1 + step), choices: [`${name} = ${count(step)}`], kind };
    });
    this.markers
      .selectAll("line")
      .data(lane)
      .join("line")
      .attr("class", ({ kind }) => `gk-marker gk-${kind}`)
      .attr("x1", ({ x }) => x)
      .attr("x2", ({ x }) => x)
      .attr("y1", TOP)
      .attr("y2", BOTTOM);
    const placed = placeLane(lane, this.left, this.right);
    this.labels
      .selectAll("text")
      .data(placed)
      .join("text")
      .attr("class", (_, i) => `gk-${lane[i].kind}-text gk-halo`)
      .attr("text-anchor", "middle")
      .attr("x", ({ center }) => center)
      .attr("y", TOP - 6)
      .text(({ text }) => text);
  }

  /** Move the cursor to the shown step; null hides it. */
  drawCursor(step) {
    this.cursor.attr("display", step === null ? "none" : null);
    if (step === null) return;
    const x = this.x(1 + Math.min(step, this.analysis.horizon));
    this.cursorLine.attr("x1", x).attr("x2", x).attr("y1", TOP).attr("y2", BOTTOM);
    SETS.forEach((set, i) => {
      const share = this.analysis.run.accuracyAt(set, step);
      const shown = this.dots[i].attr("display", share >= 0 ? null : "none");
      if (share >= 0) shown.attr("cx", x).attr("cy", this.y(share));
    });
  }
}

/** @param {AccuracyAnalysis} analysis */
function describe({ accuracy, accurate, steps }, items) {
  if (!accuracy) return "accuracy curves: nothing to show yet";
  const shares = SETS.map((set) => accuracy[set].at(-1));
  const known = SETS.flatMap((_, i) =>
    shares[i] >= 0 ? [`${percent(shares[i])} of the ${items[i]}`] : [],
  );
  const when = Object.entries({ "t₁": accurate.overfit, "t₂": accurate.generalize }).map(
    ([name, step]) => `${name} ${step === null ? "does not exist" : `is ${count(step)}`}`,
  );
  return `accuracy curves: by accuracy ${when.join(" and ")}; at step ${count(steps.at(-1))}, ${known.join(" and ")} are right`;
}
