// The neurons: how strong each one is and how many inputs switch it on. SVG, drawn with d3.

import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { MARGIN } from "../chart.js";
import { linearScale } from "../scale.js";
import { short } from "../words.js";

const GOLDEN = 0.618033988749895; // spreads the neurons of one column evenly
const HEIGHT = 200;

export class NeuronPanel {
  constructor(parent) {
    this.svg = select(parent).append("svg").attr("role", "img");
    this.trails = this.svg.append("path").attr("class", "gk-trails");
    this.dots = ["up", "down"].map((kind) =>
      this.svg.append("path").attr("class", `gk-neurons gk-neurons-${kind}`),
    );
    this.axes = [0, 1].map(() => this.svg.append("g").attr("class", "gk-axis"));
    this.title = this.svg
      .append("text")
      .attr("class", "gk-axis-title")
      .attr("text-anchor", "middle");
    this.x = linearScale();
    this.y = linearScale();
  }

  /** Dots at the present place of each neuron, with a trail from where it started. */
  draw(neurons, start, { width, n, top, description }) {
    const left = MARGIN.left,
      right = width - MARGIN.right,
      bottom = HEIGHT - MARGIN.bottom;
    this.x.domain([-0.5, n + 0.5]).range([left, right]);
    this.y.domain([0, top]).range([bottom, 10]);
    const column = (right - left) / (n + 1);
    const radius = Math.min(3.2, Math.max(1.6, column / 6));
    const place = (which, j) => {
      const aside = (((j + 1) * GOLDEN) % 1) - 0.5;
      return [this.x(which.counts[j]) + 0.8 * column * aside, this.y(which.strengths[j])];
    };
    let trails = "",
      up = "",
      down = "";
    for (let j = 0; j < neurons.counts.length; j++) {
      const [x, y] = place(neurons, j),
        [x0, y0] = place(start, j);
      trails += `M${x0.toFixed(1)} ${y0.toFixed(1)}L${x.toFixed(1)} ${y.toFixed(1)}`;
      const dot = circle(x, y, radius);
      if (neurons.signs[j] > 0) up += dot;
      else down += dot;
    }
    this.trails.attr("d", trails);
    this.dots[0].attr("d", up || null);
    this.dots[1].attr("d", down || null);
    this.drawAxes(n, top, { left, right, bottom, column });
    this.svg
      .attr("viewBox", `0 0 ${width} ${HEIGHT}`)
      .attr("height", HEIGHT)
      .attr("aria-label", description);
  }

  drawAxes(n, top, { left, right, bottom, column }) {
    const every = [1, 2, 5, 10, 20].find((step) => step * column >= 26) ?? 20;
    const ticks = [];
    for (let k = 0; k <= n; k += every) ticks.push(k);
    this.axes[0]
      .attr("transform", `translate(0,${bottom})`)
      .call(axisBottom(this.x).tickValues(ticks).tickSizeOuter(0).tickFormat(String));
    const unit = 10 ** Math.floor(Math.log10(top));
    const gap = [0.5, 1, 2].map((k) => k * unit).find((step) => top / step <= 4) ?? 5 * unit;
    const levels = [];
    for (let k = 0; k * gap <= top; k++) levels.push(k * gap);
    this.axes[1]
      .attr("transform", `translate(${left},0)`)
      .call(axisLeft(this.y).tickValues(levels).tickSizeOuter(0).tickFormat(short));
    this.title
      .attr("x", (left + right) / 2)
      .attr("y", bottom + 34)
      .text(`inputs that switch the neuron on, of ${n}`);
  }
}

/** The path of a circle. */
export function circle(x, y, radius) {
  const r = radius.toFixed(1),
    across = (2 * radius).toFixed(1);
  return `M${(x - radius).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${across} 0a${r} ${r} 0 1 0 -${across} 0`;
}
