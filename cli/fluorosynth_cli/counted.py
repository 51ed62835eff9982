"""Numbers of things, for people."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    Parameters
    ----------
    number
        Number of them.
    noun
        Name of one of them.

    Examples
    --------
    >>> counted(1, "shard"), counted(2, "shard"), counted(0, "patch")
    ('1 shard', '2 shards', '0 patches')
    """
    ending = "es" if noun.endswith("ch") else "s"
    return f"{number} {noun}{'' if number == 1 else ending}"
