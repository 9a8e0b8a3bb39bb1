// Elements in one line each.

export function create(tag, attributes = {}, text = "") {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

export function add(parent, tag, attributes, text) {
  const element = create(tag, attributes, text);
  parent.append(element);
  return element;
}

export function button(parent, text, onClick) {
  const element = add(parent, "button", { type: "button" }, text);
  element.addEventListener("click", onClick);
  return element;
}
