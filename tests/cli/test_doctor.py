"""What `doctor` says is what the package declares."""

import re
import tomllib
from importlib.metadata import packages_distributions

import pytest
from fluorosynth_cli.doctor import EXTRAS
from small import ROOT, fluorosynth

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
FOR_DEVELOPERS = {"docs", "test", "dev"}


def test_every_extra_of_users_is_listed():
    assert EXTRAS.keys() == DECLARED.keys() - FOR_DEVELOPERS


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_is_looked_for_is_what_the_extra_installs(extra):
    installed = packages_distributions()
    found = {name.lower() for module in EXTRAS[extra] for name in installed.get(module, ())}
    if not found:
        pytest.skip("it is not installed here")
    wanted = {re.split(r"[\[>=]", line)[0] for line in DECLARED[extra]} - {"fluorosynth"}
    assert found == wanted


def test_it_names_each_extra_and_how_to_get_what_is_missing(monkeypatch):
    monkeypatch.setitem(EXTRAS, "ct", ("no_such_module",))
    code, said, _ = fluorosynth("doctor")
    assert code == 0
    assert all(f"extra {extra} " in said for extra in EXTRAS)
    assert "missing no_such_module: pip install 'fluorosynth[ct]'" in said
