"""The lab's certificate authority: signs certificates that the lab's browser trusts.

Keys are Ed25519, made from the world's seed: key generation takes no time, and
signatures all have one length (ECDSA's vary), so sizes on the wire never do.
Nobody outside a world should trust this authority: its key is no secret.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pressenter.sim import Randomness

__all__ = ["Certificate", "CertificateAuthority"]

_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC)


class Certificate(NamedTuple):
    """A certificate and its key, both in PEM."""

    certificate_pem: bytes
    key_pem: bytes


class CertificateAuthority:
    """Issues certificates for names in the lab."""

    def __init__(self, randomness: Randomness, name: str = "pressenter lab CA") -> None:
        self._randomness = randomness
        self._key = self._make_key(f"authority/{name}")
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._name, self._key, _BEGIN, _END, name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .sign(self._key, None)
        )
        self.certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        host: str,
        not_before: datetime.datetime = _BEGIN,
        not_after: datetime.datetime = _END,
    ) -> Certificate:
        """A server certificate for one name (RFC 6125: it stands in subjectAltName)."""
        key = self._make_key(f"certificate/{host}")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        certificate = (
            self._builder(subject, self._name, key, not_before, not_after, host)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, None)
        )
        key_pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return Certificate(certificate.public_bytes(serialization.Encoding.PEM), key_pem)

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: Ed25519PrivateKey,
        not_before: datetime.datetime, not_after: datetime.datetime, label: str,
    ) -> x509.CertificateBuilder:  # fmt: skip
        # RFC 5280 §4.1.2.2: positive, at most 20 octets; the two top bits fix its length.
        serial = self._randomness.material(f"serial/{label}") >> 98 | 1 << 157
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )

    def _make_key(self, name: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._randomness.material(name).to_bytes(32, "big"))


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    """RFC 5280 §4.2.1.3."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
