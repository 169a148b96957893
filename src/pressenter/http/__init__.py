"""HTTP: client with its connections, cache, content codings, HSTS; a server of folders.

Framing is h11's; everything that decides is here.  The code is plain asyncio and
runs on whichever loop it is started on.
"""
