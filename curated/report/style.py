"""The run report's style sheet: that of the report of the reviews, with what the drawings, heat tables and examples need."""

from annotation.report.style import STYLE as REVIEWS

_COLOURS = """
:root { --pool: #b0540c; --heat: 31 95 191; }
@media screen and (prefers-color-scheme: dark) { :root { --pool: #f0a45d; --heat: 138 184 255; } }
"""
_TEXT = """
h2 { scroll-margin-top: 12px; } h3 { margin: 22px 0 4px; font-size: 16px; break-after: avoid; }
h4 { margin: 14px 0 2px; font-size: 15px; }
p, td, li, dd, dt, blockquote, h3, h4 { overflow-wrap: anywhere; }
td, tbody th, li, dd, blockquote, h3, h4, code { unicode-bidi: isolate; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em; background: var(--shade);
  border-radius: 4px; padding: 1px 4px; overflow-wrap: anywhere; }
.list code { background: none; padding: 0; }
.lede { font-size: 19px; line-height: 1.45; max-width: 62ch; margin: 4px 0 16px; }
.important { border-left: 4px solid var(--half); padding: 8px 12px; background: var(--shade); max-width: 84ch; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); margin-top: 14px; }
.tile .label { font-size: 13px; font-weight: 600; color: var(--faint); margin: 0; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 0; margin: 20px 0 0; }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
dl { margin: 8px 0; } dt { color: var(--faint); font-weight: 600; } dd { margin: 0; }
dl > div { display: grid; grid-template-columns: minmax(90px, 260px) 1fr; gap: 0 14px; padding: 4px 0;
  border-bottom: 1px solid var(--line); }
"""
_TABLES = """
caption { text-align: left; font-weight: 600; padding: 12px 0 2px; }
td, tbody th { vertical-align: top; } tbody th { overflow-wrap: break-word; }
.n { text-align: right; } td.n { white-space: nowrap; } td.n, th.n { padding-left: 8px; }
td > .faint { display: block; max-width: 420px; } td .interval svg { width: clamp(90px, 22vw, 300px); }
.names tbody th { overflow-wrap: anywhere; min-width: 110px; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 0 32px; }
.beside > * { min-width: 0; }
table.heat td, table.heat thead th { text-align: right; padding: 5px 4px; white-space: nowrap; }
table.heat thead th { font-size: 12px; padding: 5px 3px; }
table.heat thead th:first-child { text-align: left; padding-left: 0; } table.heat td.nothing { color: var(--faint); }
table.heat tr.all > * { font-weight: 600; border-top: 2px solid var(--line); }
"""
_DRAWINGS = """
.funnel { list-style: none; margin: 12px 0; padding: 0; }
.funnel li { display: grid; grid-template-columns: 180px 1fr 70px; gap: 0 14px; align-items: start; margin: 0 0 12px;
  break-inside: avoid; }
.funnel .large { font-size: 19px; line-height: 24px; font-weight: 600; text-align: right; }
.funnel .drawing { min-width: 0; } .funnel .name { line-height: 20px; }
figure { margin: 12px 0; max-width: 860px; break-inside: avoid; } figcaption { font-weight: 600; margin-bottom: 6px; }
svg.plot { width: 100%; height: 24px; } svg.high { height: 200px; } svg.rug { height: 12px; margin-top: 3px; }
.kept { fill: var(--mark); } .lost { fill: var(--spread); } .failed { fill: var(--bad); } .chosen { fill: var(--pool); }
.cut { stroke: var(--ink); stroke-dasharray: 4 3; vector-effect: non-scaling-stroke; }
.base { stroke: var(--faint); vector-effect: non-scaling-stroke; }
.axis-words { position: relative; height: 20px; font-size: 13px; color: var(--faint); }
.axis-words span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis-words span.first { transform: none; }
.axis-words .limit-word { color: var(--ink); font-weight: 600; transform: none; padding-left: 6px; }
.axis-words .left { transform: translateX(-100%); padding: 0 6px 0 0; }
.legend { font-size: 13px; color: var(--faint); margin: 4px 0; }
.legend > span { margin-right: 16px; white-space: nowrap; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
.key.kept, .stack .kept { background: var(--mark); } .key.lost { background: var(--spread); }
.key.chosen, .stack .chosen { background: var(--pool); }
td .stack { margin-top: 7px; width: clamp(70px, 14vw, 170px); }
"""
_EXAMPLES = """
article h3 { margin-top: 0; } blockquote { max-width: 84ch; }
article .facts { font-size: 13px; color: var(--faint); margin: 2px 0; max-width: none; }
article ul { margin: 4px 0; padding-left: 20px; max-width: 84ch; }
.reasons { list-style: none; padding: 0; margin: 6px 0; max-width: 100ch; }
.reasons li { padding: 6px 0; border-bottom: 1px solid var(--line); }
"""
# On a telephone the heads of narrow columns stand upright, so that no table has to be scrolled.
_SMALL = """
@media (max-width: 800px) {
  .lede { font-size: 17px; } caption { max-width: calc(100vw - 24px); }
  .funnel li { grid-template-columns: 1fr auto; } .funnel .drawing { grid-column: 1 / -1; grid-row: 2; }
}
@media (max-width: 480px) {
  th, td { padding-right: 8px; font-size: 13px; } td.n, th.n { padding-left: 2px; } dl > div { grid-template-columns: 1fr; }
  tbody th { overflow-wrap: anywhere; min-width: 84px; } .ids tbody th { min-width: 118px; }
  .names tbody th { min-width: 124px; } table.heat tbody th { min-width: 76px; }
  .bars th, .bars td { padding-right: 5px; } .ids th code { padding: 0; }
  td .interval svg { width: 104px; } td .stack { width: 48px; }
  table.heat thead th:not(:first-child), table.names thead th.n { writing-mode: vertical-rl; text-align: left;
    vertical-align: bottom; padding: 4px 0; }
  table.names thead th.n { padding-left: 8px; }
}
@media print {
  nav { display: none; } .lede { font-size: 14px; } .funnel .large { font-size: 13px; } h2 { margin-top: 20px; }
  .funnel li { grid-template-columns: 150px 1fr 60px; margin-bottom: 6px; } .funnel .drawing { grid-column: auto; grid-row: auto; }
  svg.plot { width: 100%; height: 12px; } svg.high { height: 120px; } .legend, .axis-words { font-size: 11px; }
  article { break-inside: avoid; }
}
"""
STYLE = REVIEWS + _COLOURS + _TEXT + _TABLES + _DRAWINGS + _EXAMPLES + _SMALL
