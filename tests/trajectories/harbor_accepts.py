"""A second opinion that is not part of the suite: harbor's own validator on generated sessions, in an interpreter that has harbor.

    python -m tests.trajectories.harbor_accepts HARBOR/bin/python

docs/TRAJECTORIES.md says how to make that interpreter. Ends with exit code 1 if harbor refuses a session or reads it in another way.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from tests.trajectories import made
from trajectories.archive.file import text_of_session
from trajectories.archive.session import Session, session_of

EXAMPLES = 400
# Run by the interpreter with harbor: each file must be valid, and harbor must give back all that stands in it. harbor writes whole
# numbers as 1.0 where it expects fractions, and so does Python say 1 == 1.0.
JUDGE = """
import json, sys
from pathlib import Path
from harbor.models.trajectories import Trajectory
from harbor.utils.trajectory_validator import TrajectoryValidator

paths = sorted(Path(sys.argv[1]).iterdir())
refused = 0
for path in paths:
    validator = TrajectoryValidator()
    data = json.loads(path.read_bytes())
    if not validator.validate(path):
        print(path.name, validator.get_errors()[:3])
        refused += 1
    elif Trajectory.model_validate(data).model_dump(exclude_unset=True) != data:
        print(path.name, "is read in another way")
        refused += 1
print(f"{len(paths)} sessions, {refused} refused")
sys.exit(1 if refused or not paths else 0)
"""


def main() -> int:
    """Exit code of the judgement."""
    with TemporaryDirectory() as folder:
        texts = {text_of_session(session_of(made.worked(), "worked"))}

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(made.sessions)
        def draw(session: Session) -> None:
            texts.add(text_of_session(session))

        draw()
        for number, text in enumerate(sorted(texts)):
            (Path(folder) / f"{number:04}.json").write_text(text, encoding="utf-8")
        return subprocess.run([sys.argv[1], "-c", JUDGE, folder], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
