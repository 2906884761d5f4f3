"""The ways in which the driver says that a connection is of no more use."""

import asyncpg

BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""The connection went away, or stands in a state that no call can begin from.

The second kind is an outage too: a server that goes says so to a connection which asks nothing,
and until the socket closes a moment later the driver refuses every call ("cannot switch to state").
Source: asyncpg 0.32, `coreproto.pyx`, `PROTOCOL_ERROR_CONSUME`.
"""

FAILED = (asyncpg.PostgresError, *BROKEN)
"""The same, or the server answered with an error."""
