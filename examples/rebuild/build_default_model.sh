#!/bin/sh
# Train the model in the box from nothing: examples/rebuild/build_default_model.sh OUT
#
# Ten stages, about five hours on two cores. The first seven have earlier recipes,
# default_model_start.toml, default_model_middle.toml and default_model_late.toml, the fifth of them
# without edge enhancement, the seventh with a quarter of empty pictures; the first two a weighted
# loss. Four are stopped before the end of their schedules; the weights of their best epoch go on.
# Two models are means of others' weights. docs/model.md says where ours was made otherwise.
#
# All of it in a trial of minutes: N=8 LAST=8 CHOSEN=12 examples/rebuild/build_default_model.sh trial
set -eu
out=$1 n=${N:-2000} last=${LAST:-500} chosen=${CHOSEN:-600} # pictures: an epoch, of stage 10, at the end
here=$(dirname "$0")
mkdir -p "$out"
start="$here/default_model_start.toml" middle="$here/default_model_middle.toml"
late="$here/default_model_late.toml"
sed 's/^background_odds = .*/background_odds = [0.25, 0.35, 0.4]/' "$start" > "$out/stage1.toml"
sed 's/^background_odds = .*/background_odds = [0.2, 0.5, 0.05, 0.25]/
    s/^through = .*/through = 0.0/' "$middle" > "$out/stage3.toml"
sed 's/^background_odds = .*/background_odds = [0.22, 0.33, 0.07, 0.38]/
    /^# Most consoles/,/^stages = .*sharpen/d' "$late" > "$out/stage5.toml"
sed 's/^device_odds = .*/device_odds = [0.525, 0.225, 0.25]/
    s/^kind = "walk"$/&\n\n[[devices]]\nkind = "none"/' "$late" > "$out/stage7.toml"
common="--schedule cosine --ema 0.998 --validation 0.05 --n $n"
tuned="--layers all --batch-size 8 --warmup 50"

after() { # EPOCHS RUN COMMAND... : stop a run after so many epochs
    epochs=$1 run=$2
    shift 2
    "$@" --out "$run" &
    started=$!
    until [ "$(wc -l < "$run/metrics.csv" 2>/dev/null || echo 0)" -gt "$epochs" ]; do sleep 2; done
    kill "$started" || true
    wait "$started" || true
}

# shellcheck disable=SC2086
after 11 "$out/stage1" fluorosynth train "$out/stage1.toml" --network light_deep --per-image \
    --loss dice_ce --epochs 30 --crop 192 --batch-size 16 --lr 0.0015 --warmup 100 --start-bias 3 $common
# shellcheck disable=SC2086
fluorosynth finetune "$start" --from "$out/stage1" --out "$out/stage2" \
    --loss dice_ce --epochs 12 --lr 0.001 $tuned $common
# shellcheck disable=SC2086
after 9 "$out/stage3" fluorosynth finetune "$out/stage3.toml" --from "$out/stage2" \
    --loss dice_plain_ce --epochs 15 --lr 0.001 $tuned $common
# shellcheck disable=SC2086
fluorosynth finetune "$middle" --from "$out/stage3" --out "$out/stage4" \
    --loss dice_plain_ce --epochs 14 --lr 0.0008 $tuned $common
# shellcheck disable=SC2086
fluorosynth finetune "$out/stage5.toml" --from "$out/stage4" --out "$out/stage5" \
    --loss dice_plain_ce --epochs 16 --lr 0.0008 --seed 1 $tuned $common
# shellcheck disable=SC2086
fluorosynth finetune "$late" --from "$out/stage5" --out "$out/stage6" \
    --loss dice_plain_ce --epochs 16 --lr 0.0006 --seed 2 $tuned $common
# shellcheck disable=SC2086
after 7 "$out/stage7" fluorosynth finetune "$out/stage7.toml" --from "$out/stage6" \
    --loss dice_plain_ce --epochs 8 --lr 0.0005 $tuned $common
python "$here/average_models.py" "$out/half.pt" "$out/stage6=.7" "$out/stage7=.3"
# shellcheck disable=SC2086
after 1 "$out/stage8" fluorosynth finetune physics --from "$out/half.pt" \
    --loss dice_ce_empty --epochs 5 --lr 0.0004 --seed 4 $tuned $common
# shellcheck disable=SC2086
after 1 "$out/stage9" fluorosynth finetune physics --from "$out/stage8" \
    --loss dice_ce_empty --epochs 4 --lr 0.0004 --seed 5 $tuned $common
python "$here/average_models.py" "$out/mean.pt" "$out/stage8=.5" "$out/stage9=.5"
# shellcheck disable=SC2086
fluorosynth finetune physics --from "$out/mean.pt" --out "$out/stage10" \
    --loss dice_ce_empty --epochs 6 --lr 0.0003 --seed 8 $tuned $common --n "$last"
python "$here/calibrate_model.py" "$out/stage10" "$out/default.pt" --n "$chosen"
