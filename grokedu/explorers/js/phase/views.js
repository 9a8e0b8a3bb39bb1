// What the map shows, as it stands in an address; no DOM.

import { AXES } from "./math.js";
import { QUANTITIES } from "./words.js";

/** @type {Record<string, import("../types").View>} */
export const VIEWS = {
  axes: {
    read(text) {
      const names = text.split(/[ ,+]+/);
      const different = names.length === 2 && names[0] !== names[1];
      return different && names.every((name) => AXES.includes(name)) ? names : null;
    },
    legal: `it is two of ${AXES.join(", ")}`,
  },
  quantity: {
    read: (text) => (Object.hasOwn(QUANTITIES, text) ? text : null),
    legal: `it is one of ${Object.keys(QUANTITIES).join(", ")}`,
  },
};
