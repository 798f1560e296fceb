"""The two kinds of error a command ends with: the user's mistake (exit 2) and a failure (exit 1)."""


class LimiError(Exception):
    """A failure that is nobody's mistake: a broken disk, a git process that died. Exit code 1."""

    exit_code = 1


class UserError(LimiError):
    """Something the user can mend. The message says what was wrong, where, and what to do. Exit code 2."""

    exit_code = 2
