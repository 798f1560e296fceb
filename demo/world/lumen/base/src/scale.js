/** Maps numbers of a domain to positions of a range. */
export function linear([d0, d1], [r0, r1]) {
  const scale = (value) => r0 + ((value - d0) / (d1 - d0)) * (r1 - r0);
  scale.invert = (position) => d0 + ((position - r0) / (r1 - r0)) * (d1 - d0);
  scale.ticks = (count) => ticks(d0, d1, count);
  scale.range = [r0, r1];
  return scale;
}

/** Maps names to bands of equal width. A quarter of each step is left free. */
export function band(names, [r0, r1], padding = 0.25) {
  const step = (r1 - r0) / names.length;
  const scale = (name) => r0 + step * (names.indexOf(name) + padding / 2);
  scale.bandwidth = step * (1 - padding);
  scale.names = names;
  scale.range = [r0, r1];
  return scale;
}

/** About `count` round numbers between start and stop. */
export function ticks(start, stop, count = 5) {
  const step = roundStep((stop - start) / count);
  const result = [];
  for (let value = Math.ceil(start / step) * step; value <= stop; value += step) {
    result.push(value);
  }
  return result;
}

/** The smallest of 1, 2, 5, 10, 20, 50 ... that is not below the rough step. */
function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return factor * power;
}

/** The smallest and the largest value. */
export function extent(values) {
  return [Math.min(...values), Math.max(...values)];
}
