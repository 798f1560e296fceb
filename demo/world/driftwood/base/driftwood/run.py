"""Recording one run from inside a simulation."""

from driftwood.store import Store


class Run:
    """A run that is being recorded. Use it as a context manager."""

    def __init__(self, store, run_id):
        self.store = store
        self.id = run_id
        self._last_step = -1

    def log(self, step=None, **values):
        """Record values at `step`, or at the step after the last one."""
        step = self._last_step + 1 if step is None else step
        for name, value in values.items():
            self.store.log(self.id, name, step, float(value))
        self._last_step = step

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.store.finish(self.id, "finished")
        elif issubclass(kind, Exception):
            self.store.finish(self.id, "failed")
        return False


def start_run(name, store=None, **params):
    """Start recording a run called `name` with these parameters."""
    store = store or Store()
    return Run(store, store.create_run(name, params))
