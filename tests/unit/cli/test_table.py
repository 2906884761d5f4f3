"""A table never cuts what stands in it: an id that cannot be copied is of no use to anybody."""

import pytest

from responder.cli import table

ID = "9cbdd91a-55d8-4906-8ac4-0b7d5a7c3f10"
WHY = "at /data/published_at: a time without a zone, which could be any of twenty-four"
COLUMNS = ("id", "source", "failed", "tries", "why")
ROW = (ID, "forum", "2026-11-22 11:55", "1042", WHY)


def test_columns_stand_under_their_names_where_there_is_room() -> None:
    heads, rule, row = table.lines(COLUMNS, [ROW], width=200)
    assert heads.split() == list(COLUMNS)
    assert set(rule) == {"─"}
    assert heads.index("why") == row.index(WHY)


@pytest.mark.parametrize("width", [40, 80, 100, 120, 200])
def test_an_id_stands_whole_on_one_line_however_narrow_it_gets(width: int) -> None:
    assert any(ID in line for line in table.lines(COLUMNS, [ROW], width=width))


@pytest.mark.parametrize("width", [20, 40, 80, 120, 200])
def test_every_word_is_there_however_narrow_it_gets(width: int) -> None:
    shown = " ".join(" ".join(table.lines(COLUMNS, [ROW, ROW], width=width)).split())
    for value in ROW:
        assert shown.count(value) == 2


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_unless_one_word_is(width: int) -> None:
    assert max(map(len, table.lines(COLUMNS, [ROW], width=width))) <= width


def test_a_long_last_column_goes_on_below_itself() -> None:
    _, _, first, second = table.lines(("name", "says"), [("disk", "so " * 25)], width=60)
    assert first.startswith("disk  so so")
    assert second.startswith("      so so")


def test_wide_letters_are_counted_as_wide_as_they_are_shown() -> None:
    _, _, wide, narrow = table.lines(("title", "name"), [("日本", "a"), ("abcd", "b")], width=80)
    assert (wide, narrow) == ("日本   a", "abcd   b")


def test_for_a_program_each_row_is_a_line_and_each_column_a_field() -> None:
    assert table.fields([ROW, ("b", "", "", "", "two\nlines\tand \\ more")]) == [
        "\t".join(ROW),
        "b\t\t\t\ttwo\\nlines\\tand \\\\ more",
    ]
