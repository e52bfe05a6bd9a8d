#!/bin/sh
# Ends a child whose parent died without ending it: `guard.sh SIGNAL PID [DIR]`, standard input a pipe from the parent.
# A line on the pipe means "no longer needed". Its end means the parent is gone (SIGKILL, crash): the process gets
# SIGNAL, five seconds later it and its children SIGKILL, and DIR is removed. PID 0 guards a folder only.
read -r _ && exit 0
signal=$1 pid=$2 dir=$3
if [ "$pid" -gt 0 ]; then
  children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
  # shellcheck disable=SC2086 # a list of pids
  kill -CONT $pid $children 2>/dev/null
  kill -"$signal" "$pid" 2>/dev/null
fi
tries=0
while [ "$pid" -gt 0 ] && [ $tries -lt 50 ] && kill -0 "$pid" 2>/dev/null; do
  sleep 0.1
  tries=$((tries + 1))
done
if [ "$pid" -gt 0 ] && kill -0 "$pid" 2>/dev/null; then
  children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
  # shellcheck disable=SC2086
  kill -KILL $pid $children 2>/dev/null
fi
tries=0
while [ -n "$dir" ] && [ -e "$dir" ] && [ $tries -lt 20 ]; do
  rm -rf "$dir" 2>/dev/null || sleep 0.5
  tries=$((tries + 1))
done
