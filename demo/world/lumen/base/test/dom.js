/** Just enough of a document to draw into. */
class Node {
  constructor(name, text = "") {
    this.name = name;
    this.text = text;
    this.attributes = {};
    this.children = [];
    this.listeners = {};
    this.style = {};
    this.clientWidth = 640;
  }

  setAttribute(key, value) {
    this.attributes[key] = value;
  }

  getAttribute(key) {
    return this.attributes[key] ?? null;
  }

  appendChild(child) {
    this.children.push(child);
  }

  append(...children) {
    this.children.push(...children);
  }

  addEventListener(type, listener) {
    (this.listeners[type] ??= []).push(listener);
  }

  dispatch(type, event = {}) {
    for (const listener of this.listeners[type] ?? []) listener({ preventDefault() {}, ...event });
  }

  /** All nodes below whose class is the given one. */
  all(className) {
    const below = this.children.flatMap((child) => child.all(className));
    return [this.attributes.class, this.className].includes(className) ? [this, ...below] : below;
  }

  get allText() {
    return this.text + this.children.map((child) => child.allText).join("");
  }
}

globalThis.document = {
  createElement: (name) => new Node(name),
  createElementNS: (_namespace, name) => new Node(name),
  createTextNode: (text) => new Node("#text", text),
};

export function container() {
  return new Node("div");
}
