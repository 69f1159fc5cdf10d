#!/bin/sh
# What a newcomer meets: installs a packed torsor in a fresh Debian with nothing but Node.js, without network, compiler, CMake and Python, trains by
# README's commands there, and prints how long each took. As root, with debootstrap: sh scripts/newcomer.sh torsor-0.1.0.tgz [MIRROR OF DEBIAN]
set -eu
tarball=$(realpath "$1")
readme=$(realpath "$(dirname "$0")/../README.md")
npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase bookworm "$root" ${2:+"$2"} > "$root.log" || { cat "$root.log"; exit 1; }
rm "$root.log"
cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules" "$root/project"
cp -r "$npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
cp "$tarball" "$root/torsor.tgz"
# The fifteen lines: the first block of TypeScript.
awk '/^```$/ && on { exit } on { print } /^```ts$/ { on = 1 }' "$readme" > "$root/project/fifteen-lines.mjs"

cat > "$root/newcomer" << 'END'
set -eu
for tool in cc gcc g++ clang cmake make python3; do
  if command -v $tool > /dev/null; then echo "$tool is here"; exit 1; fi
done
cd /project
start=$(date +%s%N)
took() { echo "$1: $((($(date +%s%N) - start) / 1000000)) ms after the start"; }
npm init --yes > /dev/null
npm install /torsor.tgz
took 'installed'
npx torsor train --env CartPole-v1 --out runs/mine | tail -n 4
took 'a policy trained by the command line'
npx torsor eval runs/mine | head -n 2
took 'evaluated'
node fifteen-lines.mjs | grep 'meanReturn'
took 'the fifteen lines'
npx torsor doctor
END
unshare --mount --net --fork sh -c '
  mount -t proc proc "$0/proc"
  exec chroot "$0" env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root sh /newcomer' "$root"
