"""Verification: what a signed file says of itself, and whether it can be believed."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from omnimuse.assets.names import MEDIA_TYPE_BY_EXTENSION
from omnimuse.assets.sniff import probe_file
from omnimuse.errors import AssetNotFoundError, UnsupportedMediaError
from omnimuse.safety.keys import load_keys
from omnimuse.safety.signing import (
    EMBEDDED_TYPES,
    RECORD_LABEL,
    SIDECAR_SUFFIX,
    canonical,
    file_sha256,
)

Verdict = Literal["trusted", "valid", "tampered", "unsigned"]
_EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4\n"
_MAX_SIDECAR_BYTES = 8_000_000


@dataclass(frozen=True)
class Verification:
    """The result.

    Attributes:
        verdict: `trusted` (whole, signed by this installation or a given anchor), `valid` (whole,
            signed by somebody unknown), `tampered` (changed after signing) or `unsigned`.
        signer: the certificate's subject.
        record: what `omnimuse.safety.signing.make_record` wrote, if it was ours.
        problems: codes or sentences of what is wrong.
        manifest: the whole C2PA manifest store, for files that carry one.
    """

    verdict: Verdict
    signer: str = ""
    record: dict[str, Any] | None = None
    problems: tuple[str, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, without the manifest store."""
        return {
            "verdict": self.verdict,
            "signer": self.signer,
            "record": self.record,
            "problems": list(self.problems),
        }


def verify_file(path: Path, home: Path) -> Verification:
    """Check the signed record of a file.

    Args:
        path: the file; its sidecar is looked for beside it.
        home: whose authority is trusted.

    Raises:
        AssetNotFoundError: no such file.
    """
    if not path.is_file():
        raise AssetNotFoundError(f"there is no file {path}", hint="Check the name.")
    authority = load_keys(home).authority
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    if sidecar.is_file():
        return _verify_sidecar(path, sidecar, authority)
    try:
        _, media_type, _ = probe_file(path)
    except UnsupportedMediaError as error:
        media_type = _by_name(path)
        if not media_type:
            return Verification("unsigned", problems=(error.message,))
    if media_type not in EMBEDDED_TYPES:
        return Verification("unsigned", problems=("no sidecar lies beside it",))
    return _verify_embedded(path, media_type, authority)


def _by_name(path: Path) -> str:
    """A damaged file may be no readable medium any more, but still hold its manifest."""
    media_type = MEDIA_TYPE_BY_EXTENSION.get(path.suffix.lower(), "")
    return media_type if media_type in EMBEDDED_TYPES else ""


def _verify_embedded(path: Path, media_type: str, authority: bytes) -> Verification:
    import c2pa

    trust = {"user_anchors": authority.decode(), "trust_config": _EMAIL_PROTECTION}
    settings = c2pa.Settings.from_dict({"verify": {"verify_trust": True}, "trust": trust})
    try:
        with (
            c2pa.Context(settings) as context,
            path.open("rb") as stream,
            c2pa.Reader(media_type, stream, context=context) as reader,
        ):
            store = json.loads(reader.json())
            state = str(store.get("validation_state", "Invalid"))
    except c2pa.C2paError as error:
        text = str(error)
        if "ManifestNotFound" in text or "no JUMBF" in text:
            return Verification("unsigned", problems=("the file holds no manifest",))
        return Verification("tampered", problems=(text,))
    manifest = store.get("manifests", {}).get(store.get("active_manifest", ""), {})
    record = next(
        (a.get("data") for a in manifest.get("assertions", ()) if a["label"] == RECORD_LABEL), None
    )
    results = store.get("validation_results", {}).get("activeManifest", {})
    problems = tuple(str(entry.get("code")) for entry in results.get("failure", ()))
    verdict: Verdict = {"Trusted": "trusted", "Valid": "valid"}.get(state, "tampered")  # type: ignore[assignment]
    signature = manifest.get("signature_info", {})
    signer = ", ".join(str(signature[k]) for k in ("common_name", "issuer") if signature.get(k))
    return Verification(verdict, signer, record, problems, store)


def _verify_sidecar(path: Path, sidecar: Path, authority: bytes) -> Verification:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        if sidecar.stat().st_size > _MAX_SIDECAR_BYTES:
            raise ValueError("the sidecar is too large to be one of ours")
        document = json.loads(sidecar.read_bytes())
        record, signature = document["record"], document["signature"]
        chain = x509.load_pem_x509_certificates(document["certificates"].encode())
        header, empty, signed = signature.split(".")
        if empty or json.loads(_decode(header)) != {"alg": "ES256"}:
            raise ValueError("the signature is not a detached ES256 one")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Verification("tampered", problems=(f"the sidecar cannot be read: {error}",))
    leaf = chain[0]
    signer = leaf.subject.rfc4514_string()
    try:
        _check_signature(leaf.public_key(), header, canonical(record), _decode(signed))
    except (InvalidSignature, ValueError):
        return Verification("tampered", signer, record, ("the signature does not fit the record",))
    if record.get("file_sha256") != file_sha256(path):
        return Verification("tampered", signer, record, ("the file was changed after signing",))
    try:
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    except (InvalidSignature, ValueError, TypeError):
        return Verification("valid", signer, record, ("signed by an authority unknown here",))
    return Verification("trusted", signer, record)


def _check_signature(public_key: Any, header: str, payload: bytes, signed: bytes) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if len(signed) != 64 or not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise ValueError("not an ES256 signature")
    r, s = int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:], "big")
    text = f"{header}.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}"
    public_key.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(hashes.SHA256()))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
