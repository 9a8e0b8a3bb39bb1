// Draws a problem beside the page; drawing.js carries this script as text.

import { draw } from "./draw.js";

const page = /** @type {any} */ (self);

page.onmessage = ({ data: { images, settings } }) => {
  const pieces = draw(images, settings);
  for (;;) {
    const { value, done } = pieces.next();
    if (!done) page.postMessage({ share: value });
    else {
      page.postMessage({ problem: value });
      return;
    }
  }
};
