// What is taken hold of in a picture and moved over it, by mouse, finger and arrow keys.

import { followPointer, keepFromScrolling } from "./pointer.js";

const TOUCH = 44; // px that a finger can hit
const FAR = 5; // how many times as far an arrow key goes with Shift
const KEYS = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/**
 * An empty handle around the origin, to be drawn and put in its place.
 *
 * @param {import("d3-selection").Selection<SVGSVGElement, unknown, null, undefined>} svg
 * @param {string} name The class of CSS.
 * @param {string} label What it is, for those who do not see it.
 * @param {{
 *   start?(place: { x: number, y: number }): void,
 *   move(place: { x: number, y: number }): void,
 *   nudge(right: number, up: number): void,
 * }} callbacks Drags start and move as those of `followPointer`; keys nudge by so many steps.
 */
export function makeHandle(svg, name, label, { start = () => {}, move, nudge }) {
  const handle = svg
    .append("g")
    .attr("class", `gk-handle ${name}`)
    .attr("tabindex", 0)
    .attr("role", "slider")
    .attr("aria-label", `${label}, moved by the arrow keys`);
  handle
    .append("rect")
    .attr("class", "gk-touch")
    .attr("x", -TOUCH / 2)
    .attr("y", -TOUCH / 2)
    .attr("width", TOUCH)
    .attr("height", TOUCH);
  const node = handle.node();
  followPointer(svg.node(), node, { start, move });
  keepFromScrolling(node);
  handle.on("keydown", (event) => {
    const direction = KEYS[event.key];
    if (!direction) return;
    event.preventDefault();
    const [right, up] = direction.map((way) => way * (event.shiftKey ? FAR : 1));
    nudge(right, up);
  });
  return handle;
}
