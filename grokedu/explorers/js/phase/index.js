// The phase explorer in the browser: a map of predicted times, and the ridge problem at its cursor.

import { explorer } from "../explorer.js";
import { ridge } from "../ridge/kind.js";
import { MapView } from "./map.js";
import { VIEWS } from "./views.js";

const BESIDE = 680; // px in which the map and the curves stand side by side

function makePicture(parent, change) {
  const map = new MapView(parent, change);
  return {
    widthIn: (width) => (width < BESIDE ? width : Math.min(0.5 * width, 460)),
    draw: (analysis, _step, look) => map.draw(analysis, look),
  };
}

export default explorer({
  ...ridge,
  name: "phase",
  makePicture,
  views: VIEWS,
});
