#!/bin/sh
# On the machine scripts/device-pack.sh packed for, at the repository's root: unpacks Node.js once, then runs the stages named of
# scripts/device.mjs (all of them without a name).
set -eu
run=${TORSOR_RUN_DIR:-/tmp/torsor-run}
if [ ! -x "$run/bin/node" ]; then
  mkdir -p "$run"
  tar xf .device/run.tar.xz -C "$run" 2>/dev/null || python3 -m tarfile -e .device/run.tar.xz "$run"  # without xz
fi
[ -d node_modules ] || cp -r "$run/node_modules" node_modules
PATH="$run/bin:$PATH" exec node scripts/device.mjs "$@"
