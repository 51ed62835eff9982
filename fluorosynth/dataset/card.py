"""What closes a set: its picture, the card ``README.md`` that people read, and its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluorosynth.dataset.manifest import (
    MANIFEST,
    PREVIEW,
    SEQUENCES_VERSION,
    VERSION,
    Manifest,
    ShardEntry,
)
from fluorosynth.shards import software

if TYPE_CHECKING:
    from fluorosynth.dataset.plan import Plan

CARD = "README.md"
_SHOWN = 16  # pictures in the preview


def write_card(
    plan: Plan, recipe_text: str, seed: int, fingerprint: list[str], digests: dict[int, str]
) -> None:
    """Close a set: picture, card, and last the manifest, each appearing whole.

    Parameters
    ----------
    plan
        Plan of the set.
    recipe_text
        Recipe as TOML.
    seed
        Seed of the set.
    fingerprint
        Fingerprints of the recipe's sources, opened with that seed.
    digests
        Digests of files by the number of the shard, where they are known: these files are not read
        again.
    """
    from fluorosynth.dataset.preview import preview_sheet, spread_out
    from fluorosynth.io.contact_sheet import png_bytes

    store, names = plan.store, [plan.name(number) for number in range(plan.shards)]
    known = {plan.name(number): text for number, text in digests.items()}
    entries = []
    for number, (size, found) in enumerate(store.measure(names, known)):
        (first, count), name = plan.span(number), names[number]
        entry = ShardEntry(file=name, first=first, count=count, bytes=size, xxh3_128=found)
        entries.append(entry)
    manifest = Manifest(
        format_version=VERSION if plan.frames == 1 else SEQUENCES_VERSION,
        n=plan.n,
        frames=plan.frames,
        size=plan.size,
        seed=seed,
        recipe=recipe_text,
        fingerprints=fingerprint,
        software=software(),
        shards=entries,
    )
    with store.opened(entries[0]) as shard:
        few = _SHOWN if plan.frames == 1 else _SHOWN // 4
        samples = [
            shard.sample(row, frame)
            for row in range(min(few, shard.info.count))
            for frame in spread_out(plan.frames, 4)
        ]
    store.put(PREVIEW, png_bytes(preview_sheet(samples)))
    store.put(CARD, _card(manifest).encode())
    only = {"frames"} if plan.frames == 1 else None
    store.put(MANIFEST, (manifest.model_dump_json(indent=1, exclude=only) + "\n").encode())


def _card(manifest: Manifest) -> str:
    total = sum(entry.bytes for entry in manifest.shards)
    frames = "" if manifest.frames == 1 else f", each a sequence of {manifest.frames} frames"
    versions = ", ".join(f"{name} {number}" for name, number in manifest.software.items())
    return f"""# Synthetic fluoroscopy: {manifest.n} labelled images

![the first samples, labels outlined]({PREVIEW})

| | |
|---|---|
| samples | {manifest.n}, indices 0 to {manifest.n - 1} of seed {manifest.seed}{frames} |
| pictures | {manifest.size} x {manifest.size}, 8 bit grey |
| masks | 0 background, 1 instrument, 255 no truth |
| files | {len(manifest.shards)} HDF5 shards, {total / 1e6:.0f} MB |
| made with | {versions} |

Check it: `fluorosynth verify .` Every checksum is in `{MANIFEST}`.

```python
import h5py
shard = h5py.File("{manifest.shards[0].file}")
image, mask = shard["images"][0], shard["masks"][0]
```

## Recipe

```toml
{manifest.recipe}```
"""
