/** Eight colors that can be told apart with the common kinds of color blindness. CSS may override each of them. */
const COLORS = ["#2f6db5", "#d9822b", "#3f9b5f", "#b8433f", "#7a5ea8", "#8a6a4f", "#cf6fa5", "#5f6b76"];

export function color(index) {
  const slot = index % COLORS.length;
  return `var(--lumen-color-${slot + 1}, ${COLORS[slot]})`;
}
