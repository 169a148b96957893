"""TLS contexts, and the check of a certificate's dates by the world's own clock.

OpenSSL would compare a certificate's dates with the clock of the computer that
runs the world, so that check is switched off there (X509_V_FLAG_NO_CHECK_TIME)
and done here.  Everything else (chain, signature, name) OpenSSL verifies.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

from pressenter.tls.authority import Certificate

__all__ = ["CertificateNotValidNow", "KeyLog", "check_dates", "client_context", "server_context"]

_NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which ssl does not name


class CertificateNotValidNow(ssl.SSLError):
    """The certificate's dates do not include the world's present."""


class KeyLog:
    """Collects the secrets of TLS sessions in SSLKEYLOGFILE format.

    OpenSSL writes them to a file only, so it is a temporary one.
    """

    def __init__(self) -> None:
        descriptor, name = tempfile.mkstemp(prefix="pressenter-keys-")
        os.close(descriptor)
        self._path = Path(name)

    def attach(self, context: ssl.SSLContext) -> None:
        """Have a context log its secrets."""
        context.keylog_filename = str(self._path)

    def text(self) -> str:
        """The log so far; comments left out."""
        try:
            with self._path.open(encoding="ascii") as file:
                return "".join(line for line in file if not line.startswith("#"))
        except FileNotFoundError:
            return ""

    def close(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)


def client_context(authority_pem: bytes, key_log: KeyLog | None = None) -> ssl.SSLContext:
    """TLS 1.3 or 1.2, trusting one authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority_pem.decode())
    context.verify_flags |= _NO_CHECK_TIME  # type: ignore[assignment,unused-ignore]
    context.set_alpn_protocols(["http/1.1"])
    if key_log is not None:
        key_log.attach(context)
    return context


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """TLS 1.3 with a certificate of the lab's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    # ssl loads certificates from files only.
    with tempfile.NamedTemporaryFile(prefix="pressenter-cert-", suffix=".pem") as file:
        file.write(certificate.certificate_pem + certificate.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def check_dates(peer_certificate: dict[str, object], now_seconds: float) -> None:
    """Compare a certificate's dates with the world's wall clock (seconds since 1970).

    Raises CertificateNotValidNow.
    """
    begin, end = str(peer_certificate["notBefore"]), str(peer_certificate["notAfter"])
    if now_seconds > ssl.cert_time_to_seconds(end):
        raise CertificateNotValidNow(f"the certificate has expired on {end}")
    if now_seconds < ssl.cert_time_to_seconds(begin):
        raise CertificateNotValidNow(f"the certificate is not valid before {begin}")
