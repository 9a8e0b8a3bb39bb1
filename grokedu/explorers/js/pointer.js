// Dragging with mouse, pen and finger.

const DECIDED = 6; // px that a finger moves before its drag begins; a vertical swipe scrolls the page

/** Where the pointer is, in the units of `svg`. */
export function placeIn(svg, { clientX, clientY }) {
  const box = svg.getBoundingClientRect();
  const unit = svg.viewBox.baseVal.width / box.width;
  return { x: (clientX - box.left) * unit, y: (clientY - box.top) * unit };
}

/**
 * Follow a pointer from press to release, also where it leaves the element. The CSS property
 * touch-action of what is pressed decides which swipes the browser keeps: it then cancels the drag.
 *
 * @param {SVGSVGElement} svg
 * @param {Element} element
 * @param {{
 *   along?: "clientX" | "clientY",
 *   start(place: { x: number, y: number }, event: PointerEvent): boolean | void,
 *   move(place: { x: number, y: number }): void,
 *   end?(): void,
 * }} callbacks A drag goes `along` one axis, or anywhere. Places are in the units of `svg`; `start`
 *   refuses a press by returning false.
 */
export function followPointer(svg, element, { along, start, move, end }) {
  let pressed = null;
  /** @type {("clientX" | "clientY")[]} */
  const axes = along ? [along] : ["clientX", "clientY"];
  const way = (from, to) => Math.hypot(...axes.map((axis) => to[axis] - from[axis]));
  const place = (event) => placeIn(svg, event);
  const release = (event) => {
    if (event.pointerId !== pressed?.id) return;
    // A tap is a drag of no length; a press that became a swipe is nothing.
    if (event.type === "pointerup" && !pressed.moving) move(place(event));
    pressed = null;
    end?.();
  };
  element.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (pressed || event.button !== 0 || start(place(event), event) === false) return;
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
    const moving = event.pointerType !== "touch";
    pressed = { id: event.pointerId, from: event, moving };
    if (pressed.moving) move(place(event));
  });
  element.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== pressed?.id) return;
    pressed.moving ||= way(pressed.from, event) >= DECIDED;
    if (pressed.moving) move(place(event));
  });
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
}

/**
 * Let a finger drag a part of an SVG, on which browsers do not heed touch-action.
 * @param {Element} part
 */
export function keepFromScrolling(part) {
  part.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
}
