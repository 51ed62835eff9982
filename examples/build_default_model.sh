#!/bin/sh
# Train the model in the box from nothing: examples/build_default_model.sh OUT
#
# About an hour and a half on one core. Stage 1 has the schedule of 30 epochs and is stopped after 11;
# the weights of its best epoch go on.
set -eu
out=$1
mkdir -p "$out"
python - "$out/stage1.toml" <<'PY'
import sys
from dataclasses import replace
from pathlib import Path

from fluorosynth import Recipe

recipe = replace(Recipe.preset("physics"), background_odds=(0.25, 0.35, 0.4))
Path(sys.argv[1]).write_text(recipe.to_toml(), "utf-8")
PY
common="--loss dice_ce --schedule cosine --ema 0.998 --validation 0.05"
fluorosynth train "$out/stage1.toml" --out "$out/stage1" --network light_deep --per-image \
    --n 2000 --epochs 30 --crop 192 --batch-size 16 --lr 0.0015 --warmup 100 --start-bias 3 $common &
run=$!
until [ "$(wc -l < "$out/stage1/metrics.csv" 2>/dev/null || echo 0)" -gt 11 ]; do sleep 5; done
kill "$run"; wait "$run" || true
fluorosynth finetune physics --from "$out/stage1" --layers all --out "$out/stage2" \
    --n 2000 --epochs 12 --batch-size 8 --lr 0.001 --warmup 50 $common
fluorosynth model export "$out/stage2" --out "$out/default.pt"
