// Makes elements without markup. Text is set only as text, so a user's text never becomes markup.

/**
 * Makes an element and sets its `properties`. Three of them are special: `attributes`, `on` for
 * listeners and `data` for data attributes.
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

/** Replaces an element's children. A child that is not a node becomes text. */
export function fill(element, ...children) {
  const kept = children.flat().filter((child) => child !== undefined && child !== null && child !== false);
  element.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Sets an element's text if it differs; so no selection is lost and nothing is read out twice. */
export function setText(element, text) {
  const wanted = text === undefined || text === null ? "" : String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/**
 * Makes the children of `host` match `items`, one element for each key. It reuses elements and
 * moves them only if it must, so that focus and selection stay.
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

/** Whether a text field has the focus and so gets the keys. */
export function isTyping() {
  const active = document.activeElement;
  return (
    active instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName) || active.isContentEditable)
  );
}

let numbered = 0;

/** An id that no other element has. */
export function uniqueId(word) {
  numbered += 1;
  return `${word}-${numbered}`;
}
