"""Where a PostgreSQL is and who we are there, in a form that does not leak the password."""

from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Dsn:
    """One database of one server. `host` is the folder of a Unix socket, or an address."""

    host: str
    port: int
    user: str
    database: str
    password: str | None = field(default=None, repr=False)

    def on(self, database: str) -> "Dsn":
        """The same server, another database."""
        return replace(self, database=database)

    def url(self, scheme: str = "postgresql") -> str:
        """As a URL for asyncpg, or with `postgresql+asyncpg` for SQLAlchemy.

        It holds the password where there is one: never log it.
        """
        user = quote(self.user, safe="")
        if self.password is not None:
            user += ":" + quote(self.password, safe="")
        database = quote(self.database, safe="")
        if self.host.startswith("/"):
            where = urlencode({"host": self.host, "port": self.port})
            return f"{scheme}://{user}@/{database}?{where}"
        return f"{scheme}://{user}@{self.host}:{self.port}/{database}"
