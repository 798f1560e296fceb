"""A real Label Studio for every test of annotation/ that asks for it; tests/annotation/server/running.py tells how."""

from tests.annotation.server.running import any_label_studio, label_studio, label_studio_postgresql

__all__ = ["any_label_studio", "label_studio", "label_studio_postgresql"]
