"""Signing keys: a certificate authority of this installation and a leaf that it issues.

They are made at first use and lie in `home/keys`, readable by their owner only. Whoever has an
issued certificate of a public authority puts it in their place (`signer.pem`, `signer.key`).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from omnimuse.errors import StorageError

_ORGANISATION = "Omnimuse installation"
_CA_DAYS, _LEAF_DAYS, _RENEW_DAYS = 3650, 730, 30


@dataclass(frozen=True)
class KeyRing:
    """Keys in PEM.

    Attributes:
        chain: leaf certificate, then the authority's.
        key: the leaf's private key, PKCS 8.
        authority: the authority's certificate, the trust anchor for verifying.
    """

    chain: bytes
    key: bytes
    authority: bytes


def load_keys(home: Path) -> KeyRing:
    """The keys of this installation; made if missing, renewed before they run out.

    Raises:
        StorageError: the folder cannot be read or written, or the keys are damaged.
    """
    from cryptography import x509

    folder = home / "keys"
    names = ("signer.pem", "signer.key", "authority.pem", "authority.key")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(folder):
            if not all((folder / name).is_file() for name in names[:3]):
                _make(folder)
            leaf = x509.load_pem_x509_certificate((folder / "signer.pem").read_bytes())
            left = leaf.not_valid_after_utc - datetime.now(UTC)
            if left < timedelta(days=_RENEW_DAYS) and (folder / "authority.key").is_file():
                _issue_leaf(folder)
            ring = KeyRing(
                (folder / "signer.pem").read_bytes(),
                (folder / "signer.key").read_bytes(),
                (folder / "authority.pem").read_bytes(),
            )
        _check(ring)
        return ring
    except OSError as error:
        raise StorageError(
            f"cannot use the keys in {folder}: {error.strerror}", hint="Mend its permissions."
        ) from None
    except ValueError as error:
        raise StorageError(
            f"the keys in {folder} are damaged: {error}",
            hint="Put them back from a copy, or move the folder away to have new ones made.",
        ) from None


def _check(ring: KeyRing) -> None:
    """Make sure that the parts can be read and belong together.

    Raises:
        ValueError: they do not.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    key: Any = serialization.load_pem_private_key(ring.key, password=None)
    x509.load_pem_x509_certificate(ring.authority)
    if x509.load_pem_x509_certificate(ring.chain).public_key() != key.public_key():
        raise ValueError("signer.key is not the key of signer.pem")


class _locked:
    """Two processes at first use make one set of keys."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".lock"

    def __enter__(self) -> None:
        self._file = self._path.open("w")
        try:
            import fcntl
        except ImportError:  # no advisory locks on this platform
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _make(folder: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Omnimuse authority {secrets.token_hex(4)}")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        _certificate(name, name, key.public_key(), _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "authority.key", key)
    _write(folder / "authority.pem", _pem(certificate), 0o644)
    _issue_leaf(folder)


def _issue_leaf(folder: Path) -> None:
    """C2PA asks of a leaf: digitalSignature alone, e-mail protection, both key identifiers."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority_key: Any = serialization.load_pem_private_key(
        (folder / "authority.key").read_bytes(), password=None
    )
    authority = x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Omnimuse signer {secrets.token_hex(4)}")
    certificate = (
        _certificate(name, authority.subject, key.public_key(), _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    _write_key(folder / "signer.key", key)
    _write(folder / "signer.pem", _pem(certificate) + _pem(authority), 0o644)


def _certificate(subject: Any, issuer: Any, public_key: Any, days: int) -> Any:
    from cryptography import x509

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(**given: bool) -> Any:
    from cryptography import x509

    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.PEM))


def _write_key(path: Path, key: Any) -> None:
    from cryptography.hazmat.primitives import serialization

    _write(
        path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        0o600,
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, never readable by others in between."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
