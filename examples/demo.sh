#!/bin/sh
# The main job of Cairn in a minute, on a temporary copy of
# examples/elixir-migration.md. It needs Go, touches nothing of yours, leaves
# nothing behind and may be repeated.
set -eu
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

echo 'Building cairn …'
CGO_ENABLED=0 go build -buildvcs=false -o "$tmp/bin/cairn" ./cmd/cairn

mkdir "$tmp/work" "$tmp/home"
cp examples/elixir-migration.md "$tmp/work/"
cp examples/elixir-migration.md "$tmp/before.md"
cd "$tmp/work"

# Everything that Cairn keeps lies below $tmp.
unset CAIRN_CHECKLIST CAIRN_SERVER XDG_DATA_HOME XDG_CONFIG_HOME
HOME=$tmp/home XDG_STATE_HOME=$tmp/home/state CAIRN_DATA=$tmp/work/.cairn CAIRN_ACTOR=ada@example.com
PATH=$tmp/bin:$PATH
export HOME XDG_STATE_HOME CAIRN_DATA CAIRN_ACTOR PATH

say() { printf '\n# %s\n' "$1"; }

# cairn_ ARGS... shows the command as one would type it, and runs it.
cairn_() {
	printf '$ cairn'
	for arg in "$@"; do
		case $arg in
		*[!A-Za-z0-9_./:,=@+-]*) printf " '%s'" "$arg" ;;
		*) printf ' %s' "$arg" ;;
		esac
	done
	printf '\n'
	cairn "$@" 2>&1
}

say 'The checklist that the team already has becomes a log of events.'
cairn_ import elixir-migration.md

say 'Work it: each change is one event, and the file follows.'
cairn_ plan --owner Ada --start 2026-12-01 --finish 2027-09-30
cairn_ start core_events core_users
cairn_ done core_events -m 'mix new, compiles in CI'
cairn_ hold 19 --until fri -m 'port clash with the legacy gateway'
cairn_ link 14 https://github.com/acme/beam/issues/12
cairn_ drop 51 -m 'one base image serves all'

say 'Where it stands.'
cairn_ show

say 'Who changed what, when and why.'
cairn_ log

say 'As it was right after the import.'
cairn_ show 2 --as-of import

say 'The file is the checklist, byte for byte …'
echo '$ cairn export | cmp - elixir-migration.md'
cairn export >"$tmp/export.md"
cmp "$tmp/export.md" elixir-migration.md

say '… and nothing but what changed is different.'
echo '$ diff before.md elixir-migration.md'
diff "$tmp/before.md" elixir-migration.md && exit 1 || [ $? -eq 1 ]

printf '\nDone. All of it was in a temporary folder, which is gone now.\n'
