"""What came of an adaptation, in sentences."""

from __future__ import annotations

from fluorosynth.learn.adaptation.adapt import Adapted


def as_text(done: Adapted) -> str:
    """Return what was used, the figures before and after, and which model is kept.

    Parameters
    ----------
    done
        Finished adaptation.
    """
    used, run = done.report["used"], done.report["run"]
    lines = [f"sure of {used['curves']} curves in {used['kept']} of {used['frames']} frames"]
    for what, scores in done.report["measured"].items():
        both = (
            f"{name} {scores['before'][name]:.3f} -> {scores['after'][name]:.3f}"
            for name in scores["before"]
        )
        lines.append(f"{what}: {', '.join(both)}")
    flicker = run["flicker_before"], run["flicker_after"]
    lines.append(
        f"run: the two agree by Dice {run['dice']:.3f}; marked pixels "
        f"{run['marked_before']:.2%} -> {run['marked_after']:.2%}"
        + ("" if None in flicker else f"; flicker {flicker[0]:.3f} -> {flicker[1]:.3f}")
    )
    return "\n".join([*lines, *done.worse, f"{done.report['kept']} model: {done.model}"])
