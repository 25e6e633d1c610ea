#!/bin/sh
# Draws the icons that the bundles need from icon.svg. Wants rsvg-convert (librsvg2-bin), convert (imagemagick) and
# png2icns (icnsutils). What it makes is committed, so that a build wants none of them.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

draw() { rsvg-convert --width "$1" --height "$1" --output "$2" icon.svg; }

draw 32 32x32.png
draw 128 128x128.png
draw 256 128x128@2x.png
draw 512 icon.png
for size in 16 24 32 48 64 128 256 512 1024; do draw "$size" "$work/$size.png"; done
convert "$work/16.png" "$work/24.png" "$work/32.png" "$work/48.png" "$work/64.png" "$work/256.png" icon.ico
png2icns icon.icns "$work/16.png" "$work/32.png" "$work/48.png" "$work/128.png" "$work/256.png" "$work/512.png" "$work/1024.png" >/dev/null
