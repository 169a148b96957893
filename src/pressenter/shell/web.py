"""``curl``: fetch what an address names (curl 8)."""

from __future__ import annotations

from pressenter.http.client import FetchError, HttpClient
from pressenter.http.messages import Headers, Request
from pressenter.shell.session import Options, Shell

__all__ = ["curl"]

_ERRORS = {"name": 6, "connect": 7, "timeout": 28, "tls": 60, "http": 52}
_MOST_REDIRECTS = 50


async def curl(shell: Shell, arguments: list[str]) -> int:
    """``curl [-v] [-i] [-I] [-s] [-L] [-H HEADER] [-o FILE] URL``."""
    options = Options("curl [-v] [-i] [-I] [-s] [-L] [-H HEADER] [-o /dev/null] URL")
    for letter in "viIsLS":
        options.add_argument(f"-{letter}", action="store_true")
    options.add_argument("-H", action="append", default=[])
    options.add_argument("-o", default="")
    options.add_argument("url")
    given = options.parse_args(arguments)
    url = given.url if "://" in given.url else f"http://{given.url}/"
    client = HttpClient(shell.host.name, shell.world.recorder, shell.world.client_context, shell.world.wall_clock)
    fields = [("User-Agent", "curl/8.0 (pressenter)"), ("Accept", "*/*")]
    fields += [(name.strip(), value.strip()) for name, _, value in (text.partition(":") for text in given.H)]
    try:
        for _ in range(_MOST_REDIRECTS):
            response = await client.send(Request("HEAD" if given.I else "GET", url, Headers(fields)))
            if given.v:
                _tell(shell, url, given.I, fields, response)
            location = response.headers.get("location")
            if not (given.L and location and 300 <= response.status < 400):
                break
            url = location
    except FetchError as error:
        code = _ERRORS.get(error.step, 56)
        shell.print(f"curl: ({code}) {error}")
        return code
    finally:
        await client.close()
    if (given.i or given.I) and not given.v:
        shell.print(f"{response.version} {response.status} {response.reason}")
        for name, value in response.headers.fields:
            shell.print(f"{name}: {value}")
        shell.print()
    if given.o != "/dev/null" and response.body:
        shell.print(response.body.decode("utf-8", "replace").rstrip("\n"))
    return 0


def _tell(shell: Shell, url: str, only_head: bool, fields: list[tuple[str, str]], response) -> None:  # type: ignore[no-untyped-def]
    """What was sent and what came, as ``-v`` prints it."""
    host, _, path = url.partition("://")[2].partition("/")
    shell.print(f"* Connected to {host} ({response.server_address})")
    shell.print(f"> {'HEAD' if only_head else 'GET'} /{path} HTTP/1.1\n> Host: {host}")
    for name, value in fields:
        shell.print(f"> {name}: {value}")
    shell.print(f">\n< {response.version} {response.status} {response.reason}")
    for name, value in response.headers.fields:
        shell.print(f"< {name}: {value}")
    shell.print("<")
