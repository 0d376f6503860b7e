"""Signing: every exported file carries a signed record of how it was made.

Formats that C2PA (Content Credentials, specification 2.1) knows get a manifest inside the file; for
others a sidecar `NAME.record.json` holds the same record with the file's SHA-256, signed by the
same key (JWS, ES256, RFC 7515, detached payload).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.config import Settings
from omnimuse.errors import StorageError
from omnimuse.safety.keys import KeyRing, load_keys
from omnimuse.safety.provenance import make_manifest, make_record

RECORD_LABEL = "org.omnimuse.record"
SIDECAR_SUFFIX = ".record.json"
# not FLAC: its manifest would stand in an ID3 tag before the stream, which many readers refuse
EMBEDDED_TYPES = frozenset(
    (
        *("image/png", "image/jpeg", "image/webp", "image/svg+xml"),
        *("audio/wav", "audio/mpeg", "video/mp4"),
    )
)


# no thumbnail of the file in itself, and large films through a temporary file, not through memory
_C2PA_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "core": {"backing_store_memory_threshold_in_mb": 8},
}


class Signer:
    """Signs exported files with the keys of this installation.

    Args:
        keys: certificate chain and private key.
        with_arguments: whether records hold the tool's arguments, prompts included.
    """

    def __init__(self, keys: KeyRing, *, with_arguments: bool = True) -> None:
        self._keys = keys
        self._with_arguments = with_arguments

    def sign(self, path: Path, asset: Asset, lineage: tuple[Mapping[str, Any], ...] = ()) -> Path:
        """Sign the file in place, or beside it.

        Args:
            path: an exported copy of the asset.
            asset: with its origin.
            lineage: records of what it was made from, nearest first.

        Returns:
            The file that holds the record: `path` itself or its sidecar.

        Raises:
            StorageError: the file cannot be written.
        """
        record = make_record(asset, lineage, with_arguments=self._with_arguments)
        try:
            if asset.media_type in EMBEDDED_TYPES:
                return self._embed(path, asset, record)
            return self._write_sidecar(path, record)
        except OSError as error:
            raise StorageError(f"cannot sign {path}: {error.strerror}") from None

    def _embed(self, path: Path, asset: Asset, record: dict[str, Any]) -> Path:
        import c2pa

        manifest = make_manifest(asset, record, RECORD_LABEL, path.name)
        info = c2pa.C2paSignerInfo(
            alg=b"es256", sign_cert=self._keys.chain, private_key=self._keys.key, ta_url=None
        )
        temporary = path.with_name(f".{path.name}.signing")
        try:
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Context(c2pa.Settings.from_dict(_C2PA_SETTINGS)) as context,
                c2pa.Builder(manifest, context) as builder,
                path.open("rb") as source,
                temporary.open("w+b") as target,
            ):
                builder.sign(signer, asset.media_type, source, target)
                target.flush()
                os.fsync(target.fileno())
            temporary.replace(path)
        except c2pa.C2paError as error:
            raise StorageError(f"{path.name} could not be signed: {error}") from error
        finally:
            temporary.unlink(missing_ok=True)
        return path

    def _write_sidecar(self, path: Path, record: dict[str, Any]) -> Path:
        payload = canonical({**record, "file_sha256": file_sha256(path)})
        sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
        document = {
            "record": json.loads(payload),
            "signature": _jws(payload, self._keys.key),
            "certificates": self._keys.chain.decode(),
        }
        temporary = sidecar.with_name(f".{sidecar.name}.signing")
        temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
        temporary.replace(sidecar)
        return sidecar


@lru_cache(maxsize=4)
def _signer(home: Path, with_arguments: bool) -> Signer:
    return Signer(load_keys(home), with_arguments=with_arguments)


def make_signer(settings: Settings) -> Signer:
    """The signer of an installation; its keys are made at first use.

    Raises:
        StorageError: the keys cannot be read or written.
    """
    return _signer(settings.home, settings.sign_arguments)


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same value, the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def file_sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _jws(payload: bytes, key_pem: bytes) -> str:
    """Compact JWS with the payload left out."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    header = _base64url(canonical({"alg": "ES256"}))
    key: Any = serialization.load_pem_private_key(key_pem, password=None)
    signed = key.sign(f"{header}.{_base64url(payload)}".encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signed)
    return f"{header}..{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
