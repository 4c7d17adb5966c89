# SPDX-License-Identifier: BSD-3-Clause
# Pages of the manual: one for each command, with each of its flags, and cairn-options(5) with each key; man and mandoc have
# nothing to say against them, and making them again gives the same bytes.
. "${BASH_SOURCE%/*}/../support/run.sh"

pages=$CAIRN_BUILD/share/man
[ -d "$pages" ] || skip "this build made no pages"
"$cairn" -h | sed -nE 's/^  ([a-z]+)  .*/\1/p' >commands
[ "$(wc -l <commands)" -gt 10 ] || fail "cairn -h lists few commands"
# in_page PAGE WORD: as roff writes it
in_page()
{
    grep -qF -- "$(sed 's/-/\\-/g' <<<"$2")" "$1" || fail "$1 lacks $2"
}
while read -r command; do
    [ -s "$pages/man1/cairn-$command.1" ] || fail "no cairn-$command(1)"
    in_page "$pages/man1/cairn.1" "cairn-$command"
    for flag in $("$cairn" "$command" -h | grep -oE '^  --?[a-z-]+'); do in_page "$pages/man1/cairn-$command.1" "$flag"; done
done <commands
for key in $("$cairn" options | grep -oE '^  [a-z_]+\.[a-z0-9_]+'); do in_page "$pages/man5/cairn-options.5" "$key"; done

"$CAIRN_BUILD/cairn_pages" "$CAIRN_SOURCE/src/cli/pages" "$work/again"
for folder in man bash-completion zsh; do
    diff -r "$CAIRN_BUILD/share/$folder" "again/$folder" >out || fail "made again, $folder is another one"
done
page=$CAIRN_BUILD/launch/cairn-mpirun.1
words() { tr -s ' \n' '\n'; }
sed -n '/^\.SH SYNOPSIS/,/^\.SH SEE/{/^\./d;s/\\-/-/g;p}' "$page" | words >in_page
"$CAIRN_SOURCE/launch/cairn-mpirun" --help | grep -v '^$' | words | diff in_page - >out || fail "cairn-mpirun(1) (<) and cairn-mpirun --help (>) differ: $(cat out)"
! grep -rlF -- "$CAIRN_BUILD" again || fail "a page names the folder of the build"

needs man mandoc
for page in "$pages"/man?/* "$CAIRN_BUILD/launch/cairn-mpirun.1"; do
    # There is no date: what is built of the same source is the same on any day.
    mandoc -Tlint "$page" | grep -v 'missing date' >out || true
    [ ! -s out ] || fail "mandoc: $(head -n 3 out)"
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 "$page" >/dev/null 2>out || fail "man $page"
    [ ! -s out ] || fail "man: $(head -n 3 out)"
done
