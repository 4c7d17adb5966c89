# SPDX-License-Identifier: BSD-3-Clause
# Functions for the rules that sources keep to.  A check looks at the folder given as its argument, else at this one:
#
#   . "${BASH_SOURCE%/*}/../support/check.sh"
#   ... bad "FILE:LINE: what is wrong" ...
#   verdict

set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"
n_bad=0

bad()
{
    echo "$*"
    n_bad=$((n_bad + 1))
}

# all_bad: bad for each line of the input
all_bad()
{
    local line
    while IFS= read -r line; do bad "$line"; done
}

# The sources below the given folders (those that are there) whose name matches one of the patterns: sources FOLDERS -- PATTERNS
sources()
{
    local folders=() names=()
    while [ "$1" != -- ]; do
        [ ! -e "$1" ] || folders+=("$1")
        shift
    done
    shift
    names=(-name "$1")
    shift
    while [ $# -gt 0 ]; do
        names+=(-o -name "$1")
        shift
    done
    [ ${#folders[@]} = 0 ] || find "${folders[@]}" -type f \( "${names[@]}" \) | LC_ALL=C sort
}

c_sources()
{
    sources include src tests launch -- '*.c' '*.h'
}

verdict()
{
    [ "$n_bad" = 0 ] || {
        echo "FAIL: $n_bad in $PWD"
        exit 1
    }
}
