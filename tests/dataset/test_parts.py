"""A set written in parts, at once and more than once, has the bytes of one that is not."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small import command, content, environment, small_recipe, started, wait_until

from fluorosynth.dataset import generation
from fluorosynth.dataset.generation import MissingShardsError, finish, generate
from fluorosynth.dataset.job_array import parse_part
from fluorosynth.dataset.job_scripts import job_script
from fluorosynth.errors import UsageError
from fluorosynth.io import claim
from fluorosynth.recipe import Recipe

N, SHARD = 90, 10


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return small_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    generate(recipe, out, N, seed=5, shard_size=SHARD)
    return content(out)


@pytest.mark.parametrize("parts", [1, 2, 4, 9, 12])
def test_parts_in_any_order_make_the_set(recipe, whole, tmp_path, parts):
    for part in reversed(range(1, parts + 1)):
        made = generate(recipe, tmp_path, N, seed=5, shard_size=SHARD, part=(part, parts)).made
        assert made == sum(min(SHARD, N - SHARD * k) for k in range(part - 1, 9, parts))
        assert not (tmp_path / "dataset.json").exists()
    finish(recipe, tmp_path, N, seed=5, shard_size=SHARD)
    assert content(tmp_path) == whole


def test_a_part_done_twice_makes_nothing(recipe, tmp_path):
    for made in (30, 0):
        assert generate(recipe, tmp_path, N, 5, shard_size=SHARD, part=(2, 3)).made == made


@pytest.mark.parametrize("name", ["shard-00000 (copy).h5", "shard-0.h5", "shard-x.h5"])
def test_a_copy_of_a_shard_under_a_name_of_its_own_is_nobody_s(recipe, whole, tmp_path, name):
    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD, part=(1, 2))
    (tmp_path / name).write_bytes((tmp_path / "shard-00000.h5").read_bytes())
    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD, part=(2, 2))
    finish(recipe, tmp_path, N, seed=5, shard_size=SHARD)
    (tmp_path / name).unlink()
    assert content(tmp_path) == whole


def test_what_is_missing_is_named(recipe, tmp_path):
    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD, part=(1, 2))
    with pytest.raises(MissingShardsError, match="lacks 4 of 9 shards: 1, 3, 5, 7") as caught:
        finish(recipe, tmp_path, N, seed=5, shard_size=SHARD)
    assert (caught.value.numbers, caught.value.shards) == ([1, 3, 5, 7], 9)
    for number in caught.value.numbers:
        generate(recipe, tmp_path, N, 5, shard_size=SHARD, part=(number + 1, 9))
    assert finish(recipe, tmp_path, N, seed=5, shard_size=SHARD).n == N


def test_a_part_of_another_seed_is_refused(recipe, tmp_path):
    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD, part=(1, 2))
    with pytest.raises(UsageError, match="its seed is 5, yours 6"):
        generate(recipe, tmp_path, N, seed=6, shard_size=SHARD, part=(1, 3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 6}, "its seed is 5, yours 6"),
        ({"recipe": Recipe.preset("paper")}, "the recipes differ"),
        ({"shard_size": 5}, r"shard-00000\.h5 holds samples 0\.\.9, this run would put 0\.\.4"),
        (
            {"shard_size": 20},
            r"shard-00002\.h5 holds samples 20\.\.29, this run would put 40\.\.59",
        ),
    ],
)
def test_a_part_that_is_not_of_the_others_set_is_refused_at_once(recipe, tmp_path, change, said):
    """Not when all is done and the set is to be closed."""
    given = {"recipe": recipe, "seed": 5, "shard_size": SHARD}
    first = 3 if change.get("shard_size") == 20 else 1
    generate(**given, out=tmp_path, n=N, part=(first, 9))
    before = content(tmp_path)
    with pytest.raises(UsageError, match=said):
        generate(**given | change, out=tmp_path, n=N, part=(2, 9))
    assert content(tmp_path) == before


@pytest.mark.parametrize("part", [(0, 2), (3, 2), (1, 0)])
def test_parts_that_are_none(recipe, tmp_path, part):
    with pytest.raises(UsageError, match="part"):
        generate(recipe, tmp_path, N, part=part)


TOML = """
size = 64
backgrounds = [{kind = "procedural", count = 4}]
devices = [{kind = "spline"}]
stages = [{kind = "rotate"}, {kind = "render"}, {kind = "jitter"}]
"""


def start(out, *words):
    line = ["generate", "--n", "3000", "--shard-size", "250", "--out", str(out), "--quiet"]
    line += ["--recipe", str(out.parent / "small.toml"), *words]
    return started(*line)


def test_killed_and_doubled_parts_at_once(tmp_path):
    (tmp_path / "small.toml").write_text(TOML)
    out, one = tmp_path / "parts", tmp_path / "one"
    out.mkdir()
    first = [start(out, "--part", part) for part in ("1/2", "2/2", "1/2")]
    wait_until(lambda: len(list(out.glob("shard-*.h5"))) >= 2)
    first[0].send_signal(signal.SIGKILL)
    first[1].send_signal(signal.SIGKILL)
    assert first[2].wait(120) == 0, first[2].stderr.read()
    for process in first[:2]:
        process.communicate(timeout=20)
    again = [start(out, "--part", part) for part in ("2/2", "2/2")]
    for process in again:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    ended = start(out, "--finish")
    assert ended.wait(60) == 0, ended.stderr.read()
    ended.stderr.close()
    first[2].stderr.close()
    plain = start(one)
    _, said = plain.communicate(timeout=120)
    assert plain.returncode == 0, said
    assert content(out) == content(one)
    assert not [path for path in out.iterdir() if path.suffix in (".part", ".claim")]


def test_claims_of_the_living_and_the_dead(tmp_path, monkeypatch):
    monkeypatch.setattr(claim, "LEASE", 1.0)
    path = tmp_path / "shard-00000.h5"
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import sys, time; from pathlib import Path; from fluorosynth.io import claim\n"
         "claim.LEASE = 1.0\n"
         "with claim.claimed(Path(sys.argv[1])) as mine:\n"
         "    print(mine, flush=True); time.sleep(60)", str(path)],
        env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline().strip() == "True"
    with claim.claimed(path, wait=2.5) as mine:  # it is refreshed: older than a lease, and alive
        assert not mine
    marker = path.with_name(f".{path.name}.claim")
    text = marker.read_text()
    holder.kill()
    holder.communicate()
    with claim.claimed(path) as mine:  # of this machine: its process is gone, at once
        assert mine
    import socket

    marker.write_text(text.replace(socket.gethostname(), "another-machine"))
    with claim.claimed(path) as mine:  # nobody can look there
        assert not mine
    with claim.claimed(path, wait=5) as mine:  # but no sign of life for the time of a lease
        assert mine
    assert not marker.exists()


@pytest.mark.parametrize("reaped", [True, False])  # as where a container's first process is no init
def test_claims_of_the_killed_do_not_stay(recipe, whole, tmp_path, reaped):
    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD)
    (tmp_path / "dataset.json").unlink()  # killed after a shard, before its claim was taken back
    script = (
        "import os, sys; from pathlib import Path; from fluorosynth.io.claim import claimed\n"
        "with claimed(Path(sys.argv[1])):\n    os._exit(0)"
    )
    line = [sys.executable, "-c", script, str(tmp_path / "shard-00000.h5")]
    with subprocess.Popen(line, env=environment(), stdout=subprocess.PIPE) as killed:
        killed.stdout.read()  # until it has ended
        if reaped:
            assert killed.wait() == 0
        assert list(tmp_path.glob(".*.claim"))
        generate(recipe, tmp_path, N, seed=5, shard_size=SHARD)
        assert content(tmp_path) == whole
        assert not list(tmp_path.glob(".*.claim"))


def test_a_shard_that_another_has_finished_meanwhile(recipe, whole, tmp_path, monkeypatch):
    def all_missing(plan, *_):
        return list(plan.numbers())

    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD, part=(1, 2))
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*.h5")}
    monkeypatch.setattr(generation, "missing", all_missing)  # as seen before the others wrote
    generate(recipe, tmp_path, N, seed=5, shard_size=SHARD)
    assert content(tmp_path) == whole
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in kept} == kept


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("3/8", {"SLURM_ARRAY_TASK_ID": "1"}, (3, 8)),
        (
            "auto",
            {
                "SLURM_ARRAY_TASK_ID": "14",
                "SLURM_ARRAY_TASK_MIN": "10",
                "SLURM_ARRAY_TASK_MAX": "18",
                "SLURM_ARRAY_TASK_STEP": "2",
                "SLURM_ARRAY_TASK_COUNT": "5",
            },
            (3, 5),
        ),
        ("auto/4", {"PBS_ARRAY_INDEX": "3"}, (4, 4)),
        ("auto/4", {"PBS_ARRAYID": "0"}, (1, 4)),
        ("auto", {"LSB_JOBINDEX": "2", "LSB_JOBINDEX_END": "6"}, (2, 6)),
        (
            "auto",
            {
                "SGE_TASK_ID": "7",
                "SGE_TASK_FIRST": "1",
                "SGE_TASK_LAST": "10",
                "SGE_TASK_STEPSIZE": "3",
            },
            (3, 4),
        ),
        ("auto", {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "3"}, (1, 3)),
        ("auto/5", {"JOB_COMPLETION_INDEX": "4"}, (5, 5)),
        ("auto", {"BATCH_TASK_INDEX": "0", "BATCH_TASK_COUNT": "3"}, (1, 3)),
        ("auto", {"CLOUD_RUN_TASK_INDEX": "2", "CLOUD_RUN_TASK_COUNT": "3"}, (3, 3)),
        ("auto/5", {"LSB_JOBINDEX": "0", "JOB_COMPLETION_INDEX": "1"}, (2, 5)),
    ],
)
def test_what_schedulers_say(text, variables, expected):
    assert parse_part(text, variables) == expected


HOLES = {  # sbatch --array=3,7: what failed is made again
    "SLURM_ARRAY_TASK_ID": "3",
    "SLURM_ARRAY_TASK_MIN": "3",
    "SLURM_ARRAY_TASK_MAX": "7",
    "SLURM_ARRAY_TASK_STEP": "1",
    "SLURM_ARRAY_TASK_COUNT": "2",
}


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        ("auto", {}, "none of SLURM_ARRAY_TASK_ID"),
        ("auto", {"SGE_TASK_ID": "undefined"}, "none of"),
        ("auto", {"JOB_COMPLETION_INDEX": "1"}, "write auto/8"),
        ("auto/2", {"JOB_COMPLETION_INDEX": "2"}, "= 2 is none of 2 jobs that are numbered from 0"),
        ("auto/8", {"PBS_ARRAY_INDEX": "8"}, "or write $PBS_ARRAY_INDEX/8"),
        ("auto", {"LSB_JOBINDEX": "3"}, "write auto/8 for 8 jobs numbered from 1"),
        ("auto/4", {"SGE_TASK_ID": "1"}, "SGE sets SGE_TASK_ID = 1 without SGE_TASK_FIRST"),
        ("auto/4", {"SLURM_ARRAY_TASK_ID": "1"}, "without SLURM_ARRAY_TASK_MIN: write $SLURM"),
        (
            "auto/4",
            {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "2"},
            "write $((AWS_BATCH_JOB_ARRAY_INDEX + 1))/8",
        ),
        ("1/" + "9" * 5000, {}, "write it as 3/8"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "x"}, "SLURM_ARRAY_TASK_ID = 'x' is no number"),
        ("auto/0", {"JOB_COMPLETION_INDEX": "0"}, "at least one part"),
        ("auto", HOLES, "write $SLURM_ARRAY_TASK_ID/8"),
        ("auto/12", {**HOLES, "SLURM_ARRAY_TASK_MAX": "4"}, "runs 2 jobs of this array"),
        ("0/4", {}, "part 0 of 4"),
        ("5/4", {}, "part 5 of 4"),
        ("half", {}, "write it as 3/8"),
        ("3", {}, "write it as 3/8"),
        ("-1/4", {}, "write it as 3/8"),
    ],
)
def test_parts_that_cannot_be(text, variables, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        parse_part(text, variables)


WORDS = ["fluorosynth", "generate", "--n", "9000", "--out", "a set", "--set", "jitter.amount=20"]


def test_the_slurm_script_is_one_for_bash(tmp_path):
    script = tmp_path / "job.sh"
    script.write_text(job_script("slurm", WORDS, 12, 30.0))
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    text = script.read_text()
    assert "#SBATCH --array=1-12\n" in text
    assert "#SBATCH --time=10:00:00\n" in text  # four times its share of 30 hours
    recorder = tmp_path / "fluorosynth"
    recorder.write_text(f"#!{sys.executable}\nimport json, sys; print(json.dumps(sys.argv[1:]))")
    recorder.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_ARRAY_TASK_ID": "7"}
    said = subprocess.run(["bash", script], env=path, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [*WORDS[1:], "--workers", "1", "--part", "7/12"]


def test_the_kubernetes_job_is_yaml():
    yaml = pytest.importorskip("yaml")
    job = yaml.safe_load(job_script("kubernetes", WORDS, 6, 1.0))
    assert job["spec"]["completionMode"] == "Indexed"
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == 6
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == [*WORDS, "--workers", "1", "--part", "auto/6"]


def test_on_the_command_line(tmp_path):
    out = tmp_path / "set"
    line = ["generate", "--n", "4", "--shard-size", "2", "--size", "64", "--out", out]
    script = command(*line, "--job", "slurm", "--part", "auto/2")
    assert script.returncode == 0
    assert not out.exists()
    typed = f"fluorosynth generate --n 4 --out {out} --size 64 --shard-size 2"
    assert f'{typed} --workers 1 --part "$SLURM_ARRAY_TASK_ID/2"' in script.stdout
    assert f"{typed} --finish" in script.stdout
    assert command(*line, "--part", "2/2").returncode == 0
    early = command(*line, "--finish")
    assert early.returncode == 4
    assert "lacks 1 of 2 shards: 0" in early.stderr
    assert "  --part 1/2\n" in early.stderr
    assert command(*line, "--part", "1/2").returncode == 0
    assert command(*line, "--finish").returncode == 0
    assert command("verify", out).returncode == 0
    assert command(*line, "--part", "auto").returncode == 2
    assert Path(out / "preview.png").exists()


def test_options_that_do_not_go_together(tmp_path):
    line = ["generate", "--n", "4", "--out", tmp_path / "set"]
    for words in (
        ["--finish", "--part", "1/2"],
        ["--finish", "--dry-run"],
        ["--job", "slurm", "--finish"],
        ["--job", "slurm", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"],
    ):
        done = command(*line, *words)
        assert (done.returncode, "do not go together" in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "set").exists()


def test_a_script_repeats_the_command_word_by_word(tmp_path):
    words = ["--n", "4", "--frame-size", "512", "256", "--set", "size=64", "--set", "frames=1"]
    script = command("generate", *words, "--out", tmp_path / "a set", "--job", "slurm")
    assert script.returncode == 0, script.stderr
    line = next(text for text in script.stdout.splitlines() if text.startswith("fluorosynth"))
    assert "--frame-size 512 256" in line
    assert "--set size=64 --set frames=1" in line
    assert "'" in line  # a set


@pytest.mark.parametrize("wait", [0.0, 30.0])
def test_a_claim_of_a_process_killed_before_it_wrote_its_name_is_void(tmp_path, monkeypatch, wait):
    monkeypatch.setattr(claim, "NAMELESS", 0.2)
    nameless = tmp_path / ".shard-00000.h5.claim"
    nameless.touch()
    with claim.claimed(tmp_path / "shard-00000.h5", wait) as mine:
        assert mine
        with claim.claimed(tmp_path / "shard-00000.h5") as other:
            assert not other
    assert list(tmp_path.iterdir()) == []
