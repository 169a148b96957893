"""The domain name system: stub resolver, forwarder, recursive resolver, authoritative server.

Messages are dnspython's; everything that decides is here.  The code is plain
asyncio and runs on whichever loop it is started on.
"""
