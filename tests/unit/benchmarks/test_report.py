"""The table of `make bench`: ratios of paired calls, and goals that are missed or met."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.results import Row, TimedPair
from benchmarks.stand_in import SceneTable


def test_a_ratio_is_the_median_of_the_ratios_of_each_turn() -> None:
    row = TimedPair([0.001, 0.004, 0.030], [0.002, 0.005, 0.010]).build_row("a text", 0.8)

    assert row.value == pytest.approx(0.8)
    assert row.note == "4.0 ms (1.0) / 5.0 ms (2.0); of the fastest 0.50"


@pytest.mark.parametrize(("value", "is_met"), [(0.6, True), (0.604, True), (0.606, False), (2, False)])
def test_a_goal_is_met_by_the_digits_that_are_shown(value: float, is_met: bool) -> None:
    assert Row("a text", 0.6, value).is_met is is_met


def test_the_table_tells_which_goal_is_missed() -> None:
    table = report.build_table([Row("a text", 0.6, 0.71), Row("memory", 45, 44.4, " MiB", "of a start")])

    assert "| a text | 0.6 | 0.71 **(missed)** |  |\n" in table
    assert "| memory | 45 MiB | 44 MiB | of a start |\n" in table


def test_a_part_of_the_page_is_written_and_the_other_one_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "speed.md"
    page.write_text(build_page("old"))
    monkeypatch.setattr(report, "PAGE", page)

    report.write("speed", "new\n")

    assert page.read_text() == build_page("new")


def build_page(speed: str) -> str:
    parts = {"speed": speed, "burst": "kept", "latency": "", "presses": "kept too"}
    return "# Speed\n" + "".join(
        f"\n<!-- counted: {name} -->\n\n{content}\n\n<!-- end -->\n" for name, content in parts.items()
    )


def test_a_scene_is_as_it_was_after_any_writes() -> None:
    scene = SceneTable([_item("1", "a"), _item("2", "b")])
    before = scene.client.items()

    scene.client.put_item(Item=_item("1", "c"))
    scene.client.put_item(Item=_item("1", "d"))
    scene.client.delete_item(Key={name: _item("2", "")[name] for name in ("PK", "SK")})
    write = {
        "Put": {"TableName": "table", "Item": _item("3", "new"), "ConditionExpression": "attribute_not_exists(PK)"}
    }
    scene.client.transact_write_items(TransactItems=[write], ClientRequestToken="token")
    scene.undo()

    assert scene.client.items() == before
    # The transaction is made again, although its token is the same.
    scene.client.transact_write_items(TransactItems=[write], ClientRequestToken="token")
    assert len(scene.client.items()) == 3


def _item(key: str, value: str) -> dict[str, dict[str, str]]:
    return {"PK": {"S": key}, "SK": {"S": key}, "value": {"S": value}}
