#!/bin/sh
# Packs Node.js and the node_modules that building and testing need into .device/run.tar.xz (git-ignored), for a machine that has
# a GPU but neither Node.js nor a network. There, at the root of a checkout: sh scripts/device-run.sh [COMMAND].
set -eu
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p .device "$work/bin"
cp package.json package-lock.json "$work/"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
# What only typing, formatting and packing need stays behind.
rm -rf node_modules/typescript node_modules/@typescript node_modules/@types node_modules/@biomejs node_modules/clang-format node_modules/.bin
find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -type f -delete
cp "$(node -p process.execPath)" bin/node
strip --strip-unneeded bin/node
tar cf - bin node_modules | xz -T0 -5 > "$root/.device/run.tar.xz"
ls -l "$root/.device"
