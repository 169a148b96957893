"""Whom the hosts of one world trust: its certificate authority, made on first use, and the secrets of its sessions.

What it needs is imported late: a world that nobody visits over https pays nothing.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pressenter.sim import Randomness

if TYPE_CHECKING:
    from pressenter.tls.authority import CertificateAuthority
    from pressenter.tls.contexts import KeyLog

__all__ = ["Trust"]


class Trust:
    """One authority and one log of secrets."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._authority: CertificateAuthority | None = None
        self._key_log: KeyLog | None = None
        self._authority_file: Path | None = None
        self._last_text = ""

    @property
    def authority(self) -> CertificateAuthority:
        """Who signs the certificates."""
        if self._authority is None:
            from pressenter.tls.authority import CertificateAuthority

            self._authority = CertificateAuthority(self._randomness)
        return self._authority

    def client_context(self) -> ssl.SSLContext:
        """A TLS context that trusts the authority; its secrets are logged."""
        from pressenter.tls.contexts import KeyLog, client_context

        if self._key_log is None:
            self._key_log = KeyLog()
        return client_context(self.authority.certificate_pem, self._key_log)

    def authority_file(self) -> Path:
        """The authority's certificate as a file, for programs that want to be told one (``requests``: ``verify=``)."""
        if self._authority_file is None:
            descriptor, name = tempfile.mkstemp(prefix="pressenter-authority-", suffix=".pem")
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.authority.certificate_pem)
            self._authority_file = Path(name)
        return self._authority_file

    def key_log(self) -> str:
        """The secrets so far, in SSLKEYLOGFILE format, so that readers of the capture can decrypt it."""
        return self._key_log.text() if self._key_log is not None else self._last_text

    def close(self) -> None:
        """Remove the temporary files; the secrets are kept."""
        if self._authority_file is not None:
            self._authority_file.unlink(missing_ok=True)
            self._authority_file = None
        if self._key_log is not None:
            self._last_text = self.key_log()
            self._key_log.close()
            self._key_log = None
