"""``pressenter studio``: a world in the web browser of this computer."""

from __future__ import annotations

from pathlib import Path

import click

from pressenter.cli.options import LANGUAGE, SEED, SITES, WORLD

__all__ = ["serve", "studio"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", default=0, type=click.IntRange(0, 65_535), help="Port to listen on; without it, any free one.")
@SEED
@SITES
@WORLD
@LANGUAGE
@click.option("--browser/--no-browser", default=True, help="Open the page in the web browser.")
def studio(port: int, seed: int, sites: dict[str, Path], world: Path | None, language: str, browser: bool) -> None:
    """Open the studio: type an address, watch it come, look inside, change something, compare.

    It is a web application for this computer alone: it listens on 127.0.0.1, and its address holds a token.
    Ctrl-C ends it.
    """
    from pressenter.worlds.schema import WorldFileError
    from pressenter.worlds.world import World

    try:
        World.load(world, seed=seed, sites=sites, record=False)
    except WorldFileError as error:
        raise click.ClickException(str(error)) from error
    serve(port, browser, world=world, sites=sites, seed=seed, language=language)


def serve(port: int, browser: bool, **options: object) -> None:
    """Serve the studio until somebody presses Ctrl-C."""
    import secrets
    import socket
    import threading
    import webbrowser

    import uvicorn

    from pressenter.studio.server import studio_application

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()  # a browser that is faster than the server waits
    except OSError as error:
        raise click.ClickException(
            f"port {port} cannot be had: {error.strerror}; leave --port out for any free one"
        ) from error
    port, token = listener.getsockname()[1], secrets.token_urlsafe(18)
    address = f"http://127.0.0.1:{port}/?token={token}"
    click.echo(f"{address}\n(Ctrl-C ends it)")
    if browser:  # some browsers keep whoever opens them waiting
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    application = studio_application(token, port, **options)  # type: ignore[arg-type]
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", ws_max_size=1 << 20))
    server.run(sockets=[listener])
