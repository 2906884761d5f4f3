"""With a certificate of its own everything is HTTPS, also what it asks itself."""

import ssl
from pathlib import Path

import aiohttp

from responder.testing.certificates import certify_loopback
from responder.testing.running import eventually, installation

GUESTBOOK = '[sources.guestbook]\nplatform = "guestbook"\n'


async def test_a_comment_in_the_guestbook_arrives_over_https(tmp_path: Path) -> None:
    """The certificate has the name that others know; we ask ourselves by another."""
    trusted, served = certify_loopback(tmp_path)
    settings = {
        "RESPONDER_SERVER__TLS_CERTIFICATE_FILE": str(served),
        "RESPONDER_SERVER__TLS_KEY_FILE": str(served),
    }
    with installation(GUESTBOOK, settings) as running:
        ready = await running.start()
        assert ready.console_url.startswith("https://")
        page = ready.guestbook_url or ""
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(trusted)))
        async with aiohttp.ClientSession(connector=connector) as http:
            form = {"name": "Ada", "text": "Is this line private?"}
            written = await http.post(f"{page}/comments", data=form, headers={"Origin": page})
            assert written.status == 200

            async def texts() -> list[str]:
                answer = await http.get(
                    f"{ready.api_url}/engagements",
                    headers={"Authorization": f"Bearer {ready.api_token}"},
                )
                return [each["excerpt"] for each in (await answer.json())["items"]]

            await eventually(texts, lambda found: found == ["Is this line private?"])
