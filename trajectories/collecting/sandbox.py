"""Where the agent's commands run: a container, else bubblewrap, else (only if asked for) the user's own account.

In a sandbox a command sees the workspace, a home and a `/tmp` that last as long as the session, and the system's programs. It does not
see other files, other processes, the environment of whoever runs the collector, or (unless it is asked for) a network.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files import write_text
from trajectories.archive.provenance import Environment
from trajectories.collecting.inside.limi_commands import Workplace, run

INSIDE = {"workspace": "/workspace", "home": "/home/agent", "tmp": "/tmp"}  # noqa: S108 - a folder of the session's own
CONTAINER_PROGRAMS = ("podman", "docker")
SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Of /etc only what programs need to run; it also holds keys and passwords, which root may read.
SYSTEM_FILES = (
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/mime.types", "/etc/nsswitch.conf", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"),
)
NETWORK_FILES = ("/etc/hosts", "/etc/resolv.conf", "/etc/ca-certificates", "/etc/services")
# Who there is, without the names of this machine's people.
PEOPLE = {
    "passwd": "root:x:0:0::/root:/bin/bash\nagent:x:1000:1000::/home/agent:/bin/bash\n",
    "group": "root:x:0:\nagent:x:1000:\n",
}
_PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# As in mini-swe-agent's own configuration: nothing that waits for a key or draws.
QUIET = {"PAGER": "cat", "MANPAGER": "cat", "LESS": "-R", "PIP_PROGRESS_BAR": "off", "TQDM_DISABLE": "1"}
WARNING = (
    "The agent's commands run with your account, without a sandbox: they can change and read all that you can, your keys and other "
    "processes' environment variables included, and they have your network. Say no to what you would not run yourself."
)


@dataclass(frozen=True)
class Wanted:
    """What is asked of a sandbox. `image` asks for a container; `also` are more folders that commands may read."""

    image: str | None = None
    network: bool = False
    without: bool = False
    also: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that was tried, or none."""

    environment: Environment
    workplace: Workplace
    container: bool = False

    def for_limit(self, seconds: float) -> Workplace:
        """The workplace of a command with this limit. A killed client leaves its container alone, so that one has the limit within."""
        if not self.container:
            return self.workplace
        limited = [*self.workplace.prefix, "timeout", "-s", "KILL", f"{seconds:g}"]
        return replace(self.workplace, prefix=limited)


def open_sandbox(folder: Path, wanted: Wanted) -> Sandbox:
    """The sandbox for a session's folder, which has the folders of INSIDE. Tried with a first command.

    Raises UserError if what is wanted does not work here, or nothing does and `without` is not wanted.
    """
    if wanted.without:
        environment = {"PATH": os.environ.get("PATH", _PROGRAMS), "HOME": str(folder.absolute() / "home")}
        environment |= {"LANG": "C.UTF-8", "TMPDIR": str(folder.absolute() / "tmp")} | QUIET
        workplace = Workplace((), str(folder.absolute() / "workspace"), environment)
        return Sandbox(Environment(sandbox="none"), workplace)
    if wanted.image:
        return _container(folder, wanted)
    program = shutil.which("bwrap")
    if program is None:
        raise UserError(
            "there is no sandbox for the agent's commands: bubblewrap (bwrap) is not installed, and no container image is named with "
            "--image. Install bubblewrap, or say --without-sandbox if this machine may come to harm"
        )
    for name, content in PEOPLE.items():
        write_text(folder / name, content)
    workplace = Workplace(bubblewrap(program, folder, wanted), str(folder), {"PATH": _PROGRAMS})
    _try(workplace, "bubblewrap", "Install podman or docker and name an --image")
    return Sandbox(Environment(sandbox="bubblewrap"), workplace)


def bubblewrap(program: str, folder: Path, wanted: Wanted) -> list[str]:
    """What stands before a command that runs in bubblewrap."""
    arguments = [program, "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    arguments += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox"]
    arguments += ["--share-net"] if wanted.network else []
    for name in SYSTEM_FOLDERS:
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            arguments += ["--ro-bind", name, name]
    for name in (*SYSTEM_FILES, *(NETWORK_FILES if wanted.network else ())):
        arguments += ["--ro-bind-try", name, name]
    for name in PEOPLE:
        arguments += ["--ro-bind", str(folder.absolute() / name), f"/etc/{name}"]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]
    for name, inside in INSIDE.items():
        arguments += ["--bind", str(folder.absolute() / name), inside]
    for path in wanted.also:
        arguments += ["--ro-bind", str(path.absolute()), str(path.absolute())]
    arguments += ["--clearenv", "--chdir", INSIDE["workspace"]]
    for name, value in _variables(_PROGRAMS).items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--"]


def container(program: str, folder: Path, wanted: Wanted) -> list[str]:
    """What stands before a command that runs in a container of its own, which is gone after it."""
    arguments = [program, "run", "--rm", "--init", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    arguments += ["--pull=never", f"--network={'bridge' if wanted.network else 'none'}", "--hostname=sandbox"]
    arguments += ["--security-opt=label=disable"]  # SELinux would keep the session's own folders from it
    if os.getuid() != 0:  # what it writes is to be the user's
        keep = "--userns=keep-id" if Path(program).name == "podman" else f"--user={os.getuid()}:{os.getgid()}"
        arguments.append(keep)
    for name, inside in INSIDE.items():
        arguments += ["--mount", f"type=bind,source={folder.absolute() / name},target={inside}"]
    for path in wanted.also:
        arguments += ["--mount", f"type=bind,source={path.absolute()},target={path.absolute()},readonly"]
    for name, value in _variables("").items():
        arguments += ["--env", f"{name}={value}"]
    return [*arguments, f"--workdir={INSIDE['workspace']}", "--entrypoint=", "--", str(wanted.image)]


def _container(folder: Path, wanted: Wanted) -> Sandbox:
    if "," in str(folder.absolute()):
        raise UserError(f"a container can't be given the folder {folder}, as its path has a comma")
    program = next((found for name in CONTAINER_PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise UserError(
            f"an image is named, but neither {' nor '.join(CONTAINER_PROGRAMS)} is installed; install one, or leave --image out "
            "to use bubblewrap"
        )
    # The program itself needs its own settings; the command in the container sees none of this.
    own = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST") if name in os.environ}
    workplace = Workplace(container(program, folder, wanted), str(folder), own)
    _try(workplace, Path(program).name, f"Fetch the image first: {Path(program).name} pull {wanted.image}")
    return Sandbox(Environment(sandbox="container", image=wanted.image), workplace, container=True)


def _variables(programs: str) -> dict[str, str]:
    variables = {"PATH": programs} if programs else {}
    variables |= {"HOME": INSIDE["home"], "LANG": "C.UTF-8", **QUIET}
    # The workspace belongs to another user where the container's is root.
    safe = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": INSIDE["workspace"]}
    return variables | safe


def _try(workplace: Workplace, name: str, advice: str) -> None:
    tried = run("test -w . && echo works", workplace, 60)
    if tried.output.strip() != "works":
        said = (tried.problem or tried.output).strip().splitlines()
        shown = ascii(said[-1][:200])[1:-1] if said else "no reason given"
        raise UserError(
            f"{name} does not work here ({shown}). {advice}, or say --without-sandbox if this machine may come to harm"
        )


def check_also(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Folders that commands may read, as they are. Raises UserError for one that is none."""
    for path in paths:
        if not path.is_dir():
            raise UserError(f"{path} is no folder; --also names a folder that the agent's commands may read")
    return tuple(path.resolve() for path in paths)
