"""Large files by LFS: the batch of instructions, the storage behind signed addresses (another host to the client), and the check."""

import hashlib
import hmac

from tests.servers.hub.messages import Refusal, Reply, Request, as_json
from tests.servers.hub.reading import ranged
from tests.servers.hub.store import Repository, write
from tests.servers.hub.xet import by_bridge

_MEDIA = "application/vnd.git-lfs+json"


class Storage:
    """Signed addresses on `localhost`, beside the Hub on 127.0.0.1: no token belongs there, and the path is enough to know what it is."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.address = ""  # http://localhost:PORT

    def signed(self, method: str, repository: str, sha256: str) -> str:
        path = f"/storage/{repository}/{sha256}"
        return f"{self.address}{path}?signature={self._signature(method, path)}"

    def check(self, request: Request) -> None:
        method = "PUT" if request.method == "PUT" else "GET"
        if not hmac.compare_digest(request.query.get("signature", ""), self._signature(method, request.path)):
            raise Refusal(403, "SignatureDoesNotMatch")
        if "authorization" in request.headers:
            raise Refusal(400, "Only one auth mechanism allowed")

    def _signature(self, method: str, path: str) -> str:
        return hmac.new(self._secret, f"{method} {path}".encode(), hashlib.sha256).hexdigest()


def batch(request: Request, repository: Repository, storage: Storage) -> Reply:
    asked = request.json()
    if not request.headers.get("accept", "").startswith(_MEDIA) or asked.get("hash_algo") != "sha256":
        raise Refusal(422, "Not a request of git LFS")
    if asked["operation"] != "upload":
        raise Refusal(400, "This server takes uploads only")
    told = []
    for wanted in asked["objects"]:
        answer = {"oid": wanted["oid"], "size": wanted["size"]}
        if not repository.large(wanted["oid"]).is_file():
            verify = f"{request.origin}/{repository.address}.git/info/lfs/objects/verify"
            answer["actions"] = {
                "upload": {"href": storage.signed("PUT", repository.name, wanted["oid"])},
                "verify": {"href": verify, "header": {"Content-Type": _MEDIA}},
            }
        told.append(answer)
    return as_json({"transfer": "basic", "objects": told})


def verify(request: Request, repository: Repository) -> Reply:
    asked = request.json()
    path = repository.large(asked["oid"])
    if not path.is_file() or path.stat().st_size != asked["size"]:
        raise Refusal(404, "Object not found or of another size")
    return Reply(200)


def put(request: Request, repository: Repository, sha256: str) -> Reply:
    """Keep an object, if it is whole and what its name says."""
    if len(request.body) != int(request.headers.get("content-length") or len(request.body)):
        raise Refusal(400, "IncompleteBody")
    if hashlib.sha256(request.body).hexdigest() != sha256:
        raise Refusal(400, "XAmzContentSHA256Mismatch")
    write(repository.large(sha256), request.body)
    return Reply(200, b"", {"ETag": f'"{sha256[:32]}"'})


def get(request: Request, repository: Repository, sha256: str) -> Reply:
    path = repository.large(sha256)
    content = path.read_bytes() if path.is_file() else by_bridge(repository.folder / "cas", sha256)
    if content is None:
        raise Refusal(404, "NoSuchKey")
    return ranged(request, content, {"ETag": f'"{sha256}"'})
