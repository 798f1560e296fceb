"""The environment variables of Label Studio's process: of ours only those named here, and everything switched off that reaches out."""

import json
import os

from annotation.server.prepare import Installation

# Of this process's own variables the server sees these alone: no key, no proxy, no credentials of a cloud.
PASSED_ON = ("PATH", "TMPDIR", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY")
# Each of these is otherwise the other way round. An empty address means nowhere; LABEL_STUDIO_ alone does not switch all of them.
QUIET = {
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_ALLOW_ORGANIZATION_WEBHOOKS": "false",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_CONVERTER_DOWNLOAD_RESOURCES": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_ENABLE_LOCAL_FILES_STORAGE": "false",
    "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LOG_LEVEL": "WARNING",
    "SENTRY_DSN": "",
}


def variables(installation: Installation, url: str) -> dict[str, str]:
    """All variables of a server that will be found at `url`. The database's password is among them, people's never are."""
    data, database = installation.data.absolute(), installation.database
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        **QUIET,
        "DJANGO_DB": database.kind,
        "DJANGO_SETTINGS_MODULE": "limi_settings",
        "HOME": str(data),
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_HOST": url,
        "LC_ALL": "C.UTF-8",
        "LIMI_DATABASE": json.dumps(dict(database.django)),
        "LIMI_NEW_DATABASE": "1" if installation.new else "0",
        **({"PGPASSWORD": database.password} if database.password else {}),
    }
