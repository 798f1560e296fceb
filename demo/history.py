"""Turn one authored repository into a git fast-import stream: fixed names, dates and bytes, so fixed hashes.

A tree is a dict `path -> (bytes, executable)`. A branch starts `behind` main commits ago, so its edits are applied twice:
to the tree it started from (what `refs/pull/N/head` shows) and to main's tip (what the merge brings).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from demo.authored import AuthoredRepository, Commit, Edit, Pull, content
from pipeline.errors import UserError

Tree = dict[str, tuple[bytes, bool]]


def fast_import_stream(repository: AuthoredRepository) -> bytes:
    """The whole history as one stream for `git fast-import`: main, and `refs/pull/N/head` for every pull request."""
    return b"".join(_History(repository).chunks())


class _History:
    def __init__(self, repository: AuthoredRepository) -> None:
        self.name = repository.facts.full_name
        self.repository = repository
        self.mark = 0
        self.main: list[tuple[int, Tree]] = []  # (mark, tree) of every first-parent commit, oldest first

    def chunks(self) -> Iterator[bytes]:
        facts = self.repository.facts
        first = next(iter(facts.people))
        yield self._commit("refs/heads/main", "Initial commit", first, facts.started, {}, self.repository.base)
        self.main.append((self.mark, self.repository.base))
        last = facts.started
        for pull in self.repository.pulls:
            if pull.date <= last:
                raise UserError(
                    f"{self.name}: {pull.title!r} is dated {pull.date}, not after the entry before it ({last})"
                )
            last = pull.date
            yield from self._pull(pull)

    def _pull(self, pull: Pull) -> Iterator[bytes]:
        head_ref = f"refs/pull/{pull.number}/head"
        branch_mark = self.mark
        if pull.how != "direct":
            started_mark, tree = self.main[max(0, len(self.main) - 1 - pull.behind)]
            branch_mark = started_mark
            for at, commit in enumerate(pull.commits):
                changed = self._edited(tree, commit.edits, pull)
                when = pull.date - timedelta(minutes=37 * (len(pull.commits) - at))
                yield self._commit(
                    head_ref,
                    self._message(commit, pull),
                    commit.author or pull.author,
                    when,
                    tree,
                    changed,
                    parents=[branch_mark],
                )
                branch_mark, tree = self.mark, changed
        if pull.how == "unmerged":
            return
        tip_mark, tip = self.main[-1]
        if pull.how in ("merge", "squash"):
            merged = tip
            for commit in pull.commits:
                merged = self._edited(merged, commit.edits, pull)
            if pull.how == "merge":
                message = f"Merge pull request #{pull.number} from {pull.author}/{pull.branch}\n\n{pull.title}"
                parents = [tip_mark, branch_mark]
            else:
                message, parents = f"{pull.title} (#{pull.number})", [tip_mark]
            if pull.body.strip():
                message += f"\n\n{pull.body.strip()}"
            yield self._commit("refs/heads/main", message, pull.author, pull.date, tip, merged, parents)
            self.main.append((self.mark, merged))
            return
        for at, commit in enumerate(pull.commits):  # rebase and direct: the commits themselves arrive on main
            changed = self._edited(tip, commit.edits, pull)
            authored = pull.date - timedelta(minutes=37 * (len(pull.commits) - at))
            yield self._commit(
                "refs/heads/main",
                self._message(commit, pull),
                commit.author or pull.author,
                authored,
                tip,
                changed,
                [tip_mark],
                committed=pull.date,
            )
            self.main.append((self.mark, changed))
            tip_mark, tip = self.main[-1]

    def _message(self, commit: Commit, pull: Pull) -> str:
        return commit.message or pull.title

    def _edited(self, tree: Tree, edits: list[Edit], pull: Pull) -> Tree:
        tree = dict(tree)
        for edit in edits:
            where = f"{self.name}#{pull.number} ({pull.title!r}), {edit.path}"
            if edit.path not in tree and (edit.find is not None or edit.delete or edit.rename or edit.mode):
                raise UserError(f"{where}: no such file at this point of the history")
            data, executable = tree.get(edit.path, (b"", False))
            if edit.find is not None and edit.replace is not None:
                found = data.count(edit.find.encode())
                if found != 1:
                    raise UserError(
                        f"{where}: the text to find occurs {found} times, it must occur once: {edit.find!r}"
                    )
                tree[edit.path] = (data.replace(edit.find.encode(), edit.replace.encode()), executable)
            elif edit.delete:
                del tree[edit.path]
            elif edit.rename is not None:
                if edit.rename in tree:
                    raise UserError(f"{where}: cannot be renamed to {edit.rename}, which exists")
                tree[edit.rename] = tree.pop(edit.path)
            elif edit.mode is not None:
                tree[edit.path] = (data, edit.mode == "executable")
            else:
                tree[edit.path] = (content(edit), executable)
        for path in tree:
            blocking = next((str(parent) for parent in PurePosixPath(path).parents if str(parent) in tree), None)
            if blocking:
                raise UserError(
                    f"{self.name}#{pull.number} ({pull.title!r}): {blocking} is a file, so {path} cannot lie in it"
                )
        return tree

    def _commit(
        self,
        ref: str,
        message: str,
        author: str,
        when: datetime,
        old: Tree,
        new: Tree,
        parents: list[int] | None = None,
        committed: datetime | None = None,
    ) -> bytes:
        self.mark += 1
        people = self.repository.facts.people
        if author not in people:
            raise UserError(
                f"{self.name}: {author!r} is not among the people of repository.yaml ({', '.join(people)}), "
                f"in the commit {message.splitlines()[0]!r}"
            )
        # `when` and `committed` differ only for a rebase merge, whose committer is not its author.
        committer = people[author] if committed is None else next(iter(people.values()))
        text = message.encode()
        lines = [
            f"commit {ref}\nmark :{self.mark}\n".encode(),
            f"author {people[author]} {_git_date(when)}\n".encode(),
            f"committer {committer} {_git_date(committed or when)}\n".encode(),
            b"data %d\n%s\n" % (len(text), text),
        ]
        for at, parent in enumerate(parents or []):
            lines.append(f"{'merge' if at else 'from'} :{parent}\n".encode())
        lines += [b"D %s\n" % _quoted(path) for path in sorted(old.keys() - new.keys())]
        for path in sorted(new):
            if old.get(path) != new[path]:
                data, executable = new[path]
                lines.append(
                    b"M %s inline %s\ndata %d\n%s\n"
                    % (b"100755" if executable else b"100644", _quoted(path), len(data), data)
                )
        return b"".join(lines) + b"\n"


def _git_date(when: datetime) -> str:
    offset = when.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    return f"{int(when.timestamp())} {'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def _quoted(path: str) -> bytes:
    return b'"' + path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
