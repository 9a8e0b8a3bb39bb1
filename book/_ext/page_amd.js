// anywidget comes as one AMD module: keep what it hands to define() for page_runtime.js.
export const amd = {};
globalThis.define = (_names, makeModule) => {
  amd.makeModule = makeModule;
};
