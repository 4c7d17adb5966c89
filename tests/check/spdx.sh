# SPDX-License-Identifier: BSD-3-Clause
# Every source file says its licence in its first two lines.  Not what earlier versions wrote (tests/earlier).
. "${BASH_SOURCE%/*}/../support/check.sh"

programs()
{
    sources launch datasets .ci -- '*' | xargs -r grep -lIE '^#!' /dev/null || true
}

# says_nothing: those of the files on stdin, in their first two lines
says_nothing()
{
    local files line='SPDX-License-Identifier: BSD-3-Clause'
    files=$(cat)
    xargs -r grep -L "$line" /dev/null <<<"$files" | grep -vx /dev/null || true
    xargs -r grep -nm 1 "$line" /dev/null <<<"$files" | awk -F: '$2 > 2 { print $1 }'
}

all_bad < <({
    sources include src tests launch datasets -- '*.c' '*.h' '*.cpp' '*.f90' '*.def' '*.sh' '*.py' '*.cmake' '*.h.in' '*.cmake.in' \
        '*.yaml' '*.sbatch' CMakeLists.txt
    sources CMakeLists.txt CITATION.cff -- '*'
    programs
} | grep -v "tests/earlier/" | says_nothing | sed 's/$/: no SPDX line at its top/')
verdict
