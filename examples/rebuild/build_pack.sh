#!/bin/sh
# Cut the pack of fluorosynth/backgrounds/pack again, byte for byte, from the published frames.
#
#   examples/rebuild/build_pack.sh ARCADE DANILOV OUT
#
# ARCADE   the folder syntax/val/images of ARCADE (1.png, 2.png, ...)
# DANILOV  a folder with the frames 14_021_1_*.png of "Dataset for coronary artery stenosis", as PNG
# OUT      a new folder
#
# The windows were found, with DATA less the frames that are kept for measuring transfer, by
#   fluorosynth patches DATA --out A --count 240 --smallest 160 --ceiling 0.3
#   fluorosynth patches DATA --out B --count 200 --smallest 220 --ceiling 0.6
#   fluorosynth patches DATA --out C --count 240 --smallest 144 --ceiling 0.4 --seed 1
# and of their union every one that shows an instrument, a thick vessel or another patch's place was struck out.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
data=$(mktemp -d)
trap 'rm -r "$data"' EXIT
ln -s "$(cd "$1" && pwd)" "$data/arcade"
ln -s "$(cd "$2" && pwd)" "$data/danilov"
fluorosynth patches "$data" --manifest "$here/fluorosynth/backgrounds/pack/patches.csv" --out "$3"
for patch in "$here"/fluorosynth/backgrounds/pack/*.png; do
    cmp "$patch" "$3/$(basename "$patch")"
done
