"""The whole chain on the surrogate, made as small as it goes, and its report."""

import re

import pytest
import torch
from small import fluorosynth

from fluorosynth.errors import UsageError
from fluorosynth.learn.reproduce import estimate, published
from fluorosynth.learn.reproduce.config import ReproduceConfig
from fluorosynth.learn.reproduce.experiments import Experiments
from fluorosynth.learn.reproduce.readings import READINGS
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

NAMES = ["fig2", "fig3", "table3", "table5", "fig5", "fig6", "video"]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduced")


def test_the_chain_runs_and_goes_on(out):
    config, told = ReproduceConfig(**TINY), []

    def note(task, number, total):
        told.append((task.name, number, total))

    found = reproduce(config, None, NAMES, out, note)
    assert [name for name, _, _ in told][:2] == ["surrogate", "synthetic"]
    assert told[-1][1] == told[-1][2] == len(told)
    assert found.mean("table5").keys() == published.NUMBERS["table5"].keys()
    assert all(0 <= v <= 1 for k, v in found.mean("table5").items() if k.startswith("Dice"))
    assert {path.stem for path in found.pictures.values()} == {"data", "making", "examples", "T1"}
    write_reports(found, out)
    text = (out / "report.md").read_text()
    assert "| Dice, Exp. 1, T2 | 0.780 |" in text
    assert "surrogate" in text
    assert not re.search(r"src=\"(?!data:)", (out / "report.html").read_text())
    told.clear()
    again = reproduce(config, None, NAMES, out, note)
    assert told == []
    assert again.numbers == found.numbers
    assert plan(config, None, ["table5"], out)[1] == []


def test_an_option_reruns_only_what_depends_on_it(out):
    _, left = plan(ReproduceConfig(**{**TINY, "threshold": "half"}), None, ["table5"], out)
    assert {task.name for task in left} == {"test-S1"}
    _, left = plan(ReproduceConfig(**TINY, gain="ratio"), None, ["fig6"], out)
    assert left == []
    _, left = plan(ReproduceConfig(**TINY, layers="22-29"), None, ["table5"], out)
    assert {task.name for task in left} == {"finetune-S1", "test-S1"}
    _, left = plan(ReproduceConfig(**TINY, mean="frames"), None, ["fig6"], out)
    assert left == []
    _, left = plan(ReproduceConfig(**TINY, s1="quarter"), None, ["table5", "table3"], out)
    assert {task.name for task in left} == {"finetune-S1", "test-S1", "counts"}
    _, left = plan(ReproduceConfig(**{**TINY, "finetune_epochs": 2}), None, ["table5"], out)
    assert {task.name for task in left} == {"finetune-S1", "test-S1"}


ALL_SPLITS = ["S1", "S2", "S3", *(f"LOO-{s}" for s in published.SEQUENCES)]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_gives_the_published_names(name):
    """Its numbers, from results made up, are those that the publication has."""
    config = ReproduceConfig(**TINY)
    tasks = TABLES[name].tasks(Experiments(config, None), 0)

    def of(task):
        if task.name == "timing":
            return dict(published.NUMBERS["table6"])
        if task.name == "counts":
            return {split: [dict.fromkeys(published.SEQUENCES, 1)] * 2 for split in ALL_SPLITS}
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


def test_seeds_give_students_intervals(tmp_path):
    """Of .2, .4 and .6: .4, and 4.303 standard errors of .2 / sqrt 3 either way."""
    rows = [
        {"gain by fine-tuning, Exp. 1": v, "gain by fine-tuning, Exp. 2": v}
        for v in (0.2, 0.6, 0.4)
    ]
    write_reports(Reproduced(ReproduceConfig(seeds=(0, 1, 2)), {"fig6": rows}, True), tmp_path)
    text = (tmp_path / "report.md").read_text()
    assert "0.400 [-0.097, 0.897]" in text
    assert "95 % intervals over 3 seeds" in text


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


def test_the_splits_count_as_published(out):
    """Table 3 on the surrogate, whose sequences have the published numbers of frames."""
    found = reproduce(ReproduceConfig(**TINY), None, ["table3"], out)
    assert found.mean("table3") == published.NUMBERS["table3"]


def test_other_readings_of_the_splits(out):
    config = ReproduceConfig(**TINY, s1="quarter", s2="493")
    found = reproduce(config, None, ["table3"], out).mean("table3")
    assert (
        sum(found[f"fine-tuning, {s}"] for s in published.SEQUENCES) == 303
    )  # quarters of 286, 150, ...
    assert (found["fine-tuning, S2"], found["testing, S2"]) == (493, 493)
    write_reports(reproduce(config, None, ["table3"], out), out)
    text = (out / "report.md").read_text()
    assert "s1 quarter | 25 % of each sequence" in text
    assert "Different in kind: S1 fine-tunes on 240 frames" in text


def test_every_reading_is_a_setting_and_an_option():
    from fluorosynth_cli.reproduce import command

    options = {option.name: option for option in command.params}
    for reading in READINGS:
        default, *_ = reading.choices
        assert getattr(ReproduceConfig(), reading.option) == default
        assert list(options[reading.option].type.choices) == list(reading.choices)
        assert options[reading.option].default == default


def test_the_mean_over_frames_weighs_by_them():
    """Table 5's own Dice: .535 over sequences, 513 of 967 over frames."""
    table = published.NUMBERS["table5"]
    rows = {s: {"dice": table[f"Dice, Exp. 1, {s}"]} for s in published.SEQUENCES}
    tasks = {f"{name}, Exp. {exp}": None for name in ("light", "Ambrosini") for exp in (1, 2)}
    for mean, true in (("sequences", 0.535), ("frames", 0.5304)):
        config = ReproduceConfig(mean=mean)
        found = TABLES["fig7"].numbers(tasks, lambda _: rows, config)
        assert found["light, Exp. 1"] == pytest.approx(true, abs=5e-4)


def test_an_estimate_is_of_the_processor_not_of_the_clock(monkeypatch):
    """Beside others a step takes longer by the clock; its own time is what it was."""
    clock = {"wall": 0.0, "own": 0.0}
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: clock["wall"])
    monkeypatch.setattr(estimate.time, "process_time", lambda: clock["own"])

    def work():
        clock["wall"] += 4.0  # of which three belong to others
        clock["own"] += 1.0

    assert estimate._measured(work, 3, True) == estimate.Cost(1.0, 4.0)
    assert estimate._measured(work, 3, False) == estimate.Cost(4.0, 4.0)  # of another device


def test_threads_that_wait_for_one_another_are_not_counted(monkeypatch):
    """They burn time in a loop, the more the fuller the machine: one thread is measured."""
    seen = []

    def measured(*_):
        seen.append(torch.get_num_threads())
        return estimate.Cost(8.0, 16.0)

    monkeypatch.setattr(estimate, "_measured", measured)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert estimate.training_cost("light_plain", 4, 32, "cpu") == estimate.Cost(1.0, 2.0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1]
