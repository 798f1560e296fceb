const NS = "http://www.w3.org/2000/svg";

/** Creates an SVG element: el("text", { x: 4 }, "label"). Attributes that are undefined are left out. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(key, String(value));
  }
  for (const child of children.flat()) {
    node.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** The `d` attribute for a line through the points. */
export function path(points) {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)},${round(y)}`).join("");
}

/** Two decimals are plenty for a screen. */
export function round(value) {
  return Math.round(value * 100) / 100;
}
