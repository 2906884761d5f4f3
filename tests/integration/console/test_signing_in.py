from responder.access.model import Role
from responder.testing.console import ConsoleBench
from responder.web.security import headers
from tests.integration.console.kit import Reader, reading


async def test_a_stranger_is_told_how_to_get_in(stranger: Reader) -> None:
    page = await stranger.open("/queue")
    assert page.address.endswith("/login")
    assert "responder user link NAME" in page.text


async def test_a_link_signs_in_once_and_only_with_a_click(
    console: ConsoleBench, stranger: Reader
) -> None:
    link = await console.link()
    previews = [await stranger.open(link) for _ in range(3)]
    assert all(preview.has_button("Sign in as Ana") for preview in previews)
    inside = await stranger.press(previews[-1], "Sign in as Ana")
    assert inside.address.endswith("/queue")
    spent = await stranger.open(link)
    assert spent.status == 410
    assert "used already, is too old, or never existed" in spent.text


async def test_the_session_is_a_cookie_that_scripts_cannot_read(
    console: ConsoleBench, stranger: Reader
) -> None:
    link = await console.link()
    async with stranger.http.post(link, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_signing_out_ends_the_session_for_good(ana: Reader) -> None:
    cookies = {each.key: each.value for each in ana.http.cookie_jar}
    me = await ana.open("/me")
    assert (await ana.press(me, "Sign out here")).address.endswith("/login")
    async with reading(ana.url) as thief:
        thief.http.cookie_jar.update_cookies(cookies)
        assert (await thief.open("/queue")).address.endswith("/login")


async def test_one_sees_and_ends_ones_own_sessions(console: ConsoleBench, ana: Reader) -> None:
    async with reading(console.url) as phone:
        await phone.sign_in(await console.link())
        me = await ana.open("/me")
        assert me.text.count("Sign it out") == 1
        await ana.press(me, "Sign it out")
        assert (await phone.open("/queue")).address.endswith("/login")
    assert (await ana.open("/queue")).status == 200


async def test_a_new_role_asks_to_sign_in_again(console: ConsoleBench) -> None:
    bea = await console.person("Bea", Role.REVIEWER)
    async with reading(console.url) as reader:
        await reader.sign_in(await console.link(bea))
        await console.access.give_role(bea, Role.APPROVER)
        assert (await reader.open("/queue")).address.endswith("/login")


async def test_another_site_cannot_act_through_a_session(ana: Reader) -> None:
    for origin in ("https://evil.example", "null", None):
        page = await ana.post("/me", {"undo_seconds": "0"}, origin=origin)
        assert page.status == 403
        assert "did not come from a page of ours" in page.text


async def test_preferences_are_kept_and_nonsense_is_refused(ana: Reader) -> None:
    wanted = {"undo_seconds": "30", "shortcuts": "alt", "theme": "dark"}
    saved = await ana.post("/me", wanted)
    assert "Saved." in saved.text
    assert 'data-theme="dark"' in saved.html
    assert 'aria-keyshortcuts="Alt+?"' in saved.html
    for wrong in ({"undo_seconds": "121"}, {"undo_seconds": "x"}, {"theme": "pink"}):
        assert (await ana.post("/me", wanted | wrong)).status == 422
    assert 'data-theme="dark"' in (await ana.open("/me")).html


async def test_every_answer_carries_the_guards(ana: Reader) -> None:
    for path in ("/queue", "/login", "/nothing-here", "/static/nothing.js", "/api/v1/engagements"):
        page = await ana.open(path)
        for name, value in headers(https=False).items():
            assert page.headers[name] == value, path


async def test_an_address_that_does_not_exist_says_so_in_words(ana: Reader) -> None:
    page = await ana.open("/engagements/not-an-id")
    assert page.status == 404
    unknown = await ana.open("/nothing-here")
    assert unknown.status == 404
    assert "There is nothing at this address." in unknown.text
