"""Runs inside Label Studio's environment: prepares the database, makes the accounts, and serves on a socket that was given.

One line of JSON comes by standard input (so that no password stands in a file, an argument or an environment variable):

    {"people": [{"email", "name", "token", "password", "owner": bool}], "new_passwords": bool,
     "own_projects": bool, "socket": file descriptor}

One line goes out by standard output: {"accounts": [{"email", "token", "password_set": bool}]} or {"error": what its reader can mend}.
Everything else goes to standard error, which is the log. Then it serves until SIGTERM, or until standard input ends: so it never
outlives who started it.
"""
# mypy: disable-error-code="import-not-found, misc"
# Django and Label Studio are in their own environment, not in the one where this is checked.

import gc
import importlib.util
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

THIS_MACHINE = socket.gethostname()


def main() -> None:
    """Read what is wanted, do it, say so, serve."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with open(0, "rb", buffering=0, closefd=False) as standard_input:
        wanted = json.loads(standard_input.readline())
    descriptor = wanted.pop("socket")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    sys.addaudithook(refuse_the_outside)
    with answer:
        answer.write(json.dumps(ready(**wanted)) + "\n")
    serve(descriptor)


def _end_with_standard_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """A hook that Python calls before it connects: nothing but this machine is ever called, whatever Label Studio has in mind.

    The way to a PostgreSQL elsewhere stays open: its library is not Python's.
    """
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return  # another event, a path in the file system, or a socket that was connected before
    if not host or host in ("localhost", THIS_MACHINE):
        return
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        sys.stderr.write(f"refused a call to {host!r}\n")
        raise PermissionError(f"this Label Studio calls nothing outside its machine, and {host!r} is outside")


def ready(people: list[dict[str, Any]], new_passwords: bool, own_projects: bool) -> dict[str, Any]:
    """The answer, once the database has its tables, everybody has an account and, if wanted, sees their own project alone."""
    # Label Studio's applications are found from its own folder. Not by PYTHONPATH: a sitecustomize.py lies there as well.
    package = importlib.util.find_spec("label_studio")
    if package is None or package.submodule_search_locations is None:
        return {
            "error": "Label Studio's environment is broken; remove its folder `environment` and run the same command again"
        }
    sys.path[:0] = package.submodule_search_locations
    import django
    from django.db import OperationalError

    try:
        django.setup()
        migrate()
        accounts = ensure_accounts(people, new_passwords)
    except OperationalError as error:
        return {"error": f"Label Studio's database cannot be used: {error}"}
    except RuntimeError as error:
        return {"error": str(error)}
    if own_projects:
        from limi_own import limit_to_own_projects

        limit_to_own_projects({person["email"]: person["name"] for person in people})
    return {"accounts": accounts}


def migrate() -> None:
    """Bring the database to this version. Does nothing on one that is there already."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    steps = executor.loader.disk_migrations
    known = set(steps).union(*(step.replaces for step in steps.values()))
    newer = sorted(set(executor.loader.applied_migrations) - known)
    if newer:
        raise RuntimeError(
            f"the database was made by another Label Studio than this one: it knows {len(newer)} steps that are unknown here, such "
            f"as {newer[0][0]} {newer[0][1]}. Use the later version, or the copy that was made before it"
        )
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    # Rebuilding the models of 260 steps makes millions of objects that live until the end: looking for dead ones costs a quarter.
    gc.disable()
    if os.environ.get("LIMI_NEW_DATABASE") == "1" and connection.vendor == "sqlite":
        # Of a database that holds nothing yet nothing can be lost: if the machine stops now, the file is made anew.
        connection.cursor().execute("PRAGMA synchronous=OFF")
    call_command("migrate", verbosity=0, interactive=False)
    gc.enable()
    connection.close()


def ensure_accounts(people: list[dict[str, Any]], new_passwords: bool) -> list[dict[str, Any]]:
    """Every person has an account in the one organisation, with a token that works; who has one keeps password and token.

    The first person owns the organisation. A token given for somebody takes the place of the one there.
    """
    from django.db import transaction
    from organizations.models import Organization
    from rest_framework.authtoken.models import Token
    from users.models import User

    answers = []
    with transaction.atomic():
        for person in people:
            user = User.objects.filter(email__iexact=person["email"]).first()
            fresh = user is None
            if user is None:
                # The owner alone sees Django's own pages; without roles everything else is open to everybody.
                of_staff = {"is_staff": person["owner"], "is_superuser": person["owner"]}
                names = {"first_name": person["name"], "allow_newsletters": False}
                user = User.objects.create_user(email=person["email"], password=person["password"], **names)
                User.objects.filter(pk=user.pk).update(**of_staff)
            elif new_passwords:
                user.set_password(person["password"])
                user.save(update_fields=["password"])
            organization = Organization.objects.order_by("id").first()
            if organization is None:
                organization = Organization.create_organization(created_by=user, title="LIMI")
            if not organization.jwt.legacy_api_tokens_enabled:
                organization.jwt.legacy_api_tokens_enabled = True
                organization.jwt.save()
            organization.add_user(user)
            User.objects.filter(pk=user.pk).update(active_organization=organization)
            token = Token.objects.get_or_create(user=user)[0].key
            if person["token"] not in ("", token):
                Token.objects.filter(user=user).delete()
                token = Token.objects.create(user=user, key=person["token"]).key
            answers.append({"email": user.email, "token": token, "password_set": fresh or new_passwords})
    return answers


def serve(descriptor: int) -> None:
    """Answer requests on a socket that is bound already, each in a thread, as Label Studio's own command does."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

    class Server(ThreadedWSGIServer):
        request_queue_size = 128

        def server_bind(self) -> None:
            self.socket: socket.socket = socket.socket(fileno=descriptor)
            self.server_address = self.socket.getsockname()
            self.server_name, self.server_port = self.server_address
            self.setup_environ()

    server = Server(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(get_internal_wsgi_application())
    server.serve_forever()


if __name__ == "__main__":
    main()
