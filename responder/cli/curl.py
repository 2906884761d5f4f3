"""A line that pushes one comment when it is pasted into a shell, now or after coffee.

It signs when it runs, with a fresh id and the time of then, so that it works again and again. The
secret is read from its file and never stands in the shell's history.

Source: Standard Webhooks 1.0.0, "Signature scheme" (`v1`: HMAC-SHA256 over `id.timestamp.body`).
"""

import shlex
from pathlib import Path

TEXT = "How do you decide which comments to answer first?"

_LINE = r"""( f={file}; i=msg_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n'); t=$(date +%s); d=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  b=$(printf '{{"type":"comment.created","timestamp":"%s","data":{{"comment_id":"%s","published_at":"%s","author":{{"id":"curl","name":"Ada"}},"text":"%s"}}}}' "$d" "$i" "$d" {text})
  k=$(tr -d '\n' < "$f" | sed 's/^whsec_//' | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
  s=$(printf '%s.%s.%s' "$i" "$t" "$b" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$k" -binary | openssl base64 -A)
  curl -sS {url} -H 'content-type: application/json' -H "webhook-id: $i" -H "webhook-timestamp: $t" -H "webhook-signature: v1,$s" --data-binary "$b"; echo )"""


def line(*, url: str, secret_file: Path, text: str = TEXT) -> str:
    """For any POSIX shell with `openssl` and `curl`.

    Args:
        url: where pushes to the source go.
        secret_file: holds `whsec_…`; whoever pastes must be able to read it.
        text: what the comment says; without double quotes and backslashes.
    """
    return _LINE.format(
        file=shlex.quote(str(secret_file)), url=shlex.quote(url), text=shlex.quote(text)
    )
