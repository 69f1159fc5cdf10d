#!/bin/sh
# `npm run device:pack`: packs Node.js and the node_modules that building and testing need into .device/run.tar.xz (git-ignored), for a machine
# that has a GPU but neither Node.js nor a network. There, at the root of a checkout with .device/: sh scripts/device-run.sh [STAGE…].
set -eu
cd "$(dirname "$0")/.."
root=$PWD
node scripts/setup.mjs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p .device "$work/bin"
cp -r node_modules "$work/"
git rev-parse HEAD > .device/commit
cd "$work"
# What only formatting needs stays behind, and what set-up knows of this checkout's build; not that its dependencies are installed.
rm -rf node_modules/@biomejs node_modules/clang-format node_modules/.bin node_modules/.vite* node_modules/.torsor/native node_modules/.torsor/typescript
find node_modules \( -name '*.map' -o -name '*.md' \) -type f -delete
cp "$(node -p process.execPath)" bin/node
strip --strip-unneeded bin/node
tar cf - bin node_modules | xz -T0 -5 > "$root/.device/run.tar.xz"
ls -l "$root/.device"
