"""``fluorosynth stress`` as people run it."""

import json
import re
from dataclasses import replace

import pytest
from small import fluorosynth

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.stress.psychometric import Half
from fluorosynth.stress.report import _sentence, show_half, write_comparison
from fluorosynth.stress.summary import read_summary, write_summary

LINE = "--axes depth,vessels --pictures 2 --size 64 --quiet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress")
    for name, more in (("a", ""), ("again", ""), ("b", "--threshold 2"), ("c", "--seed 1")):
        line = f"stress sato --out {folder / name} {LINE} {more}"
        assert fluorosynth(*line.split()) == (0, "", ""), name
    return folder


def test_the_same_seed_gives_the_same_bytes(folder):
    for name in ("report.html", "stress.json"):
        assert (folder / "a" / name).read_bytes() == (folder / "again" / name).read_bytes()


def test_the_page_needs_nothing_else(folder):
    page = (folder / "a/report.html").read_text()
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert page.count("data:image/png") == 2 * 2  # curves and worst pictures
    assert "contrast depth, grey levels" in page


def test_the_summary_says_what_was_measured(folder):
    plain = json.loads((folder / "a/stress.json").read_text())
    assert plain["segmenter"]["kind"] == "sato"
    assert plain["pictures"]["seed"] == 0
    depth = plain["axes"]["depth"]
    dice = depth["measures"]["dice"]
    assert len(dice["mean"]) == len(depth["levels"]) == 8
    for low, mean, high, values in zip(
        dice["low"], dice["mean"], dice["high"], dice["values"], strict=True
    ):
        assert low <= mean <= high
        assert mean == pytest.approx(sum(values) / len(values), abs=1e-5)


def test_a_summary_is_read_as_it_was_written(folder, tmp_path):
    summary = read_summary(folder / "a")
    write_summary(summary, tmp_path / "stress.json")
    assert (tmp_path / "stress.json").read_bytes() == (folder / "a/stress.json").read_bytes()


def test_two_results_are_compared(folder):
    line = f"stress --compare {folder / 'a'} {folder / 'b'} --out {folder / 'both'}"
    code, said, _ = fluorosynth(*line.split())
    assert code == 0
    assert "sato (first)" in said
    page = (folder / "both/report.html").read_text()
    assert "sato (second) minus sato (first)" in page


def test_results_of_other_pictures_are_not_compared(folder, tmp_path):
    first, second = read_summary(folder / "a"), read_summary(folder / "c")
    with pytest.raises(UsageError, match=r"different pictures \(backgrounds, seed\)"):
        write_comparison(first, second, tmp_path / "report.html")


@pytest.mark.parametrize(
    ("half", "said"),
    [
        (Half(11.234, 9.0, 13.0), "11.2 [9, 13]"),
        (Half(None, found=True), "beyond 45"),
        (Half(None, found=False), "nowhere"),
        (None, "-"),
    ],
)
def test_thresholds_for_people(folder, half, said):
    axis = read_summary(folder / "a").axes["vessels"]
    assert show_half(half, axis, "highest") == said


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "fluorosynth-stress", "format_version": 1, "axes": 3}']
)
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "stress.json").write_text(text)
    with pytest.raises(BadDataError, match=r"stress\.json"):
        read_summary(tmp_path)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("stress --out x", 2, "name a MODEL, or --command, or --compare"),
        ("stress sato --command 'a {src} {out}' --out x", 2, "one of them"),
        ("stress sato --out x --axes deph", 2, "did you mean 'depth'"),
        ("stress sato --out x --pictures 1", 2, "--pictures"),
        ("stress nowhere --out x", 3, "there is no model 'nowhere'"),
        ("stress sato --out taken", 2, "is a file"),
        ("stress --compare x y --out z", 3, "cannot be read"),
    ],
)
def test_mistakes(tmp_path, monkeypatch, line, code, said):
    import shlex

    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    found, _, error = fluorosynth(*shlex.split(line))
    assert found == code
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("axes", "depth"), None),
        (("pictures", "axes"), {}),
        (("axes", "depth", "lowest", "low"), None),
        (("axes", "depth", "measures", "recall"), None),
        (("axes", "depth", "measures", "recall", "mean"), []),
        (("axes", "depth", "measures", "dice", "values", 0), [1.0]),
    ],
)
def test_a_result_that_is_not_whole_is_refused(folder, tmp_path, key, value):
    plain = json.loads((folder / "a/stress.json").read_text())
    place = plain
    for part in key[:-1]:
        place = place[part]
    if value is None:
        place.pop(key[-1])
    else:
        place[key[-1]] = value
    (tmp_path / "stress.json").write_text(json.dumps(plain))
    with pytest.raises(BadDataError, match=r"stress\.json"):
        read_summary(tmp_path)


def test_a_sentence_names_the_side_that_it_speaks_of(folder):
    """An axis that rises and falls has an end on either side: one may be beyond all levels."""
    axis = read_summary(folder / "a").axes["vessels"]
    both = replace(axis, lowest=Half(None, found=True), highest=Half(7.0, 6.0, 8.0))
    said = _sentence(both)
    assert "More than half is found from 0, the last level tested." in said
    assert "Half of the centreline is found up to 7 [6, 8]." in said
    assert "at no level" in _sentence(replace(both, highest=Half(None, found=False)))
