"""Segmentation networks, one file each; the file's name is the network's kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluorosynth.core.component import kinds
from fluorosynth.core.spec import did_you_mean
from fluorosynth.errors import UsageError
from fluorosynth.learn.networks.base import Layer, Network

__all__ = ["Layer", "Network", "build", "networks"]


def networks() -> dict[str, type[Network]]:
    """Return every network class by kind."""
    return kinds(Network, "fluorosynth.learn.networks")  # type: ignore[type-abstract]


def build(kind: str, config: Mapping[str, Any] | None = None) -> Network:
    """Make a network.

    Parameters
    ----------
    kind
        Kind of network.
    config
        Arguments of its constructor.

    Raises
    ------
    UsageError
        For an unknown kind or arguments that it does not take.

    Examples
    --------
    >>> build("light", {"channels": 4}).config
    {'channels': 4}
    """
    known = networks()
    if kind not in known:
        raise UsageError(f"no network {kind!r}{did_you_mean(kind, list(known))}")
    try:
        return known[kind](**(config or {}))
    except (TypeError, ValueError) as error:
        raise UsageError(f"network {kind!r} cannot be built: {error}") from None
