"""A real Label Studio for every test of annotation/ that asks for it; tests/annotation/server/running.py tells how."""

import pytest

from tests.annotation.server.running import any_label_studio, label_studio, label_studio_postgresql

__all__ = ["any_label_studio", "label_studio", "label_studio_postgresql"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests on one server stay in one process of pytest-xdist, so that it is started once: SQLite's in one, PostgreSQL's in another."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        fixtures = getattr(item, "fixturenames", [])
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if "label_studio_postgresql" in fixtures or parameters.get("any_label_studio") == "postgresql":
            item.add_marker(pytest.mark.xdist_group("label-studio-postgresql"))
        elif "label_studio" in fixtures or "any_label_studio" in fixtures:
            item.add_marker(pytest.mark.xdist_group("label-studio"))
