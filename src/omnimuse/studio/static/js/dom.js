/**
 * Elements from data. Text goes in as text nodes only: nothing in the studio parses HTML, so a
 * prompt, a name or a reply can hold any markup and stays what it is.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element.
 *
 * @param {string} tag element name, with classes after dots: "div.card.wide".
 * @param {object} [props] attributes; `on: {event: listener}`, `style: {property: value}`,
 *   `data: {key: value}`; true is an empty attribute, false, null and undefined are left out.
 * @param {...(Node|string|number|Array|null|undefined|false)} children what stands inside.
 * @returns {HTMLElement} the element.
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return fill(document.createElement(name), classes, props, children);
}

/** An SVG element; arguments as `h`. */
export function s(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return fill(document.createElementNS(SVG, name), classes, props, children);
}

function fill(element, classes, props, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(props ?? {})) setProp(element, key, value);
  append(element, children);
  return element;
}

function setProp(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key === "on") {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (key === "style") {
    for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
  } else if (key === "data") {
    Object.assign(element.dataset, value);
  } else if (key === "class") {
    element.classList.add(...value.split(" ").filter(Boolean));
  } else if (key === "value" && "value" in element) {
    element.value = value;
  } else {
    element.setAttribute(key, value === true ? "" : String(value));
  }
}

/** Add children: nodes as they are, everything else as text; nothing for null and false. */
export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Replace all that stands in an element. */
export function put(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

let counter = 0;

/** An id that no other element of the page has. */
export function uid(prefix = "id") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** `fn`, run once after calls have ceased for `wait_ms`. */
export function debounce(fn, wait_ms) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), wait_ms);
  };
}

/** Keep a number within bounds. */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
