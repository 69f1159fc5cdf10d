#!/bin/sh
# On the machine scripts/device-pack.sh packed for, at the repository's root: unpacks Node.js once, builds with CUDA, then runs what is
# given (default: the tests).
set -eu
run=${TORSOR_RUN_DIR:-/tmp/torsor-run}
if [ ! -x "$run/bin/node" ]; then
  mkdir -p "$run"
  tar xf .device/run.tar.xz -C "$run" 2>/dev/null || python3 -m tarfile -e .device/run.tar.xz "$run"  # without xz
fi
[ -d node_modules ] || cp -r "$run/node_modules" node_modules
export PATH="$run/bin:$PATH"
TORSOR_CUDA=ON node scripts/setup.mjs native > build.log 2>&1 || { tail -30 build.log; exit 1; }
[ $# -gt 0 ] || set -- node node_modules/vitest/vitest.mjs run
exec "$@"
