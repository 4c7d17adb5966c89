# SPDX-License-Identifier: BSD-3-Clause
# An installed Cairn is complete, in a folder with a blank in its name: the program starts, the libraries export the
# functions of the public headers and nothing else, and users build against them in C, C++ and Fortran, by find_package and
# by pkg-config, with the compilers that are here.
. "${BASH_SOURCE%/*}/../support/run.sh"

grep -q '^CAIRN_SANITIZE:STRING=.' "$CAIRN_BUILD/CMakeCache.txt" && skip "a build with sanitizers is not for others"
there="$work/in a folder"
user=$CAIRN_SOURCE/tests/support/user
cmake --install "$CAIRN_BUILD" --prefix "$there" >out 2>err || fail "cmake --install"
"$there/bin/cairn" --version >out 2>err || fail "the installed program does not start"
"$there/bin/cairn-mpirun" --help >out 2>err || fail "the installed cairn-mpirun does not start"
recipe=$there/share/cairn/launch/recipes/digits.yaml
"$there/bin/cairn" train "$recipe" --check >out 2>err || fail "the installed recipe finds no data"
for file in LICENSE launch/guide/concepts.md launch/guide/library.md launch/examples/loop.c; do
    [ -s "$there/share/cairn/$file" ] || fail "no $file in share/cairn"
done
(cd "$there/share/cairn/datasets" && ./make unet2d-cells "$work") >out 2>err || fail "the installed datasets/make"
: >err

for folder in "$CAIRN_BUILD" "$CAIRN_SOURCE"; do
    ! grep -rlF -- "$folder/" "$there" >out || fail "names the folder $folder: $(tr '\n' ' ' <out)"
done

# The headers: each alone, and nothing but the C library's and, in cairn/mpi.h, MPI's
include=$there/include
mpi=$(sed -nE 's/^MPI_C_(HEADER_DIR|COMPILER_INCLUDE_DIRS|ADDITIONAL_INCLUDE_DIRS):[A-Z]*=(.+)$/\2/p' "$CAIRN_BUILD/CMakeCache.txt")
mapfile -t mpi < <(tr ';' '\n' <<<"$mpi" | sed 's/^/-isystem/')
strict=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only "-I$include" "${mpi[@]}")
for header in "$include"/cairn/*.h; do
    for compiler in gcc clang; do
        ! command -v $compiler >/dev/null || for language in c11:c c17:c c++17:c++; do
            echo "#include \"cairn/${header##*/}\"" | $compiler -std="${language%:*}" -x "${language#*:}" "${strict[@]}" - >out 2>err ||
                fail "${header##*/} alone, $compiler, ${language%:*}"
        done
    done
    [ "${header##*/}" = mpi.h ] || ! grep -n '<mpi\.h>' "$header" || fail "$header includes mpi.h"
done

# What the libraries export is what the headers declare, and all of that is in the Fortran module, or named there
(cd "$include" && for header in cairn/*.h; do echo "#include \"$header\""; done) | ${CC:-cc} -E -P "-I$include" "${mpi[@]}" - |
    grep -oE '\bcairn_[a-z0-9_]+ *\([^*]' | sed 's, *(.*,,' | sort -u >declared
nm -D --defined-only "$there"/lib*/libcairn.so | awk '{ print $NF }' | sort >by-shared
nm -g --defined-only "$there"/lib*/libcairn.a | awk 'NF == 3 { print $3 }' | sort >by-static
[ "$(wc -l <declared)" -gt 20 ] || fail "the headers declare only: $(tr '\n' ' ' <declared)"
for kind in shared static; do
    diff declared by-$kind >out || fail "declared (<) and exported (>) by the $kind library differ: $(grep '^[<>]' out | tr '\n' ' ')"
done
while read -r name; do
    grep -qw "$name" "$include/cairn/cairn.f90" || fail "cairn.f90 lacks $name"
done <declared
readelf -d "$there"/lib*/libcairn.so | grep -q 'soname: \[libcairn\.so\.[0-9]*\.[0-9]*\]' || fail "libcairn.so has no soname"

# ran PROGRAM: it prints the line that all print
ran()
{
    "$1" "$recipe" >out 2>err || fail "$1 does not run"
    [ -s line ] || cp out line
    cmp -s out line || fail "$1 prints $(cat out), and the first printed $(cat line)"
}

# by_cmake LANGUAGE COMPILER: a project that knows no other language
by_cmake()
{
    local build=cmake-$1-$2
    cmake -S "$user" -B "$build" -DLANGUAGE="$1" -DCMAKE_"$1"_COMPILER="$2" -DCMAKE_PREFIX_PATH="$there" >out 2>err ||
        fail "find_package in $1 with $2"
    [ ! -s err ] || fail "find_package in $1 with $2 is not quiet"
    cmake --build "$build" >out 2>err || fail "building by find_package in $1 with $2"
    ran "./$build/shared"
    ran "./$build/static"
    ! readelf -d "$build/static" | grep -q 'NEEDED.*libcairn' || fail "$build/static needs libcairn.so"
}

# by_pkg_config ENDING COMPILER ARGUMENTS...: pkg-config gives words for a shell
by_pkg_config()
{
    local module program
    for module in cairn cairn-static "--static cairn"; do
        program=pkg-config-$2-${module// /}
        eval "$2 \"\${@:3}\" -o '$program' \"$user/train.$1\" $(pkg-config --cflags --libs $module)" >out 2>err ||
            fail "building train.$1 by pkg-config $module with $2"
        ran "./$program"
    done
}

pc=$(find "$there" -name cairn.pc)
[ -n "$pc" ] || fail "no cairn.pc"
export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
for pair in "C gcc c -std=c11" "CXX g++ cpp -std=c++17" "C clang c -std=c11" "CXX clang++ cpp -std=c++17"; do
    read -r language compiler ending standard <<<"$pair"
    command -v "$compiler" >/dev/null || continue
    by_cmake "$language" "$compiler"
    by_pkg_config "$ending" "$compiler" "$standard" -Wall -Wextra -Wpedantic -Werror
done
if command -v gfortran >/dev/null; then
    by_cmake Fortran gfortran
    by_pkg_config f90 gfortran -std=f2018 -Wall -Werror "$(pkg-config --variable=fortran cairn | sed 's/\\//g')"
else
    echo "gfortran is not installed: without Fortran"
fi
"${CC:-cc}" -std=c11 -o loop "$there/share/cairn/launch/examples/loop.c" -I"$include" "$there"/lib*/libcairn.so -Wl,-rpath,"${pc%/pkgconfig*}" \
    >out 2>err && ./loop "$recipe" >out 2>err || fail "launch/examples/loop.c"

# Without a library that it was built with, the static one is not found, and that is no error; no language is wanted
mkdir none
cat >none/CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.20)
project(none LANGUAGES NONE)
find_package(cairn QUIET COMPONENTS static)
if(cairn_FOUND OR TARGET cairn::cairn_static)
  message(FATAL_ERROR "found")
endif()
find_package(cairn QUIET)
if(NOT cairn_FOUND OR NOT TARGET cairn::cairn)
  message(FATAL_ERROR "not found")
endif()
EOF
sed -i 's|^set(cairn_needs "|&/nowhere/liblost.so;|' "$there"/lib*/cmake/cairn/cairn-config.cmake
cmake -S none -B none/build -DCMAKE_PREFIX_PATH="$there" >out 2>err && [ ! -s err ] || fail "without liblost.so, in no language"
