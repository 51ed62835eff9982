#!/bin/sh
# The publication's ablations at small size, as one table of Dice.
#
#   examples/studies/ablations.sh OUT [FRAMES TEST]
#
# OUT      a new folder; interrupted, the same command goes on
# FRAMES   labelled frames to fine-tune on, TEST others to measure on (a folder with masks each);
#          without them both are synthetic, of other seeds than the training's: then the table
#          shows the machinery, not transfer
#
# Compared: Dice against cross-entropy, light against Ambrosini, before against after fine-tuning of
# 7, 13 and 19 layers. Networks, losses and layers are the publication's; the number of samples,
# epochs and the crops are not. Set N, EPOCHS, TUNE_EPOCHS, CROP and SIZE for more; all at once in a
# trial of minutes: N=12 EPOCHS=1 TUNE_EPOCHS=1 CROP=32 SIZE=32 examples/studies/ablations.sh trial
set -eu
out=$1 frames=${2:-} test=${3:-}
n=${N:-600} epochs=${EPOCHS:-4} tune_epochs=${TUNE_EPOCHS:-5} crop=${CROP:-128} size=${SIZE:-256}
mkdir -p "$out"

fluorosynth generate --n "$n" --out "$out/synthetic" --quiet
if [ -z "$frames" ]; then
    frames=$out/frames test=$out/test
    fluorosynth generate --n 40 --seed 1 --out "$frames" --quiet
    fluorosynth generate --n 40 --seed 2 --out "$test" --quiet
fi

train() { # NAME OPTIONS...
    name=$1
    shift
    fluorosynth train "$out/synthetic" --out "$out/runs/$name" --quick --network light \
        --loss dice --crop "$crop" --epochs "$epochs" --quiet "$@"
    measure "$name"
}

measure() { # NAME
    fluorosynth evaluate "$test" --model "$out/runs/$1" --out "$out/reports/$1" --size "$size" --quiet
}

train light-dice
train light-cross_entropy --loss cross_entropy
train ambrosini-dice --network ambrosini
for layers in 7 13 19; do
    fluorosynth finetune "$frames" --from "$out/runs/light-dice" --out "$out/runs/tuned-$layers" \
        --layers "$layers" --epochs "$tune_epochs" --crop "$crop" --no-augment --mix 0 --quiet
    measure "tuned-$layers"
done

python3 - "$out/reports" <<'PYTHON'
import json, pathlib, sys

print(f"{'':<22}{'> 0.01':>10}{'> 0.5':>10}{'> best':>10}   Dice, mean over sequences")
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/summary.json")):
    found = {r["what"]: r for r in json.loads(path.read_text())["results"]}
    best = found["best of validation"]
    rows = [found.get("paper", best), found.get("half", best), best]
    dice = "".join(f"{row['over_sequences']['dice']['mean']:>10.3f}" for row in rows)
    print(f"{path.parent.name:<22}{dice}")
PYTHON
