# SPDX-License-Identifier: BSD-3-Clause
# The examples as a user builds them, against an installed Cairn, shared and static, with the compilers that are here.  Training
# inside a simulation gives the same weights in C, C++ and Fortran, on any number of ranks, whoever owns what.
. "${BASH_SOURCE%/*}/../support/run.sh"

grep -q '^CAIRN_SANITIZE:STRING=.' "$CAIRN_BUILD/CMakeCache.txt" && skip "a build with sanitizers is not for others"
cmake --install "$CAIRN_BUILD" --prefix "$work/installed" >out 2>err || fail "cmake --install"
examples=$work/installed/share/cairn/launch/examples
pc=$(find "$work/installed" -name cairn.pc)
export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
strict=(-Wall -Wextra -Wpedantic -Werror -DOMPI_SKIP_MPICXX)

# built NAME ENDING COMPILER MODULE: the example as program NAME.ENDING.COMPILER.MODULE, which is then $cairn
built()
{
    local flags
    cairn=$work/$1.$2.$3.$4
    flags=$(pkg-config --cflags --libs "$4")
    case $2 in
        c) OMPI_CC=$3 MPICH_CC=$3 mpicc -std=c11 "${strict[@]}" "$examples/$1.c" -o "$cairn" $flags -lm ;;
        cpp) OMPI_CXX=$3 MPICH_CXX=$3 mpicxx -std=c++17 "${strict[@]}" "$examples/$1.cpp" -o "$cairn" $flags ;;
        f90) OMPI_FC=$3 MPICH_FC=$3 mpifort -std=f2018 -Wall -Werror "$(pkg-config --variable=fortran cairn)" \
            "$examples/$1.f90" -o "$cairn" $flags ;;
    esac >out 2>err || fail "$1.$2 with $3 against $4"
}

# in_situ RANKS DECOMPOSITION: $cairn, its weights to those of all; 0 ranks are one without a launcher, which is faster
in_situ()
{
    run "$1" "$2"
    [ "$code" = 0 ] && [ ! -s err ] || fail "$cairn $2 on $1 ranks ends with $code"
    sed -nE 's/^40 updates, loss [^ ]+, weights ([0-9A-Fa-f]{16})$/\L\1/p' out >weights
    [ -s weights ] || fail "$cairn has no line of the end: $(cat out)"
    cat weights >>all_weights
}

for wanted in "mpicc c gcc" "mpicc c clang" "mpicxx cpp g++" "mpicxx cpp clang++" "mpifort f90 gfortran"; do
    read -r wrapper ending compiler <<<"$wanted"
    if ! command -v "$wrapper" >/dev/null || ! command -v "$compiler" >/dev/null; then
        echo "$compiler or $wrapper is not installed: without it"
        continue
    fi
    for module in cairn cairn-static; do
        built in_situ "$ending" "$compiler" "$module"
        in_situ 0 blocks
    done
    [ "$ending" = f90 ] || continue
    for ranks in 1 2 4 6; do
        in_situ "$ranks" blocks
        in_situ "$ranks" in-turn
    done
done

# own_layer RANKS: $cairn, its line to those of all
own_layer()
{
    run "$1"
    [ "$code" = 0 ] && [ ! -s err ] || fail "$cairn on $1 ranks ends with $code"
    cat out >>all_layers
}

# The layer of one's own: its gradient is right, and it trains in any world
for compiler in gcc clang; do
    command -v mpicc >/dev/null && command -v $compiler >/dev/null || continue
    for module in cairn cairn-static; do
        built own_layer c $compiler $module
        own_layer 0
    done
done
[ ! -s all_layers ] || own_layer 3
[ ! -s all_layers ] || [ "$(sort -u all_layers | wc -l)" = 1 ] || fail "own_layer depends on the world: $(sort all_layers | uniq -c)"
[ -s all_weights ] || skip "there is no compiler wrapper of MPI"
[ "$(sort -u all_weights | wc -l)" = 1 ] || fail "the weights depend on language or world: $(sort all_weights | uniq -c)"
all_good
