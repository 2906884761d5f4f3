"""The ledger's tables: the truth about every engagement, kept in PostgreSQL.

Lock order, everywhere: thread, engagement, decision, delivery attempt, outbox. Rows of a thread are
written while the thread's row is locked, so per key the outbox's ids are in the order of commits.

`audit_entry` is where a transaction appends, unnumbered; one sealer moves visible entries into
`audit_chain`, numbered densely and hashed. Neither holds text or names, so that an author can be
erased and the chain still verifies.
"""

from alembic import op

revision = "v0_1_01_pre_ledger"
down_revision = None


STATEMENTS = (
    """
    CREATE TABLE config_version (
      version text PRIMARY KEY, loaded_at timestamptz NOT NULL DEFAULT now(), content text NOT NULL)
    """,
    """
    CREATE TABLE inbox (
      consumer text NOT NULL, event_id text NOT NULL,
      state text NOT NULL CHECK (state IN ('claimed', 'done')),
      token uuid, lease_until timestamptz, attempts int NOT NULL DEFAULT 1,
      seen_at timestamptz NOT NULL DEFAULT now(), done_at timestamptz,
      PRIMARY KEY (consumer, event_id))
    """,
    """
    CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      shard smallint NOT NULL, topic text NOT NULL, key bytea NOT NULL,
      event_id text NOT NULL UNIQUE, headers jsonb NOT NULL, payload bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz)
    """,
    "CREATE INDEX outbox_due ON outbox (shard, id) WHERE sent_at IS NULL",
    """
    CREATE TABLE thread (
      key text PRIMARY KEY, source text NOT NULL, thread_id text NOT NULL)
    """,
    """
    CREATE TABLE author (
      source text NOT NULL, author_id text NOT NULL, name text NOT NULL,
      handle text, url text, avatar_url text,
      first_seen_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, author_id))
    """,
    """
    CREATE TABLE comment (
      source text NOT NULL, comment_id text NOT NULL,
      thread_key text NOT NULL REFERENCES thread, parent_id text, root_id text NOT NULL,
      author_id text NOT NULL, author_name text NOT NULL,
      text text NOT NULL, text_format text NOT NULL,
      published_at timestamptz NOT NULL, edited_at timestamptz, version text NOT NULL,
      revision int NOT NULL, is_own boolean NOT NULL, is_deleted boolean NOT NULL,
      answers text, permalink text, page_url text, page_title text, page_text text,
      PRIMARY KEY (source, comment_id),
      FOREIGN KEY (source, author_id) REFERENCES author)
    """,
    "CREATE INDEX comment_of_author ON comment (source, author_id)",
    "CREATE INDEX comment_of_thread ON comment (thread_key, published_at)",
    """
    CREATE TABLE engagement (
      id uuid PRIMARY KEY, source text NOT NULL, comment_id text NOT NULL,
      thread_key text NOT NULL REFERENCES thread,
      state text NOT NULL CHECK (state IN ('triaged', 'awaiting_review', 'approved', 'sending',
        'delivery_failed', 'delivery_unknown', 'answered', 'dismissed', 'withdrawn')),
      event_id text NOT NULL, delivery_id text, via text NOT NULL, visibility text NOT NULL,
      published_at timestamptz NOT NULL, observed_at timestamptz, received_at timestamptz NOT NULL,
      accepted_at timestamptz NOT NULL,
      understanding jsonb NOT NULL, intent text NOT NULL, sentiment text NOT NULL,
      language text NOT NULL, urgency text NOT NULL, needs_reply text NOT NULL,
      queue text NOT NULL, sla text, config_version text NOT NULL,
      due_at timestamptz, due_outcome text CHECK (due_outcome IN ('met', 'missed', 'excused')),
      due_period int NOT NULL DEFAULT 1,
      rank smallint NOT NULL, order_due timestamptz NOT NULL,
      draft_version int, draft_state text NOT NULL DEFAULT 'waiting'
        CHECK (draft_state IN ('waiting', 'ready', 'refused')),
      ended_at timestamptz, dismissal text, replied_at timestamptz, answer_url text,
      answered_by text CHECK (answered_by IN ('delivery', 'elsewhere', 'person')),
      edited_after_answer boolean NOT NULL DEFAULT false,
      UNIQUE (source, comment_id),
      FOREIGN KEY (source, comment_id) REFERENCES comment)
    """,
    """
    CREATE INDEX engagement_open ON engagement (queue, rank, order_due, received_at, id)
      WHERE state IN ('awaiting_review', 'approved', 'sending', 'delivery_failed', 'delivery_unknown')
    """,
    """
    CREATE INDEX engagement_open_any ON engagement (rank, order_due, received_at, id)
      WHERE state IN ('awaiting_review', 'approved', 'sending', 'delivery_failed', 'delivery_unknown')
    """,
    """
    CREATE INDEX engagement_due ON engagement (due_at)
      WHERE due_outcome IS NULL AND due_at IS NOT NULL
    """,
    "CREATE INDEX engagement_ended ON engagement (state, ended_at DESC, id) WHERE ended_at IS NOT NULL",
    "CREATE INDEX engagement_of_thread ON engagement (thread_key)",
    """
    CREATE TABLE due_settled (
      engagement_id uuid NOT NULL REFERENCES engagement, period int NOT NULL, sla text,
      due_at timestamptz NOT NULL, outcome text NOT NULL, settled_at timestamptz NOT NULL,
      PRIMARY KEY (engagement_id, period))
    """,
    """
    CREATE TABLE draft_version (
      engagement_id uuid NOT NULL REFERENCES engagement, version int NOT NULL,
      for_revision int NOT NULL, text text, refusal text, explanation text, provenance jsonb,
      made_at timestamptz NOT NULL, PRIMARY KEY (engagement_id, version))
    """,
    """
    CREATE TABLE decision (
      id uuid PRIMARY KEY, engagement_id uuid NOT NULL REFERENCES engagement,
      kind text NOT NULL CHECK (kind IN ('reply', 'dismissal')),
      status text NOT NULL CHECK (status IN ('held', 'released', 'undone', 'voided')),
      actor uuid NOT NULL, text text, text_sha256 text, reason text, note text NOT NULL DEFAULT '',
      context text NOT NULL, draft_version int,
      made_at timestamptz NOT NULL, release_at timestamptz NOT NULL, settled_at timestamptz,
      void_reason text)
    """,
    "CREATE UNIQUE INDEX one_held ON decision (engagement_id) WHERE status = 'held'",
    "CREATE INDEX decision_due ON decision (release_at) WHERE status = 'held'",
    "CREATE INDEX decision_of ON decision (engagement_id, made_at DESC)",
    "CREATE TABLE command_key (key text PRIMARY KEY, engagement_id uuid NOT NULL, at timestamptz NOT NULL)",
    """
    CREATE TABLE delivery_job (
      reply_id uuid PRIMARY KEY REFERENCES decision, engagement_id uuid NOT NULL REFERENCES engagement,
      source text NOT NULL, next_at timestamptz, tries int NOT NULL DEFAULT 0,
      looks int NOT NULL DEFAULT 0,
      absent_since timestamptz, leased_until timestamptz, token uuid)
    """,
    "CREATE INDEX delivery_job_due ON delivery_job (next_at) WHERE next_at IS NOT NULL",
    """
    CREATE TABLE delivery_attempt (
      reply_id uuid NOT NULL REFERENCES delivery_job, attempt int NOT NULL,
      token uuid NOT NULL, idempotency_key text NOT NULL, body_sha256 text NOT NULL,
      started_at timestamptz NOT NULL,
      outcome text CHECK (outcome IN
        ('sent', 'handed_over', 'refused', 'throttled', 'not_sent', 'unknown')),
      answer text, external_id text, url text, detail text NOT NULL DEFAULT '',
      is_held boolean NOT NULL DEFAULT false, settled_at timestamptz, deadline_at timestamptz,
      PRIMARY KEY (reply_id, attempt))
    """,
    """
    CREATE UNIQUE INDEX one_open ON delivery_attempt (reply_id)
      WHERE outcome IS NULL OR outcome IN ('unknown', 'handed_over')
    """,
    "CREATE UNIQUE INDEX one_made ON delivery_attempt (reply_id) WHERE outcome = 'sent'",
    """
    CREATE TABLE audit_entry (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, engagement_id uuid,
      act text NOT NULL, actor text NOT NULL, from_state text, to_state text, reason text,
      data jsonb NOT NULL DEFAULT '{}', at timestamptz NOT NULL DEFAULT clock_timestamp())
    """,
    """
    CREATE TABLE audit_chain (
      number bigint PRIMARY KEY, entry_id bigint NOT NULL UNIQUE, engagement_id uuid,
      act text NOT NULL, actor text NOT NULL, from_state text, to_state text, reason text,
      data jsonb NOT NULL, at timestamptz NOT NULL, hash bytea NOT NULL)
    """,
    "CREATE INDEX audit_chain_of ON audit_chain (engagement_id, number)",
    """
    CREATE TABLE dead_letter (
      id uuid PRIMARY KEY, topic text NOT NULL, partition int, "offset" bigint,
      source text, key bytea, value bytea NOT NULL, headers jsonb NOT NULL,
      failed_at_stage text NOT NULL, why text NOT NULL, attempts int NOT NULL,
      first_failed_at timestamptz NOT NULL, last_failed_at timestamptz NOT NULL,
      status text NOT NULL CHECK (status IN ('open', 'retried', 'settled', 'dropped')),
      counts boolean NOT NULL, engagement_id uuid, receipt text,
      arrived_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, note text)
    """,
    "CREATE INDEX dead_letter_open ON dead_letter (arrived_at DESC) WHERE status IN ('open', 'retried')",
    "CREATE INDEX dead_letter_receipt ON dead_letter (receipt) WHERE receipt IS NOT NULL",
    """
    CREATE TABLE received_id (
      event_id text PRIMARY KEY, source text NOT NULL, comment_id text NOT NULL, kind text NOT NULL,
      topic text NOT NULL, partition int NOT NULL, "offset" bigint NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now())
    """,
    "CREATE INDEX received_id_seen ON received_id (seen_at)",
    """
    CREATE TABLE refusal (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(), reason text NOT NULL, detail text NOT NULL)
    """,
    "CREATE INDEX refusal_of ON refusal (source, id DESC)",
    """
    CREATE TABLE source_state (
      source text PRIMARY KEY, cursor text, read_at timestamptz, read_ok boolean, read_note text,
      paused text, paused_at timestamptz)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
