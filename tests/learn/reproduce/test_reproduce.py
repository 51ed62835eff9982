"""The whole chain on the surrogate, made as small as it goes, and its report."""

import re

import pytest
from small import fluorosynth

from fluorosynth.errors import UsageError
from fluorosynth.learn.reproduce import published
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.experiments import Experiments
from fluorosynth.learn.reproduce.report import write_reports
from fluorosynth.learn.reproduce.run import Reproduced, pick_tables, plan, reproduce
from fluorosynth.learn.reproduce.tables import TABLES

TINY = {
    "size": 32,
    "synthetic": 8,
    "share": 0.005,
    "tested": 1,
    "pretrain_epochs": 1,
    "finetune_epochs": 1,
    "device": "cpu",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduced")


def test_the_chain_runs_and_goes_on(out):
    config, told = ReproduceConfig(**TINY), []

    def note(task, number, total):
        told.append((task.name, number, total))

    found = reproduce(config, None, ["table5", "fig6"], out, note)
    assert [name for name, _, _ in told][:2] == ["surrogate", "synthetic"]
    assert told[-1][1] == told[-1][2] == len(told)
    assert found.mean("table5").keys() == published.NUMBERS["table5"].keys()
    assert all(0 <= v <= 1 for k, v in found.mean("table5").items() if k.startswith("Dice"))
    assert found.pictures is not None
    assert {path.stem for path in found.pictures.iterdir()} >= {"examples", "T1"}
    write_reports(found, out)
    text = (out / "report.md").read_text()
    assert "| Dice, Exp. 1, T2 | 0.780 |" in text
    assert "surrogate" in text
    assert not re.search(r"src=\"(?!data:)", (out / "report.html").read_text())
    told.clear()
    again = reproduce(config, None, ["table5", "fig6"], out, note)
    assert told == []
    assert again.numbers == found.numbers
    assert plan(config, None, ["table5"], out)[1] == []


def test_an_option_reruns_only_what_depends_on_it(out):
    _, left = plan(ReproduceConfig(**{**TINY, "threshold": "half"}), None, ["table5"], out)
    assert {task.name for task in left} <= {"test-S1", "pictures"}
    _, left = plan(ReproduceConfig(**TINY, gain="ratio"), None, ["fig6"], out)
    assert left == []
    _, left = plan(ReproduceConfig(**TINY, layers="22-29"), None, ["table5"], out)
    assert {task.name for task in left} <= {"finetune-S1", "test-S1", "pictures"}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_gives_the_published_names(name):
    """Its numbers, from results made up, are those that the publication has."""
    config = ReproduceConfig(**TINY)
    tasks = TABLES[name].tasks(Experiments(config, None), 0)

    def of(task):
        if task.name == "timing":
            return dict(published.NUMBERS["table6"])
        if not task.name.startswith("test"):
            return {"validation_dice": [0.1, 0.4], "train_dice": [0.2, 0.3]}
        split = task.options["split"]
        sequences = {"S2": ("T2", "T3", "T5"), "S3": ("T3", "T4", "T6"), "S1": published.SEQUENCES}
        row = {"dice": 0.5, "fp_percent_of_image": 1.0, "fp_percent_of_background": 2.0}
        return dict.fromkeys(sequences.get(split, (split.removeprefix("LOO-"),)), row)

    found = TABLES[name].numbers(tasks, of, config)
    assert found.keys() == published.NUMBERS[name].keys()


def test_the_publications_numbers_differ_from_themselves_in_nothing(tmp_path):
    numbers = {name: [dict(rows)] for name, rows in published.NUMBERS.items()}
    write_reports(Reproduced(ReproduceConfig(), numbers, False), tmp_path)
    text = (tmp_path / "report.md").read_text()
    assert "Different in kind" not in text
    cells = re.findall(r"\| ([+-][\d.e-]+) \|$", text, re.M)
    assert {float(cell) for cell in cells} == {0.0}


def test_a_difference_in_kind_is_said_in_a_sentence(tmp_path):
    rows = dict(published.NUMBERS["fig6"])
    rows["gain by fine-tuning, Exp. 2"] = -0.1
    write_reports(Reproduced(ReproduceConfig(), {"fig6": [rows]}, True), tmp_path)
    said = "Fine-tuning helps in both experiments, by over .05: holds in the publication, not here."
    assert said in (tmp_path / "report.md").read_text()


def test_seeds_show_their_spread(tmp_path):
    rows = [
        {"gain by fine-tuning, Exp. 1": v, "gain by fine-tuning, Exp. 2": v} for v in (0.2, 0.6)
    ]
    write_reports(Reproduced(ReproduceConfig(seeds=(0, 1)), {"fig6": rows}, True), tmp_path)
    assert "0.400 [0.200, 0.600]" in (tmp_path / "report.md").read_text()


def test_a_dry_run_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = "reproduce --surrogate --quick --out x --only table5 --dry-run --device cpu"
    code, said, _ = fluorosynth(*line.split())
    assert code == 0
    assert said.count("to do") == len(said.splitlines())
    assert re.search(r"\d+ of \d+ steps to do", said)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--quick --out x", "one of them"),
        ("--surrogate --data weiss --quick --out x", "one of them"),
        ("--surrogate --out x", "--quick or --full"),
        ("--surrogate --quick --out x --only table9", "did you mean 'table"),
        ("--surrogate --quick --out x --seeds a", "whole numbers"),
    ],
)
def test_mistakes(tmp_path, monkeypatch, line, said):
    monkeypatch.chdir(tmp_path)
    code, _, error = fluorosynth("reproduce", *line.split())
    assert code == 2
    assert said in error


def test_unknown_tables_are_refused():
    with pytest.raises(UsageError, match="did you mean 'table5'"):
        pick_tables(["tabel5"])
