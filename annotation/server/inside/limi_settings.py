"""Label Studio's settings with what this project makes stricter: one origin, no calls to the outside, an enforced policy, a safe SQLite.

Read by Django inside Label Studio's own environment. `variables.py` fills the environment variables that Label Studio reads;
here stands what no variable can set.
"""
# mypy: disable-error-code="import-not-found"

import base64
import hashlib
import json
import os
import re
from pathlib import Path

# The order matters: the second asks Django for settings while it is being read, and finds what stands here by then.
from core.settings.base import *  # noqa: F403
from core.settings.base import BASE_DIR, LOGGING  # isort: split

from core.settings.label_studio import *  # noqa: F403

DEBUG = False
# Each request would be written twice.
LOGGING["loggers"]["django.server"] = {"level": "WARNING", "handlers": ["console"], "propagate": False}
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
# Any page in an annotator's browser may otherwise read the API with the annotator's session.
CORS_ALLOW_ALL_ORIGINS = False
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
ROOT_URLCONF = "limi_urls"

DATABASES = {"default": json.loads(os.environ["LIMI_DATABASE"])}


def _hashes_of_bare_scripts() -> tuple[str, ...]:
    """The hashes of those inline scripts of Label Studio's own frame that carry no nonce, so that these may run and no others."""
    frame = (Path(BASE_DIR).parent / "templates/base.html").read_text(encoding="utf-8")
    scripts = [text for text in re.findall(r"<script>([^<]*)</script>", frame) if "{{" not in text and "{%" not in text]
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


# Label Studio's own policy allows six foreign origins and every inline script, and only reports what breaks it.
if os.environ.get("LIMI_WITHOUT_POLICY") == "1":
    CSP_REPORT_ONLY = True
else:
    CSP_REPORT_ONLY = False
    CSP_DEFAULT_SRC = ("'self'",)
    CSP_SCRIPT_SRC = ("'self'", *_hashes_of_bare_scripts())
    CSP_STYLE_SRC = ("'self'", "'unsafe-inline'")
    CSP_IMG_SRC = ("'self'", "data:", "blob:")
    CSP_FONT_SRC = ("'self'", "data:")
    CSP_CONNECT_SRC = ("'self'",)
    CSP_WORKER_SRC = ("'self'", "blob:")
    CSP_OBJECT_SRC = ("'none'",)
    CSP_FRAME_SRC = ("'none'",)
    CSP_FRAME_ANCESTORS = ("'none'",)
    CSP_BASE_URI = ("'none'",)
    CSP_FORM_ACTION = ("'self'",)
    CSP_INCLUDE_NONCE_IN = ["script-src"]
