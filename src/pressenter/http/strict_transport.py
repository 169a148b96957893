"""HTTP Strict Transport Security: hosts that want https only (RFC 6797)."""

from __future__ import annotations

from pressenter.http.digits import number_of_digits

__all__ = ["StrictTransport"]


class StrictTransport:
    """The hosts that have asked for it, each until its time is over."""

    def __init__(self) -> None:
        self._hosts: dict[str, tuple[float, bool]] = {}

    def note(self, host: str, header: str, now_seconds: float) -> None:
        """Take a Strict-Transport-Security header that came over TLS (RFC 6797 §8.1)."""
        if host.startswith("[") or host.replace(".", "").isdecimal():
            return  # RFC 6797 §8.1.1: not for IP addresses
        directives: dict[str, str] = {}
        for part in header.partition(",")[0].split(";"):
            name, _, value = part.strip().partition("=")
            directives.setdefault(name.lower(), value.strip().strip('"'))
        maximum_age = number_of_digits(directives.get("max-age", ""))
        if maximum_age is None:
            return
        if maximum_age == 0:
            self._hosts.pop(host, None)
        else:
            self._hosts[host] = (now_seconds + maximum_age, "includesubdomains" in directives)

    def applies(self, host: str, now_seconds: float) -> bool:
        """Whether http must become https for a host (RFC 6797 §8.2)."""
        labels = host.split(".")
        for start in range(len(labels)):
            entry = self._hosts.get(".".join(labels[start:]))
            if entry is not None:
                until, subdomains = entry
                if until > now_seconds and (start == 0 or subdomains):
                    return True
        return False
