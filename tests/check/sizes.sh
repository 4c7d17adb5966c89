# SPDX-License-Identifier: BSD-3-Clause
# Sizes that can be read: function, arguments, nesting, file, line.
. "${BASH_SOURCE%/*}/../support/check.sh"
if ! ctags --version 2>/dev/null | grep -q Universal; then
    echo "SKIP: Universal Ctags is not installed (launch/install-deps --tests)"
    exit 77
fi

# callbacks whose arguments a library prescribes
forced=" keep_bytes "

max_function=60 max_median=15 max_file=400 max_columns=100 max_arguments=6 max_nesting=3
tab=$'\t'

functions()
{
    c_sources | ctags -x --languages=C --langmap=C:.c.h --kinds-C=f --_xformat="%F$tab%n$tab%{end}$tab%N$tab%{signature}" -L -
}

# Arguments: commas outside of inner parentheses.  Nesting: braces inside the function, without text and comments.
all_bad < <(functions | awk -F'\t' -v lines=$max_function -v arguments=$max_arguments -v nesting=$max_nesting -v forced="$forced" '
    function inner(text) { gsub(/"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047|\/\*.*\*\/|\/\/.*/, "", text); return text }
    {
        where = $1 ":" $2 ": " $4
        if ($3 - $2 + 1 > lines) print where " has " $3 - $2 + 1 " lines, at most " lines
        text = substr($5, 2, length($5) - 2)
        while (gsub(/\([^()]*\)/, "", text)) { }
        n = gsub(/,/, "", text) + 1
        if (n > arguments && index(forced, " " $4 " ") == 0) print where " has " n " arguments, at most " arguments
        depth = deepest = at = 0
        while (at < $3 && (getline line < $1) > 0) {
            if (++at < $2) continue
            line = inner(line)
            for (i = 1; i <= length(line); i++) {
                c = substr(line, i, 1)
                if (c == "{" && ++depth > deepest) deepest = depth
                if (c == "}") depth--
            }
        }
        close($1)
        if (deepest - 1 > nesting) print where " nests " deepest - 1 " deep, at most " nesting
    }')

median=$(functions | awk -F'\t' '/^src\// { print $3 - $2 + 1 }' | sort -n |
    awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] + 0 }')
[ "$median" -lt $max_median ] || bad "src: the median function has $median lines, less than $max_median wanted"

all_bad < <(sources include src tests launch .ci -- '*.c' '*.h' '*.sh' '*.def' '*.cmake' CMakeLists.txt | xargs -r wc -l |
    awk -v most=$max_file '$1 > most && $2 != "total" { print $2 ": " $1 " lines, at most " most }')
all_bad < <(c_sources | xargs -r grep -nE "^.{$((max_columns + 1)),}" /dev/null | sed -E "s/^([^:]*:[0-9]+):.*/\1: more than $max_columns columns/")
# The one page of an update, and what a trainer is.
[ ! -f src/train/update.c ] || all_bad < <(awk '/^cairn_status cairn_trainer_accumulate/ { begin = NR }
    /cairn_optim_update/ { end = NR }
    END { if (end - begin > 59) print "src/train/update.c: " end - begin + 1 " lines from accumulate to optimizer, at most 60" }' src/train/update.c)
[ ! -f src/train/trainer.h ] || all_bad < <(awk 'END { if (NR > 120) print FILENAME ": " NR " lines, at most 120" }' src/train/trainer.h)
verdict
