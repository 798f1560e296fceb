"""The page's own styles, after the shared palette: one column on a telephone, a call beside its result on a wide screen."""

STYLE = """
body { margin: 0 auto; padding: 24px 20px 64px; max-width: 1760px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 26px; margin: 0 0 12px; } h2 { font-size: 20px; margin: 40px 0 8px; break-after: avoid; }
h3 { font-size: 15px; margin: 0; display: inline; }
p { margin: 6px 0; } .faint { color: var(--faint); } a { color: var(--mark); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 12px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; background: var(--shade); break-inside: avoid; }
.tile h2 { font-size: 13px; font-weight: 600; color: var(--faint); margin: 0; }
.tile .large { font-size: 18px; line-height: 1.3; font-weight: 600; margin: 2px 0 6px; } .tile p { font-size: 13px; margin: 4px 0 0; }
.badge { display: inline-block; padding: 0 8px; border-radius: 9px; font-size: 13px; line-height: 18px; font-weight: 600;
  color: var(--on); background: var(--faint); }
.badge.good { background: var(--good); } .badge.bad { background: var(--bad); }
.badge.quiet { background: none; color: var(--faint); box-shadow: inset 0 0 0 1px var(--line); }
.tile .badge { font-size: 16px; line-height: 26px; padding: 0 12px; border-radius: 13px; }
ul { margin: 6px 0; padding-left: 20px; } li { margin: 2px 0; }
nav { position: sticky; top: 0; background: var(--paper); border-bottom: 1px solid var(--line); padding: 8px 0; margin: 24px 0 0;
  z-index: 1; display: flex; flex-wrap: wrap; gap: 2px 20px; font-size: 14px; max-height: 30vh; overflow-y: auto; }
article, section { scroll-margin-top: 64px; }
article { border-top: 1px solid var(--line); border-left: 4px solid transparent; padding: 12px 0 14px 14px; }
article.user { border-left-color: var(--mark); background: var(--shade); } article.system { color: var(--faint); }
article:target { outline: 2px solid var(--mark); outline-offset: -2px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; font-size: 13px; color: var(--faint); break-after: avoid;
  font-variant-numeric: tabular-nums; }
header h3 { color: var(--ink); } article.user header h3 { color: var(--mark); }
article.user > .said { font-size: 17px; }
.said, .code { white-space: pre-wrap; margin: 8px 0 0; }
.said { max-width: 100ch; }
.code { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; tab-size: 4; }
.reasoning { border-left: 2px solid var(--line); padding-left: 12px; color: var(--faint); font-style: italic; }
.call { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 16px; margin: 12px 0 0; }
.call > div { min-width: 0; border: 1px solid var(--line); border-radius: 6px; padding: 8px 10px; background: var(--paper); }
.call > .result { background: var(--shade); } article.user .call > .result { background: var(--paper); }
.call > div + div { border-top-left-radius: 0; border-top-right-radius: 0; border-top: 0; }
.call > div:has(+ div) { border-bottom-left-radius: 0; border-bottom-right-radius: 0; }
.call b { font-weight: 600; } .call .badge { margin-left: 8px; }
.call .name { font-size: 12px; color: var(--faint); margin: 6px 0 0; } .name + .code { margin-top: 0; }
details { margin: 8px 0 0; } summary { cursor: pointer; color: var(--mark); font-size: 13px; } details > .code { margin-top: 4px; }
.more { margin-top: 0; } .more > .code { margin-top: 0; }
.finding { margin: 8px 0 0; padding: 4px 10px; border: 1px solid var(--bad); border-radius: 6px; max-width: 100ch; }
.finding.flagged { border-color: var(--half); }
dl { display: grid; grid-template-columns: minmax(90px, max-content) minmax(0, 1fr); gap: 2px 18px; margin: 8px 0; }
dt { color: var(--faint); } dd { margin: 0; }
@media (min-width: 1100px) {
  .call.both { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0; }
  .call.both > div + div { border-radius: 0 6px 6px 0; border-top: 1px solid var(--line); border-left: 0; }
  .call.both > div:has(+ div) { border-radius: 6px 0 0 6px; }
}
@media (max-width: 600px) {
  body { padding: 16px 12px 48px; font-size: 14px; } article { padding-left: 10px; }
  dl { grid-template-columns: minmax(0, 1fr); } dd { margin: 0 0 6px; }
  nav { position: static; max-height: none; } article, section { scroll-margin-top: 0; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 11px; } .code { font-size: 9px; } nav { display: none; }
  header, summary, .badge, .call .name, .tile p, .tile h2 { font-size: 10px; } h3 { font-size: 12px; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } a { color: inherit; text-decoration: none; }
  article.user > .said { font-size: 12px; } details::details-content { content-visibility: visible; }
}
"""
