"""Everybody sees the project of their own and may answer in it; making, changing and deleting projects and tasks is the owner's.

Label Studio's open edition knows no roles: any account may read others' answers and delete any project. Here every reading of
projects, tasks, annotations and drafts on behalf of somebody is limited to the projects with the line `limi-review NAME ` in their
description, which `limi annotate push` writes and only the owner can change.
"""
# mypy: disable-error-code="import-not-found"

from collections.abc import Callable
from typing import Any

MARKER = "limi-review"
# Label Studio's words for what everybody may do with a project that they see; all else is the owner's.
EVERYBODYS = {
    "actions.perform",
    "annotations.change",
    "annotations.create",
    "annotations.delete",
    "annotations.view",
    "avatar.any",
    "labels.view",
    "organizations.view",
    "projects.view",
    "tasks.view",
    "users.token.any",
    "views.change",
    "views.create",
    "views.delete",
    "views.reset",
    "views.view",
}


def limit_to_own_projects(names: dict[str, str]) -> None:
    """Limit everybody but the owner from now on. `names` tells whose account has which e-mail address, in small letters."""
    import rules
    from core.permissions import all_permissions, make_perm
    from projects.models import Project
    from tasks.models import Annotation, AnnotationDraft, Task

    def own(user: Any) -> list[int]:
        name = names.get(user.email.lower())
        marked = Project.all_objects.filter(description__contains=f"{MARKER} {name} ")
        return list(marked.values_list("id", flat=True)) if name else []

    for _, permission in all_permissions:
        if permission not in EVERYBODYS:
            make_perm(permission, rules.is_superuser, overwrite=True)
    _hold_views_to_their_permissions()
    may_see = Project.has_permission
    Project.has_permission = lambda project, user: (
        may_see(project, user) and (user.is_superuser or project.id in own(user))
    )
    _limit(type(Project.objects), "id__in", own)
    _limit(type(Task.objects), "project_id__in", own)
    _limit(type(Annotation.objects), "project_id__in", own)
    _limit(type(AnnotationDraft.objects), "task__project_id__in", own)


def _hold_views_to_their_permissions() -> None:
    """Each view of Label Studio's API says which permission it needs; the open edition does not ask whether one has it."""
    from django.shortcuts import get_object_or_404
    from organizations.api import OrganizationMemberListAPI
    from rest_framework.views import APIView
    from session_policy.api import SessionTimeoutPolicyView
    from tasks.api import AnnotationDraftListAPI
    from tasks.models import Task
    from users.api import UserAPI

    check = APIView.check_permissions

    def check_permissions(view: Any, request: Any) -> None:
        check(view, request)
        needed = getattr(view, "permission_required", None)
        if not isinstance(needed, str | None):
            needed = getattr(needed, request.method, None)
        if isinstance(view, UserAPI) and request.method == "GET":
            needed = None  # the page for labelling asks for its people; it gets whoever asks, below
        if isinstance(view, OrganizationMemberListAPI):
            needed = "organizations.change"  # it gives everybody's address
        if isinstance(view, SessionTimeoutPolicyView) and request.method != "GET":
            needed = "organizations.change"  # it names none, and ends everybody's sessions
        if needed and not request.user.has_perm(needed):
            view.permission_denied(request, f"this needs the permission {needed}, which the owner of the review has")
        if isinstance(view, AnnotationDraftListAPI):  # the one view that does not look at the task it writes to
            get_object_or_404(Task.objects.all(), pk=view.kwargs["pk"])

    people = UserAPI.get_queryset

    def oneself(view: Any) -> Any:
        user = view.request.user
        return people(view) if user.is_superuser else people(view).filter(pk=user.pk)

    APIView.check_permissions = check_permissions
    UserAPI.get_queryset = oneself


def _limit(manager: Any, key: str, own: Callable[[Any], list[int]]) -> None:
    """Let a class of Django's managers give what belongs to the projects of who asks, as far as anybody does."""
    from core.current_request import CurrentContext

    unlimited = manager.get_queryset

    def get_queryset(self: Any) -> Any:
        found = unlimited(self)
        request = CurrentContext.get_request()
        if request is None or request.user.is_superuser:
            return found
        return found.filter(**{key: own(request.user)}) if request.user.is_authenticated else found.none()

    manager.get_queryset = get_queryset
