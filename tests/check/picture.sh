# SPDX-License-Identifier: BSD-3-Clause
# The picture of src/README.md is that of the includes: after "```arrows" each folder with those that it includes, but for what they
# include in turn, the highest first.  picture.sh FOLDER --print shows what the includes say.
. "${BASH_SOURCE%/*}/../support/check.sh"

# "train comm" for each folder that includes one of another
edges()
{
    grep -rhoP --include='*.[ch]' '^\s*#\s*include\s*"\K[a-z0-9_]+(?=/)' --with-filename src |
        sed -nE 's#^src/([a-z0-9_]+)/[^:]*:(.*)#\1 \2#p' | sort -u | awk '$1 != $2 && $2 != "cairn"'
}

draw()
{
    edges | awk '
        { to[$1] = to[$1] " " $2; direct[$1, $2] = 1; name[$1]; name[$2] }
        function reaches(a, b,    n, i, next_of) { # by at least two arrows
            if ((a, b) in known) return known[a, b]
            n = split(to[a], next_of, " ")
            for (i = 1; i <= n; i++)
                if (next_of[i] != b && (((next_of[i], b) in direct) || reaches(next_of[i], b))) return known[a, b] = 1
            return known[a, b] = 0
        }
        function height(a,    n, i, next_of, h, most) {
            if (a in high) return high[a]
            n = split(to[a], next_of, " ")
            for (i = 1; i <= n; i++) { h = height(next_of[i]) + 1; if (h > most) most = h }
            return high[a] = most + 0
        }
        END {
            for (a in name) {
                line = ""
                n = split(to[a], next_of, " ")
                for (i = 1; i <= n; i++) if (!reaches(a, next_of[i])) line = line " " next_of[i]
                if (line != "") printf "%d %s ->%s\n", height(a), a, line
            }
        }' | LC_ALL=C sort -k1,1nr -k2 | cut -d' ' -f2-
}

if [ "${2-}" = --print ]; then
    draw
    exit
fi
if [ -f src/README.md ] && grep -q '^```arrows$' src/README.md; then
    drawn=$(sed -n '/^```arrows$/,/^```$/p' src/README.md | sed '1d;$d')
    [ "$drawn" = "$(draw)" ] || {
        bad "src/README.md: its arrows are not those of the includes, which are:"
        draw
    }
fi
verdict
