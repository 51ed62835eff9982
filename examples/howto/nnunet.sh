#!/bin/sh
# Train nnU-Net v2 on generated data: https://github.com/MIC-DKFZ/nnUNet
#
#   pip install nnunetv2        # brings PyTorch; a GPU is as good as needed
#   examples/howto/nnunet.sh OUT [FRAMES]
#
# OUT      a new folder for everything nnU-Net reads and writes
# FRAMES   a folder of PNG frames to segment afterwards; without it, the training's own
#
# Variables: N samples (default 2000), DEVICE (cuda; cpu, mps), TRAINER (nnUNetTrainer;
# nnUNetTrainer_1epoch for a trial).
set -eu
out=$1 frames=${2:-} trainer=${TRAINER:-nnUNetTrainer} device=${DEVICE:-cuda}
export nnUNet_raw="$out/raw" nnUNet_preprocessed="$out/preprocessed" nnUNet_results="$out/results"
mkdir -p "$nnUNet_raw" "$nnUNet_preprocessed" "$nnUNet_results"

fluorosynth generate --n "${N:-2000}" --out "$out/synthetic" --quiet
fluorosynth export "$out/synthetic" --to nnunet --out "$nnUNet_raw/Dataset101_Catheter" --quiet

# Every picture is plain 2-D, of one size and checked by fluorosynth
nnUNetv2_plan_and_preprocess -d 101 -c 2d --verify_dataset_integrity
nnUNetv2_train 101 2d 0 -tr "$trainer" -device "$device"

# nnU-Net wants NAME_0000.png, grey
if [ -z "$frames" ]; then
    input=$nnUNet_raw/Dataset101_Catheter/imagesTr
else
    input=$out/frames
    mkdir -p "$input"
    for file in "$frames"/*.png; do
        name=$(basename "$file" .png)
        cp "$file" "$input/${name}_0000.png"
    done
fi
nnUNetv2_predict -i "$input" -o "$out/predicted" -d 101 -c 2d -f 0 -tr "$trainer" -device "$device" \
    -chk checkpoint_best.pth
