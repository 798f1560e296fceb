"""The page's one style sheet: light and dark by the reader's setting, light on paper, no address in it."""

STYLE = """
body { margin: 0 auto; padding: 24px 20px 64px; max-width: 1140px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 12px; overflow-wrap: anywhere; } h2 { font-size: 20px; margin: 40px 0 6px; break-after: avoid; }
h3 { font-size: 15px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 6px 0; max-width: 80ch; } .faint { color: var(--faint); font-weight: 400; } div.faint { font-size: 13px; }
a { color: var(--mark); } .number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 12px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; background: var(--shade); break-inside: avoid; }
.tile h2 { font-size: 13px; font-weight: 600; color: var(--faint); margin: 0; }
.tile .large { font-size: 25px; line-height: 1.3; font-weight: 600; margin: 2px 0 6px; }
.tile .faint { font-size: 13px; margin: 4px 0 0; }
.badge { display: inline-block; vertical-align: 2px; padding: 0 8px; border-radius: 9px; font-size: 13px; line-height: 18px;
  font-weight: 600; color: var(--on); white-space: nowrap; }
.good { background: var(--good); } .half { background: var(--half); } .bad { background: var(--bad); }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 8px 0; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 16px 5px 0; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--line); }
thead th { color: var(--faint); font-weight: 600; font-size: 13px; } tbody th { font-weight: 600; } tr { break-inside: avoid; }
td > .faint { display: inline-block; max-width: 300px; }
table.counts { margin: 8px 0 0; } table.counts td, table.counts thead th { text-align: right; padding: 4px 10px; }
td.same { background: var(--shade); font-weight: 600; } td.none { color: var(--faint); }
svg { display: block; width: clamp(110px, 22vw, 300px); height: auto; }
.axis, .nought { stroke: var(--line); } .limit { stroke: var(--faint); stroke-dasharray: 3 3; }
.spread { fill: var(--spread); } .mark { fill: var(--mark); }
.stack { display: flex; height: 10px; border-radius: 5px; overflow: hidden; background: var(--paper); border: 1px solid var(--line); }
.stack span { display: block; height: 100%; } td .stack { width: clamp(80px, 12vw, 150px); margin: 3px 0; }
.count { display: flex; align-items: center; gap: 8px; width: 130px; } .count .number { min-width: 36px; text-align: right; }
.count i { display: block; height: 8px; border-radius: 2px; background: var(--spread); }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--mark); }
.pairs { display: flex; flex-wrap: wrap; gap: 8px 48px; align-items: flex-start; }
.pairs > div { break-inside: avoid; max-width: 100%; }
article { border-top: 1px solid var(--line); padding: 16px 0 6px; }
blockquote { margin: 8px 0; padding: 2px 0 2px 12px; border-left: 3px solid var(--line); max-width: 100ch; white-space: pre-wrap;
  overflow-wrap: anywhere; }
table.said td, table.said tbody th { vertical-align: top; font-size: 14px; } table.said thead th { white-space: nowrap; }
table.said b { color: var(--faint); font-weight: 600; }
table.said td:last-child { min-width: 260px; white-space: pre-wrap; overflow-wrap: anywhere; }
.apart { color: var(--bad); font-weight: 600; }
@media (max-width: 800px) { th, td { padding-right: 10px; } body { padding: 16px 12px 48px; font-size: 14px; } }
@media print {
  body { padding: 0; max-width: none; font-size: 11px; } p, .wide, td > .faint { max-width: none; } .wide { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } a { color: inherit; text-decoration: none; }
  .tile .faint, div.faint, thead th, table.said td, table.said tbody th { font-size: 10px; }
  svg { width: 180px; } td .stack { width: 80px; }
  details:not([open]) { display: none; } table.said td:last-child { min-width: 180px; }
}
"""
