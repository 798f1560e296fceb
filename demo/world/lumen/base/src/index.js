export { linear, band, ticks } from "./scale.js";
export { lineChart } from "./line-chart.js";
export { barChart } from "./bar-chart.js";
