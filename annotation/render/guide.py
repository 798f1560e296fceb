"""The annotators' guide as Label Studio shows it before the first task: docs/ANNOTATORS.md, made safe like every other text."""

from pathlib import Path

from annotation.render.body import render_body

GUIDE = Path(__file__).resolve().parents[2] / "docs/ANNOTATORS.md"


def guide_html() -> str:
    """Safe HTML of the guide, for a project's `expert_instruction`. It has no line ends, which Label Studio would show as such."""
    return render_body(GUIDE.read_text(encoding="utf-8"), wrapped=True)
