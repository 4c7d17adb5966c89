# SPDX-License-Identifier: BSD-3-Clause
# Every source file says its licence in its first two lines.
. "${BASH_SOURCE%/*}/../support/check.sh"

programs()
{
    sources launch datasets .ci -- '*' | xargs -r grep -lIE '^#!' /dev/null || true
}

while IFS= read -r file; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' || bad "$file: no SPDX line at its top"
done < <(
    sources include src tests launch datasets -- '*.c' '*.h' '*.def' '*.sh' '*.py' '*.cmake' '*.h.in' '*.cmake.in' \
        '*.yaml' '*.sbatch' CMakeLists.txt
    sources CMakeLists.txt CITATION.cff -- '*'
    programs
)
verdict
