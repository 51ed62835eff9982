#!/bin/sh
# Train the model in the box from nothing: examples/rebuild/build_default_model.sh OUT
#
# Seventeen stages, about eight hours on two cores. The first seven have earlier recipes,
# default_model_start.toml, default_model_middle.toml and default_model_late.toml, the fifth of them
# without edge enhancement, the seventh with a quarter of empty pictures; the first two a weighted
# loss. The last seven have default_model_last.toml, the first of them without bent backgrounds, two
# with wires alone, one with more empty pictures; in two the rate is constant, then it falls to 0.
# Three are two branches, one whose loss counts what is missed of centrelines. Several stages are
# stopped before the end of their schedules; the weights of their best epoch go on. Means of weights
# go on from several models. docs/model.md says where ours was made otherwise.
#
# All of it in a trial of minutes: N=8 LAST=8 CHOSEN=12 examples/rebuild/build_default_model.sh trial
set -eu
out=$1 n=${N:-2000} last=${LAST:-500} chosen=${CHOSEN:-500} # pictures: an epoch, of stage 10, at the end
here=$(dirname "$0")
mkdir -p "$out"
start="$here/default_model_start.toml" middle="$here/default_model_middle.toml"
late="$here/default_model_late.toml" latest="$here/default_model_last.toml"
sed 's/^background_odds = .*/background_odds = [0.25, 0.35, 0.4]/' "$start" > "$out/stage1.toml"
sed 's/^background_odds = .*/background_odds = [0.2, 0.5, 0.05, 0.25]/
    s/^through = .*/through = 0.0/' "$middle" > "$out/stage3.toml"
sed 's/^background_odds = .*/background_odds = [0.22, 0.33, 0.07, 0.38]/
    /^# Most consoles/,/^stages = .*sharpen/d' "$late" > "$out/stage5.toml"
sed 's/^device_odds = .*/device_odds = [0.525, 0.225, 0.25]/
    s/^kind = "walk"$/&\n\n[[devices]]\nkind = "none"/' "$late" > "$out/stage7.toml"
plain() { # ODDS OF BACKGROUNDS, OF DEVICES: the last recipe, nothing bent, fewer arteries
    sed "s/^background_odds = .*/background_odds = [$1]/
        s/^device_odds = .*/device_odds = [$2]/
        /^# A pack of real frames/,/^spacing = 64.0/d
        /^kind = \"vessels\"/,/^chance/s/^chance = .*/chance = 0.5/" "$latest"
}
plain "0.15, 0.32, 0.1, 0.08, 0.05, 0.06, 0.24" "0.4, 0.2, 0.07, 0.04, 0.07, 0.04, 0.18" > "$out/stage11a.toml"
plain "0.15, 0.32, 0.1, 0.08, 0.05, 0.06, 0.24" "0.45, 0.23, 0.08, 0.04, 0.02, 0.02, 0.16" > "$out/stage11b.toml"
shares() { # ODDS OF DEVICES: the last recipe with others
    sed "s/^device_odds = .*/device_odds = [$1]/" "$latest"
}
shares "0.0, 0.0, 0.0, 0.0, 0.4, 0.25, 0.35" > "$out/wires.toml"
shares "0.38, 0.19, 0.07, 0.04, 0.04, 0.03, 0.25" > "$out/stage16.toml"
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

more() { # RUN RECIPE MODEL LOSS SEED EPOCHS: of double length, at a constant rate
    # shellcheck disable=SC2086
    after "$6" "$out/$1" fluorosynth finetune "$2" --from "$out/$3" --loss "$4" --seed "$5" \
        --epochs 200 --lr 0.0008 $tuned $common --n "$((2 * n))" --schedule constant \
        --ema 0.999 --warmup 200
}
down() { # RUN RECIPE MODEL LOSS SEED EPOCHS RATE: of double length, the rate falls to 0
    # shellcheck disable=SC2086
    fluorosynth finetune "$2" --from "$out/$3" --out "$out/$1" --loss "$4" --seed "$5" \
        --epochs "$6" --lr "$7" $tuned $common --n "$((2 * n))" --warmup 200
}
mean() { # MODEL RUN=SHARE...
    name=$1
    shift
    for one in "$@"; do
        set -- "$@" "$out/$one"
        shift
    done
    python "$here/average_models.py" "$out/$name" "$@"
}
more stage11a "$out/stage11a.toml" stage10 dice_ce_centreline 21 11
more stage11b "$out/stage11b.toml" stage10 dice_ce_empty 22 8
mean mean11.pt stage11a=.5 stage11b=.5
more stage12a "$latest" mean11.pt dice_ce_centreline 31 8
more stage12b "$latest" mean11.pt dice_ce_empty 32 6
mean mean12.pt stage12a=.5 stage12b=.5
down stage13 "$latest" mean12.pt dice_ce_empty 41 3 0.0004
mean mean13.pt stage12a=.6 stage13=.4
down stage14a "$latest" mean13.pt dice_ce_centreline 51 4 0.0004
down stage14b "$latest" mean13.pt dice_ce_empty 52 4 0.0004
mean mean14.pt stage14a=.5 stage14b=.5
down stage15 "$out/wires.toml" mean14.pt dice_ce_centreline 71 6 0.0008
mean mean15.pt mean14.pt=.85 stage15=.15
down stage16 "$out/stage16.toml" mean15.pt dice_ce_empty 82 11 0.0005
mean mean16.pt stage13=.4 stage16=.45 stage15=.15
down stage17 "$out/wires.toml" mean16.pt dice_ce_centreline 83 5 0.0007
mean mean17.pt mean14.pt=.5 stage16=.4 stage17=.1
python "$here/calibrate_model.py" "$out/mean17.pt" "$out/default.pt" --n "$chosen"
