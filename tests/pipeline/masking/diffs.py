"""Small patches as git prints them, for the tests of masking."""


def patch_of(removed: list[str], added: list[str], context: list[str] | None = None, heading: str = "") -> str:
    """A patch of one file with one hunk: context, removed and added lines, and text after the hunk's header."""
    around = context or ["around"]
    lines = [f" {line}" for line in around] + [f"-{line}" for line in removed] + [f"+{line}" for line in added]
    header = f"@@ -7,{len(around) + len(removed)} +7,{len(around) + len(added)} @@"
    top = "diff --git a/app/x.py b/app/x.py\nindex 1234567..89abcde 100644\n--- a/app/x.py\n+++ b/app/x.py\n"
    return top + header + (f" {heading}" if heading else "") + "\n" + "\n".join(lines) + "\n"
