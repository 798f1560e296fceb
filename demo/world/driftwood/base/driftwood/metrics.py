"""Numbers about a series of `(step, value)` pairs."""

from math import nan
from statistics import fmean


def summarise(series):
    """Minimum, maximum, mean and last value of a series."""
    values = [value for _, value in series]
    if not values:
        return {"min": nan, "max": nan, "mean": nan, "last": nan}
    return {"min": min(values), "max": max(values), "mean": fmean(values), "last": values[-1]}


def best_step(series, mode="min"):
    """The step at which the series was lowest (or highest, with mode "max")."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be min or max, not {mode!r}")
    pick = min if mode == "min" else max
    return pick(series, key=lambda point: point[1])[0]


def moving_average(values, window):
    """Every value averaged with the `window - 1` values before it."""
    if window < 1:
        raise ValueError("the window must be at least 1")
    smoothed, total = [], 0.0
    for at, value in enumerate(values):
        total += value
        if at >= window:
            total -= values[at - window]
        smoothed.append(total / window)
    return smoothed
