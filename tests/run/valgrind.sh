# SPDX-License-Identifier: BSD-3-Clause
# Tests of several ranks under valgrind: no read of what was not written, nothing beyond its end, nothing lost.
#
#   valgrind.sh [full]     all of them; else two
. "${BASH_SOURCE%/*}/../support/run.sh"

needs valgrind
! grep -q avx512 /proc/cpuinfo || grep -qE '^CAIRN_ARCH:STRING=x86-64' "$CAIRN_BUILD/CMakeCache.txt" ||
    skip "valgrind does not know AVX-512: cmake --preset dev -DCAIRN_ARCH=x86-64-v3"

programs=("$CAIRN_BUILD"/tests/mpi_test_comm "$CAIRN_BUILD"/tests/mpi_test_formula)
[ $is_full = no ] || programs=("$CAIRN_BUILD"/tests/mpi_test_*)

options=(-q --num-callers=40 --error-exitcode=9 --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite "--suppressions=$CAIRN_SOURCE/tests/support/openmpi.supp")
packaged=/usr/share/openmpi/openmpi-valgrind.supp
[ ! -e "$packaged" ] || options+=("--suppressions=$packaged")

for program in "${programs[@]}"; do
    name=${program##*/}
    MPIEXEC_TIMEOUT=500 "$CAIRN_MPIEXEC" -n 2 valgrind "${options[@]}" "$program" >out 2>err </dev/null ||
        fail "${name#mpi_} under valgrind"
    echo "${name#mpi_} is clean"
done
