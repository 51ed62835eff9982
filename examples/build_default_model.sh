#!/bin/sh
# Train the model in the box from nothing: examples/build_default_model.sh OUT
#
# Three stages, about an hour and a half on one core and @@ on two. The first two have an earlier
# recipe, default_model_start.toml, and a weighted loss; the first has the schedule of 30 epochs and is
# stopped after 11, the weights of its best epoch go on.
set -eu
out=$1
here=$(dirname "$0")
mkdir -p "$out"
sed 's/^background_odds = .*/background_odds = [0.25, 0.35, 0.4]/' \
    "$here/default_model_start.toml" > "$out/stage1.toml"
common="--schedule cosine --ema 0.998 --validation 0.05 --n 2000"
fluorosynth train "$out/stage1.toml" --out "$out/stage1" --network light_deep --per-image \
    --loss dice_ce --epochs 30 --crop 192 --batch-size 16 --lr 0.0015 --warmup 100 \
    --start-bias 3 $common &
run=$!
until [ "$(wc -l < "$out/stage1/metrics.csv" 2>/dev/null || echo 0)" -gt 11 ]; do sleep 5; done
kill "$run"; wait "$run" || true
fluorosynth finetune "$here/default_model_start.toml" --from "$out/stage1" --layers all \
    --out "$out/stage2" --loss dice_ce --epochs 12 --batch-size 8 --lr 0.001 --warmup 50 $common
fluorosynth finetune physics --from "$out/stage2" --layers all \
    --out "$out/stage3" --loss dice_plain_ce --epochs 15 --batch-size 8 --lr 0.001 --warmup 50 $common
fluorosynth model export "$out/stage3" --out "$out/default.pt"
