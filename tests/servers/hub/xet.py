"""The Xet side: token routes that name hf_xet's own store in a folder, and a look into its shards for what was uploaded.

The shards' format is that of hub-docs (xet/shard): a header of 48 bytes, then for each file a head (hash, flags, number of entries), its
entries, as many verification entries if flag bit 31 is set, and a metadata entry with the sha256 if bit 30 is; 48 bytes each. A hash is
four little-endian numbers, written in hexadecimal one after the other.
"""

import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.servers.hub.messages import Reply, as_json

_ROW = 48
_LAST = b"\xff" * 32
_VERIFIED, _WITH_SHA256 = 1 << 31, 1 << 30


def token_reply(cas_url: str, token: str) -> Reply:
    expires = int(time.time()) + 3600
    return as_json(
        {"casUrl": cas_url, "accessToken": token, "exp": expires},
        **{"X-Xet-Cas-Url": cas_url, "X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(expires)},
    )


def uploaded(folder: Path) -> dict[str, tuple[str, int]]:
    """`sha256 -> (Xet hash, size)` of every file whose shard has been registered in the store."""
    found: dict[str, tuple[str, int]] = {}
    for shard in sorted((folder / "xet" / "xorbs" / "shards").glob("*.mdb")):
        content, at = shard.read_bytes(), _ROW
        while content[at : at + 32] != _LAST:
            name = _hexadecimal(content[at : at + 32])
            flags, entries = struct.unpack_from("<II", content, at + 32)
            # Each entry ends with: unpacked bytes, first chunk, end of chunks.
            size = sum(
                struct.unpack_from("<I", content, at + _ROW * number + 36)[0] for number in range(1, entries + 1)
            )
            at += _ROW * (1 + entries * (2 if flags & _VERIFIED else 1))
            if flags & _WITH_SHA256:
                found[_hexadecimal(content[at : at + 32])] = (name, size)
                at += _ROW
    return found


def by_bridge(folder: Path, sha256: str) -> bytes | None:
    """The content of a file that came by Xet, for a client that knows LFS only; None if it did not come.

    In a process of its own: whoever has a store open locks it.
    """
    if sha256 not in (known := uploaded(folder)):
        return None
    name, size = known[sha256]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "content"
        asked = [f"local://{folder.resolve()}", name, str(size), str(path)]
        subprocess.run([sys.executable, "-c", _DOWNLOAD, *asked], check=True, env={"HF_HOME": scratch})
        return path.read_bytes()


_DOWNLOAD = """
import sys, time, hf_xet
endpoint, name, size, path = sys.argv[1:]
expires = int(time.time()) + 3600
with hf_xet.XetSession().new_file_download_group(endpoint=endpoint, token="xet", token_expiry_unix_secs=expires) as group:
    group.start_download_file(hf_xet.XetFileInfo(name, int(size)), path)
"""


def _hexadecimal(raw: bytes) -> str:
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))
