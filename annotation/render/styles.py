"""How rendered pull requests look: one style sheet without any address, for Label Studio's `<Style>` or a page's `<style>`.

Colours are tints over whatever is behind them, so that they are right on light and on dark. `!important` stands where Label Studio's own
sheet would win. Numbers and arrows are drawn, not written: they are not in what an annotator marks.
"""

_CODE = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace !important"
_ANY = ":is(.limi-title, .limi-body, .limi-diff, .limi-criteria, .limi-judge, .limi-reviews)"

STYLES = f"""
.limi-title {{ font-weight: 600; overflow-wrap: anywhere; }}
.limi-title code, .limi-body code, .limi-body pre, .limi-diff .path, .limi-diff .code, .limi-diff .code span, .limi-diff .code mark,
.limi-diff .number {{ font-family: {_CODE}; }}
.limi-body {{ line-height: 1.5; overflow-wrap: anywhere; unicode-bidi: isolate; }}
.limi-body p, .limi-body pre, .limi-body ul, .limi-body ol, .limi-body blockquote, .limi-body table {{ margin: 0 0 8px; }}
.limi-body h1, .limi-body h2, .limi-body h3, .limi-body h4, .limi-body h5, .limi-body h6 {{
  margin: 12px 0 6px; font-weight: 600; line-height: 1.3;
}}
.limi-body h1 {{ font-size: 1.3em; }} .limi-body h2 {{ font-size: 1.2em; }} .limi-body h3 {{ font-size: 1.1em; }}
.limi-body h4, .limi-body h5, .limi-body h6 {{ font-size: 1em; }}
.limi-body ul {{ list-style: disc; padding-left: 24px; }} .limi-body ol {{ list-style: decimal; padding-left: 28px; }}
.limi-body li.task {{ list-style: none; margin-left: -20px; }}
.limi-body blockquote {{ padding: 0 12px; border-left: 3px solid rgba(128, 128, 128, .4); }}
.limi-body blockquote.alert {{ border-left-color: #0969da; }}
.limi-body code, .limi-title code {{ padding: 1px 4px; border-radius: 4px; background: rgba(128, 128, 128, .16); font-size: .92em; }}
.limi-body pre {{ padding: 8px 10px; border-radius: 6px; background: rgba(128, 128, 128, .12); white-space: pre-wrap; tab-size: 4; }}
.limi-body pre code {{ padding: 0; background: none; }}
.limi-body table {{ border-collapse: collapse; }}
.limi-body th, .limi-body td {{ padding: 3px 8px; border: 1px solid rgba(128, 128, 128, .4); text-align: left; }}
.limi-body th {{ font-weight: 600; }}
.limi-body p:last-child, .limi-body ul:last-child, .limi-body ol:last-child, .limi-body pre:last-child {{ margin-bottom: 0; }}
.limi-criteria, .limi-judge, .limi-reviews {{ line-height: 1.4; overflow-wrap: anywhere; unicode-bidi: isolate; }}
.limi-criteria ul, .limi-reviews ul {{ margin: 0; padding-left: 20px; list-style: disc; }}
.limi-criteria p, .limi-reviews p {{ margin: 0 0 4px; }}
.limi-reviews .review {{ margin-top: 6px; padding-top: 6px; border-top: 1px solid rgba(128, 128, 128, .3); }}
.limi-reviews blockquote {{ margin: 4px 0; padding: 0 10px; border-left: 3px solid rgba(128, 128, 128, .4); white-space: pre-wrap; }}
.limi-body hr {{ border: 0; border-top: 1px solid rgba(128, 128, 128, .4); }}
.limi-body .link {{ text-decoration: underline dotted; }}
.limi-body .host, .limi-body .picture, .limi-diff .status, {_ANY} .note {{ opacity: .7; }}
{_ANY} .note {{ font-style: italic; }}
.limi-body .picture {{ border: 1px dashed rgba(128, 128, 128, .6); border-radius: 4px; padding: 0 4px; }}
{_ANY} .unseen {{
  display: inline; visibility: visible; padding: 0 3px; border-radius: 3px; background: #9a6700; color: #fff; font-size: .85em;
}}
{_ANY} .blank {{ background: rgba(154, 103, 0, .35); }}
.limi-diff {{ font-size: 12px; line-height: 1.45; }}
.limi-diff p {{ margin: 0 0 6px; }}
.limi-diff .file {{ margin: 0 0 10px; border: 1px solid rgba(128, 128, 128, .4); border-radius: 6px; overflow: clip; }}
.limi-diff summary {{ padding: 5px 10px; background: rgba(128, 128, 128, .14); cursor: pointer; overflow-wrap: anywhere; }}
.limi-diff .path {{ font-weight: 600; }}
.limi-diff .plus {{ color: #26953f; font-weight: 600; }} .limi-diff .minus {{ color: #e5534b; font-weight: 600; }}
.limi-diff .lines {{ width: 100%; border-collapse: collapse; table-layout: fixed; tab-size: 4; }}
.limi-diff td {{ padding: 0; border: 0; vertical-align: top; }}
.limi-diff .number {{ width: 52px; padding: 0 8px 0 0; text-align: right; opacity: .75; user-select: none; }}
.limi-diff .number::before {{ content: attr(data-line); }}
.limi-diff .code {{ padding: 0 8px 0 calc(6px + 1ch); text-indent: -1ch; white-space: pre-wrap; overflow-wrap: anywhere; word-break: normal;
  direction: ltr; unicode-bidi: isolate; color: inherit; }}
.limi-diff .added td {{ background: rgba(46, 160, 67, .16); }} .limi-diff .added .number {{ background: rgba(46, 160, 67, .28); }}
.limi-diff .removed td {{ background: rgba(248, 81, 73, .15); }} .limi-diff .removed .number {{ background: rgba(248, 81, 73, .27); }}
.limi-diff mark {{ color: inherit; border-radius: 2px; }}
.limi-diff .added mark {{ background: rgba(46, 160, 67, .42); }} .limi-diff .removed mark {{ background: rgba(248, 81, 73, .42); }}
.limi-diff .hunk td {{ background: rgba(56, 139, 253, .13); opacity: .85; }}
.limi-diff .tab {{ position: relative; }}
.limi-diff .tab::before {{ content: "→"; position: absolute; left: 0; opacity: .35; text-indent: 0; }}
.limi-diff .left-out {{ padding: 6px 10px; border: 1px dashed rgba(128, 128, 128, .6); border-radius: 6px; }}
"""
