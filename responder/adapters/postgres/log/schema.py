"""The tables of the log.

Offsets come from the partition's row, not from a sequence: sequence numbers become visible out of
order, and a reader that has seen 7 never returns for a 6 that was committed later. The row lock
makes offsets gapless, and visible in their order. It lasts until the append is durable, so an
append is one short statement and never part of anybody's transaction.
"""

LOG_SCHEMA_SQL = (
    """
    CREATE TABLE IF NOT EXISTS log_partition (
        topic       text   NOT NULL,
        partition   int    NOT NULL,
        next_offset bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (topic, partition)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE IF NOT EXISTS log_record (
        topic       text   NOT NULL,
        partition   int    NOT NULL,
        "offset"    bigint NOT NULL,
        key         bytea,
        value       bytea  NOT NULL,
        headers     jsonb  NOT NULL,
        appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (topic, partition, "offset")
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS log_claim (
        grp         text   NOT NULL,
        topic       text   NOT NULL,
        partition   int    NOT NULL,
        committed   bigint,
        owner       uuid,
        epoch       bigint NOT NULL DEFAULT 0,
        lease_until timestamptz,
        PRIMARY KEY (grp, topic, partition)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE IF NOT EXISTS log_member (
        grp         text   NOT NULL,
        member      uuid   NOT NULL,
        topics      text[] NOT NULL,
        joined_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        lease_until timestamptz NOT NULL,
        PRIMARY KEY (grp, member)
    )
    """,
)
"""Statements that may be run again; in their order, in one transaction."""
