"""Holds single answers against the pruned description without a proxy: for recordings, which have no server to stand before."""

import json
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from tests.servers.contract.openapi import Endpoints, pruned, resolve


class Schemas:
    """The answers' schemas of the endpoints in use."""

    def __init__(self) -> None:
        self.description = pruned("http://127.0.0.1")
        self.endpoints = Endpoints(self.description)

    def validator(self, operation: dict[str, Any], status: int, media_type: str) -> OAS30Validator | str:
        """What validates an answer, or what is wrong before its body is looked at."""
        if str(status) not in operation["responses"]:
            return f"status {status} is not documented"
        content = resolve(self.description, operation["responses"][str(status)]).get("content", {})
        if not content:
            return OAS30Validator({"enum": [None]})
        if media_type not in content:
            return f"media type {media_type!r} is not documented"
        schema = {**content[media_type]["schema"], "components": self.description["components"]}
        return OAS30Validator(schema, format_checker=oas30_format_checker)

    def objections(self, method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]:
        """What is wrong with one answer, the places in it first."""
        found = self.endpoints.find(method, path)
        if found is None:
            return [f"{method} {path} is no endpoint in use"]
        media_type = content_type.partition(";")[0].strip()
        validator = self.validator(found[1], status, media_type)
        if isinstance(validator, str):
            return [validator]
        try:
            value = None if not body else json.loads(body) if media_type == "application/json" else body.decode()
        except ValueError as error:
            return [f"no JSON: {error}"]
        errors = sorted(validator.iter_errors(value), key=lambda error: error.json_path)
        return [f"{error.json_path}: {error.message[:200]}" for error in errors]
