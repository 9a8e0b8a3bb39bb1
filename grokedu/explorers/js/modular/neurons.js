// The frequencies of the neurons, and how clearly each has one. SVG, drawn with d3.

import { axisBottom, axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { MARGIN } from "../chart.js";
import { circle } from "../network/panel.js";
import { linearScale } from "../scale.js";

/** @import { Snapshot } from "./math.js" */

const GOLDEN = 0.618033988749895; // spreads the neurons of one column evenly
const HEIGHT = 200;
const TOP = 24;

/** How many neurons have each frequency; those without any count nowhere. */
export function countFrequencies({ frequencies }, p) {
  const counts = Array(Math.floor(p / 2) + 1).fill(0);
  for (const frequency of frequencies) if (frequency) counts[frequency]++;
  return counts;
}

export class FrequencyPanel {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.svg = select(parent).append("svg").attr("role", "img");
    this.dots = this.svg.append("path").attr("class", "gk-neurons gk-neurons-up");
    this.axes = [0, 1].map(() => this.svg.append("g").attr("class", "gk-axis"));
    this.numbers = this.svg.append("g").attr("class", "gk-axis gk-frequency-counts");
    this.title = this.svg
      .append("text")
      .attr("class", "gk-axis-title")
      .attr("text-anchor", "middle");
    this.x = linearScale();
    this.y = linearScale();
  }

  /**
   * A dot for each neuron: its frequency, and the share of its spectrum there.
   * @param {Snapshot} snapshot
   * @param {{ width: number, p: number, counts: number[], description: string }} options
   */
  draw({ frequencies, shares }, { width, p, counts, description }) {
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const bottom = HEIGHT - MARGIN.bottom;
    const last = Math.floor(p / 2);
    const column = (right - left) / last;
    this.x.domain([0.5, last + 0.5]).range([left, right]);
    this.y.domain([0, 1]).range([bottom, TOP]);
    const radius = Math.min(3.2, Math.max(1.6, column / 10));
    let dots = "";
    frequencies.forEach((frequency, j) => {
      if (!frequency) return;
      const aside = (((j + 1) * GOLDEN) % 1) - 0.5;
      const x = this.x(frequency) + 0.7 * column * aside;
      dots += circle(x, this.y(shares[j]), radius);
    });
    this.dots.attr("d", dots || null);
    const all = Array.from({ length: last }, (_, i) => i + 1);
    this.axes[0]
      .attr("transform", `translate(0,${bottom})`)
      .call(axisBottom(this.x).tickValues(all).tickSizeOuter(0).tickFormat(String));
    this.axes[1].attr("transform", `translate(${left},0)`).call(
      axisLeft(this.y)
        .tickValues([0, 0.5, 1])
        .tickSizeOuter(0)
        .tickFormat((share) => `${100 * share}%`),
    );
    this.numbers
      .selectAll("text")
      .data(all)
      .join("text")
      .attr("x", (k) => this.x(k))
      .attr("y", TOP - 10)
      .attr("text-anchor", "middle")
      .text((k) => counts[k]);
    this.title
      .attr("x", (left + right) / 2)
      .attr("y", bottom + 34)
      .text("frequency of the neuron; above, how many have it");
    this.svg
      .attr("viewBox", `0 0 ${width} ${HEIGHT}`)
      .attr("height", HEIGHT)
      .attr("aria-label", description);
  }
}
