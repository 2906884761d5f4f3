"""What the stages are told of the places: as configured, with what only the places know."""

from responder.app.places import Places
from responder.testing.factories import PLACE, workspace


def test_what_a_place_calls_us_is_ours() -> None:
    places = Places(own_author_ids={PLACE.id: frozenset({"bot"})}, urls={PLACE.id: "https://a.b/"})
    told = places.known_by_platform(workspace()).sources[PLACE.id]
    assert told.own_author_ids == PLACE.own_author_ids | {"bot"}
    assert told.url == (PLACE.url or "https://a.b/")


def test_a_change_of_the_places_or_of_the_configuration_is_told_at_once() -> None:
    places, configured = Places(), workspace()
    assert places.known_by_platform(configured) is places.known_by_platform(configured)
    places.own_author_ids[PLACE.id] = frozenset({"bot"})
    told = places.known_by_platform(configured)
    assert "bot" in told.sources[PLACE.id].own_author_ids
    assert places.known_by_platform(workspace(version="next")).version == "next"
