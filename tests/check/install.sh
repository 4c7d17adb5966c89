# SPDX-License-Identifier: BSD-3-Clause
# An installed Cairn is complete: the program starts, and the example is built against it by pkg-config and by
# find_package.
. "${BASH_SOURCE%/*}/../support/run.sh"

grep -q '^CAIRN_SANITIZE:STRING=.' "$CAIRN_BUILD/CMakeCache.txt" && skip "a build with sanitizers is not for others"
example=$CAIRN_SOURCE/launch/examples/loop.c
cmake --install "$CAIRN_BUILD" --prefix "$work/there" >out 2>err || fail "cmake --install"
"$work/there/bin/cairn" --version >out 2>err || fail "the installed program does not start"
"$work/there/bin/cairn-mpirun" --help >out 2>err || fail "the installed cairn-mpirun does not start"

pc=$(find there -name cairn.pc)
[ -n "$pc" ] || fail "no cairn.pc"
export PKG_CONFIG_PATH=$work/${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
read -ra flags <<<"$(pkg-config --cflags --libs cairn)"
"${CC:-cc}" -std=c11 -o by-pkg-config "$example" "${flags[@]}" >out 2>err || fail "building by pkg-config"

mkdir user
cat >user/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES C)
find_package(cairn 0.1 REQUIRED)
add_executable(by-cmake "$example")
target_link_libraries(by-cmake PRIVATE cairn::cairn)
END
cmake -S user -B user/build -DCMAKE_PREFIX_PATH="$work/there" >out 2>err || fail "find_package"
cmake --build user/build >out 2>err || fail "building by find_package"

for program in "$work/by-pkg-config" "$work/user/build/by-cmake"; do
    "$program" "$recipes/digits.yaml" >out 2>err || fail "$program does not run"
done
