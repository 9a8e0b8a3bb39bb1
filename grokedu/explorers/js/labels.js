// Where labels go: in lanes above the axes, side by side and never over each other; no DOM.

const LETTER = 6.4; // average width of a 12 px letter
const GAP = 8;

export const textWidth = (text) => text.length * LETTER;

/**
 * Place the labels of one lane. Each has a place `x` that it belongs to and `choices` of text, from
 * long to short; all take the longest form in which all fit between `left` and `right`.
 * @param {{ x: number, choices: string[] }[]} labels
 * @returns {{ text: string, center: number }[]} in the order of `labels`
 */
export function placeLane(labels, left, right) {
  const forms = Math.max(0, ...labels.map(({ choices }) => choices.length));
  const textsOf = (form) => labels.map(({ choices }) => choices[form] ?? choices.at(-1));
  const room = right - left + GAP;
  const fits = (texts) => texts.reduce((sum, text) => sum + textWidth(text) + GAP, 0) <= room;
  let texts = textsOf(0);
  for (let form = 1; form < forms && !fits(texts); form++) texts = textsOf(form);
  const centers = spread(
    labels.map(({ x }, i) => ({ x, width: textWidth(texts[i]) })),
    left,
    right,
  );
  return texts.map((text, i) => ({ text, center: centers[i] }));
}

/** Centers as near to each x as the others and the two ends allow. */
function spread(blocks, left, right) {
  const order = blocks.map((_, i) => i).sort((a, b) => blocks[a].x - blocks[b].x);
  const starts = blocks.map(({ x, width }) => x - width / 2);
  let edge = left;
  for (const i of order) {
    starts[i] = Math.max(starts[i], edge);
    edge = starts[i] + blocks[i].width + GAP;
  }
  edge = right;
  for (const i of order.reverse()) {
    starts[i] = Math.min(starts[i], edge - blocks[i].width);
    edge = starts[i] - GAP;
  }
  return blocks.map(({ width }, i) => starts[i] + width / 2);
}

/**
 * The box in which the fewest points lie, and the first of several such.
 * @template {{ left: number, right: number, top: number, bottom: number }} Box
 * @param {[number, number][]} points
 * @param {Box[]} boxes
 */
export function clearOf(points, boxes) {
  const isIn = ({ left, right, top, bottom }, [x, y]) =>
    x >= left && x <= right && y >= top && y <= bottom;
  const hits = boxes.map((box) => points.filter((point) => isIn(box, point)).length);
  return boxes[hits.indexOf(Math.min(...hits))];
}
