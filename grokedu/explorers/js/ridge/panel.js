// The panel of what is left to forget: SVG, drawn with d3.

import { axisLeft } from "d3-axis";
import { select } from "d3-selection";
import { MARGIN } from "../chart.js";
import { linearScale } from "../scale.js";

/** One bar per eigenmode, steep to flat, and one for the unseen subspace: the share left, ρ^{2t}. */
export class ForgettingPanel {
  constructor(parent) {
    this.svg = select(parent).append("svg").attr("role", "img");
    this.outline = this.svg.append("path").attr("class", "gk-bars-outline");
    this.bars = this.svg.append("path").attr("class", "gk-bars");
    this.unseen = this.svg.append("path").attr("class", "gk-bars-unseen");
    this.axis = this.svg.append("g").attr("class", "gk-axis");
    this.titles = ["seen directions, steep to flat", "unseen"].map((text) =>
      this.svg
        .append("text")
        .attr("class", "gk-axis-title")
        .attr("text-anchor", "middle")
        .text(text),
    );
    this.y = linearScale().domain([0, 1]);
  }

  draw(shares, hasUnseen, { width, description }) {
    const height = 118,
      top = 8,
      bottom = 96,
      left = MARGIN.left,
      right = width - MARGIN.right;
    const rank = shares.length - 1;
    // No bar is narrower for being unseen.
    const pitchOfAll = (right - left - 12) / (rank + 1);
    const unseenWidth = hasUnseen ? Math.max(44, 0.09 * width, pitchOfAll) : 0;
    const end = right - (hasUnseen ? unseenWidth + 12 : 0);
    const pitch = (end - left) / rank;
    const bar = Math.max(pitch > 4 ? pitch - 1 : pitch * 0.85, 0.4);
    this.y.range([bottom, top]);
    const block = (x, w, share) => {
      const y = this.y(Math.min(share, 1));
      return share > 0
        ? `M${x.toFixed(2)} ${bottom}V${y.toFixed(2)}h${w.toFixed(2)}V${bottom}z`
        : "";
    };
    let bars = "";
    for (let i = 0; i < rank; i++) bars += block(left + (rank - 1 - i) * pitch, bar, shares[i]);
    const start = right - unseenWidth;
    this.bars.attr("d", bars || null);
    this.unseen.attr("d", hasUnseen ? block(start, unseenWidth, shares[rank]) || null : null);
    const back = `M${left} ${top}H${end}V${bottom}H${left}z`;
    this.outline.attr(
      "d",
      back + (hasUnseen ? `M${start} ${top}H${right}V${bottom}H${start}z` : ""),
    );
    this.axis.attr("transform", `translate(${left},0)`).call(
      axisLeft(this.y)
        .tickValues([0, 0.5, 1])
        .tickSizeOuter(0)
        .tickFormat((v) => `${100 * v}%`),
    );
    this.titles[0]
      .text(rank === 1 ? "seen direction" : "seen directions, steep to flat")
      .attr("x", (left + end) / 2)
      .attr("y", height - 6);
    this.titles[1]
      .attr("x", right - unseenWidth / 2)
      .attr("y", height - 6)
      .attr("display", hasUnseen ? null : "none");
    this.svg
      .attr("viewBox", `0 0 ${width} ${height}`)
      .attr("height", height)
      .attr("aria-label", description);
  }
}
