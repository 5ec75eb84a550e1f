// Elements without markup: text is only ever set as text, so nothing a user wrote can become part of the page.

/**
 * Makes an element. `properties` are set on it; those of `attributes` as attributes, those of `on` as listeners, those
 * of `data` as data attributes.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node|string|number|null|undefined|false)} children
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { attributes = {}, on = {}, data = {}, ...own } = properties;
  for (const [name, value] of Object.entries(own)) if (value !== undefined) element[name] = value;
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  Object.assign(element.dataset, data);
  fill(element, ...children);
  return element;
}

/** Sets an attribute, or removes it for `undefined`, `null` and `false`. */
export function setAttribute(element, name, value) {
  if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replaces what an element holds; what is no node becomes text. */
export function fill(element, ...children) {
  const kept = children.flat().filter((child) => child !== undefined && child !== null && child !== false);
  element.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Sets an element's text if it is another one, so that nothing is read out twice or loses its selection. */
export function setText(element, text) {
  const wanted = text === undefined || text === null ? "" : String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/**
 * Keeps the children of `host` in step with `items`: one element an item, found again by its key, moved only if it has
 * to be, so that focus and selection stay.
 * @param {HTMLElement} host
 * @param {Map<string, {element: HTMLElement, update: (item: any) => void}>} known
 * @param {any[]} items
 * @param {(item: any) => string} keyOf
 * @param {(item: any) => {element: HTMLElement, update: (item: any) => void}} make
 */
export function keep(host, known, items, keyOf, make) {
  const wanted = new Set(items.map(keyOf));
  for (const [key, part] of known) {
    if (wanted.has(key)) continue;
    part.element.remove();
    known.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (!known.has(key)) known.set(key, make(item));
    const part = known.get(key);
    part.update(item);
    if (host.children[index] !== part.element) host.insertBefore(part.element, host.children[index] ?? null);
  });
}

/** Whether keys that are typed now belong to a field. */
export function isTyping() {
  const active = document.activeElement;
  return (
    active instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName) || active.isContentEditable)
  );
}

let numbered = 0;

/** An id no other element has. */
export function uniqueId(word) {
  numbered += 1;
  return `${word}-${numbered}`;
}
