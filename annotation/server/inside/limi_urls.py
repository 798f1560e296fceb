"""Label Studio's addresses, less those by which a browser makes the server fetch something from the outside."""
# mypy: disable-error-code="import-not-found"

from core.urls import urlpatterns as _theirs
from django.http import HttpRequest, JsonResponse
from django.urls import path


def no_tips(request: HttpRequest) -> JsonResponse:
    """Label Studio fetches advertisements for its paid version from GitHub here; the page shows its built-in ones without."""
    return JsonResponse({}, status=404)


urlpatterns = [path("heidi-tips/", no_tips), path("heidi-tips", no_tips), *_theirs]
