const OFFSET = 12;

/** A box of text that follows the pointer inside a container. */
export function tooltip(container) {
  const box = document.createElement("div");
  box.className = "lumen-tooltip";
  box.hidden = true;
  container.append(box);

  return {
    show(x, y, lines) {
      box.textContent = lines.join("\n");
      box.hidden = false;
      box.style.left = `${x + OFFSET}px`;
      box.style.top = `${y + OFFSET}px`;
    },
    hide() {
      box.hidden = true;
    },
  };
}
