"""Double-entry accounting as a small HTTP service."""

__version__ = "0.3.0"
