"""The page's one style sheet: light and dark by the reader's setting, no address in it."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2127; --faint: #5a6472; --line: #d5dae1; --shade: #f3f5f8;
  --mark: #1f5fbf; --spread: #a9c4ee; --good: #2f7d4f; --half: #c08a1e; --bad: #b3352f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6e9ee; --faint: #9aa5b4; --line: #343b45;
  --shade: #1d2229; --mark: #8ab8ff; --spread: #35537f; --good: #58b483; --half: #dcae4f; --bad: #ee8079; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 64px; max-width: 1100px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 40px 0 6px; } h3 { font-size: 16px; margin: 20px 0 4px; }
p { margin: 6px 0; max-width: 80ch; } .faint { color: var(--faint); } a { color: var(--mark); }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 8px 0; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 12px 4px 0; text-align: left; vertical-align: middle; border-bottom: 1px solid var(--line); }
thead th { color: var(--faint); font-weight: 600; font-size: 13px; } tbody th { font-weight: 600; }
table.counts td { text-align: right; padding: 4px 10px; } table.counts thead th { text-align: right; padding: 4px 10px; }
td.same { background: var(--shade); font-weight: 600; }
svg { display: block; } svg text { fill: var(--faint); font: 11px system-ui, sans-serif; }
.axis { stroke: var(--line); } .limit { stroke: var(--faint); stroke-dasharray: 3 3; }
.spread { fill: var(--spread); } .mark { fill: var(--mark); }
.stack { display: flex; height: 22px; max-width: 640px; background: var(--shade); border: 1px solid var(--line); }
.stack span { display: block; height: 100%; } .complete { background: var(--good); } .begun { background: var(--half); }
.key::before { content: ""; display: inline-block; width: 10px; height: 10px; margin: 0 6px 0 0; background: var(--shade);
  border: 1px solid var(--line); } .key { margin-right: 18px; }
.key.complete, .key.begun { background: none; }
.key.complete::before { background: var(--good); } .key.begun::before { background: var(--half); }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--mark); }
.pairs { display: flex; flex-wrap: wrap; gap: 4px 40px; }
article { border-top: 1px solid var(--line); padding: 10px 0; } article h3 { margin: 0; overflow-wrap: anywhere; }
article p { white-space: pre-wrap; overflow-wrap: anywhere; } .disputed { color: var(--bad); font-weight: 600; }
"""
