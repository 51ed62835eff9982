from click.testing import CliRunner
from fluorosynth_cli import benchmark as benchmark_command

from fluorosynth.learn.benchmark import time_networks


def test_every_mode_of_every_network_is_timed():
    timings = time_networks(["light_plain", "light"], "cpu", size=32)
    keys = [(t.network, t.mode, t.batch) for t in timings]
    assert len(set(keys)) == len(keys)
    modes, batches = {key[1] for key in keys}, {key[2] for key in keys}
    assert len(modes) >= 3
    assert 1 in batches
    assert len(keys) == 2 * len(modes) * len(batches)
    assert all(timing.milliseconds > 0 for timing in timings)


def test_the_command_prints_a_table():
    arguments = ["--quick", "--size", "32", "--networks", "light_plain,light", "--device", "cpu"]
    done = CliRunner().invoke(benchmark_command.command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    (row,) = [line for line in lines if line.startswith("  folded, channels-last  ")]
    batch, plain, light, ratio = row.split()[-4:]
    assert batch == "1"
    assert float(plain) > 0
    assert float(light) > 0
    assert ratio.endswith("x")
    assert [line for line in lines if line.startswith("  samples made/s")]
    assert [line for line in lines if line.startswith("  random pairs read/s")]


def test_unknown_networks_are_named():
    done = CliRunner().invoke(benchmark_command.command, ["--networks", "lihgt"])
    assert "light" in str(done.exception)
