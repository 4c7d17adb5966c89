# SPDX-License-Identifier: BSD-3-Clause
# What sites install from says what is so: one version everywhere, a source file that has the same bytes wherever it is made, the
# dependencies of Debian's and Spack's packages and of the EasyConfig as CMake and launch/install-deps ask for them, module files
# that load.  What is tried by hand: launch/packaging/README.md.
. "${BASH_SOURCE%/*}/../support/run.sh"
packaging=$CAIRN_SOURCE/launch/packaging

# ---- one version
version=$(sed -n 's/.*define CAIRN_VERSION "\(.*\)".*/\1/p' "$CAIRN_SOURCE/include/cairn/version.h")
same "version of CITATION.cff" "$(sed -n 's/^version: //p' "$CAIRN_SOURCE/CITATION.cff")" "$version"
easyconfig=$(echo "$packaging"/easybuild/cairn-*.eb)
same "version of the EasyConfig" "$(sed -n "s/^version = '\(.*\)'/\1/p" "$easyconfig")" "$version"
[[ ${easyconfig##*/} == cairn-$version-* ]] || fail "the EasyConfig is called ${easyconfig##*/}, the version is $version"
grep -q "version(\"$version\", tag=\"v$version\")" "$packaging/spack/packages/cairn/package.py" || fail "package.py has another version than $version"
library=libcairn${version%.*}
grep -q "^Package: $library$" "$packaging/debian/control" && [ -s "$packaging/debian/$library.install" ] || fail "debian has no package $library"
[ -s "$CAIRN_BUILD/libcairn.so.$version" ] || fail "there is no libcairn.so.$version"

# ---- a source file of the same bytes, in two folders, at two times, for people with other rights for new files
if [ -e "$CAIRN_SOURCE/.git" ] && git -C "$CAIRN_SOURCE" rev-parse HEAD >commit 2>/dev/null; then
    (umask 077 && "$CAIRN_SOURCE/launch/release" --out one) >out 2>err || fail "launch/release"
    git clone -q --shared "$CAIRN_SOURCE" "another folder" 2>err || fail "git clone"
    git -C "another folder" config core.autocrlf true
    (umask 002 && "another folder/launch/release" --out two "$(cat commit)") >out 2>err || fail "launch/release in a clone"
    file=$(cd one && echo cairn-*.tar.gz)
    cmp "one/$file" "two/$file" || fail "$file differs"
    tar -xzf "one/$file"
    cmake -DSOURCE="$PWD/${file%.tar.gz}" -DOUT="$PWD/commit.h" -P "${file%.tar.gz}/src/record/commit.cmake" >out 2>err || fail "commit.cmake"
    grep -q "CAIRN_BUILD_COMMIT \"$(cat commit)\"" commit.h || fail "a build from $file knows its commit as: $(grep COMMIT commit.h)"
else
    echo "not in a repository: without launch/release"
fi

# ---- dependencies: what CMake looks for, and its package, in the words of Debian, Spack and EasyBuild
sed -n 's/.*cairn_need([A-Z_a-z0-9]* \(".*"\|[^ ]*\) \(".*"\|lib[^ ]*\|zlib1g-dev\|pkg-config\) .*/\2/p' "$CAIRN_SOURCE"/src/cmake/*.cmake |
    tr -d '"' | tr ' ' '\n' | grep -vE '^libc6-dev$|^$' | LC_ALL=C sort -u >asked
[ "$(wc -l <asked)" -ge 12 ] || fail "CMake asks for: $(tr '\n' ' ' <asked)"
grep -E '^ +need ' "$CAIRN_SOURCE/launch/install-deps" | grep -v cmocka | sed -E 's/^ +//' >needs
while read -r line; do
    need() { echo "$3"; }
    eval "$line"
done <needs | tr ' ' '\n' | grep -vE '^(build-essential|cmake)$' | LC_ALL=C sort -u >installed
diff asked installed >out || fail "CMake (<) and launch/install-deps (>) ask for other packages: $(grep '^[<>]' out | tr '\n' ' ')"
sed -n '/^Build-Depends:/,/^$/p' "$packaging/debian/control" | sed 's/^Build-Depends://; s/[,[].*//; s/(.*//' | tr -d ' ' |
    grep -vE '^(debhelper-compat|cmake|libdnnl-dev|libprotobuf-c-dev|protobuf-c-compiler|)$' | LC_ALL=C sort -u >debian
diff asked debian >out || fail "CMake (<) and debian/control (>) ask for other packages: $(grep '^[<>]' out | tr '\n' ' ')"
for package in libdnnl-dev libprotobuf-c-dev protobuf-c-compiler; do # without which CMake goes on
    grep -q "^ *$package\b" "$packaging/debian/control" || fail "debian/control has no $package"
done

# in DEBIAN'S NAMES, the names of Spack and of EasyBuild's dependencies (-: part of its toolchain)
cat >names <<'END'
libhdf5-dev hdf5 HDF5
libjansson-dev jansson Jansson
libjpeg-dev jpeg libjpeg-turbo
libopenblas-openmp-dev openblas -
libopenmpi-dev mpi -
libpng-dev libpng libpng
libxxhash-dev xxhash xxHash
libyaml-dev libyaml libyaml
libzip-dev libzip libzip
openmpi-bin mpi -
pkg-config pkgconfig pkgconf
zlib1g-dev zlib-api zlib
END
diff asked <(cut -d' ' -f1 names) >out || fail "CMake asks for (<) what has no name here (>): $(grep '^[<>]' out | tr '\n' ' ')"
sed -nE 's/^ *depends_on\("([a-z0-9-]+).*/\1/p' "$packaging/spack/packages/cairn/package.py" | grep -vE '^(c|cmake|onednn|protobuf-c)$' | sort -u >spack
diff <(cut -d' ' -f2 names | sort -u) spack >out || fail "package.py (>) and CMake (<) differ: $(grep '^[<>]' out | tr '\n' ' ')"
sed -nE "s/^    \('([A-Za-z0-9-]+)', .*/\1/p" "$easyconfig" | grep -v CMake | sort -u >easybuild
diff <(cut -d' ' -f3 names | grep -v '^-$' | sort -u) easybuild >out || fail "the EasyConfig (>) and CMake (<) differ: $(grep '^[<>]' out | tr '\n' ' ')"
if command -v python3 >/dev/null; then
    for file in "$packaging/spack/packages/cairn/package.py" "$easyconfig"; do
        python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$file" 2>err || fail "$file is not Python"
    done
fi

# ---- module files, as they are installed: they load where a program for them is here, and name folders that are there
cmake --install "$CAIRN_BUILD" --prefix "$work/in a folder" >out 2>err || fail "cmake --install"
modules="$work/in a folder/share/cairn/modulefiles/cairn"
[ -s "$modules/$version" ] && [ -s "$modules/$version.lua" ] || fail "no module files of $version"
! grep -n '@' "$modules/$version" "$modules/$version.lua" || fail "a module file has a word that CMake did not fill in"
for lua in luac luac5.3 luac5.4; do
    ! command -v $lua >/dev/null || $lua -p "$modules/$version.lua" 2>err || fail "$version.lua"
done
cat >load.tcl <<'END'
# What a module program would do, printed
proc say {args} { puts [join $args] }
foreach name {module-whatis conflict setenv prepend-path append-path} { interp alias {} $name {} say $name }
set ModulesCurrentModulefile [lindex $argv 0]
source $ModulesCurrentModulefile
END
if command -v tclsh >/dev/null; then
    tclsh load.tcl "$modules/$version" >out 2>err || fail "the module file in Tcl"
    grep -q "^prepend-path PATH $work/in a folder/bin$" out || fail "the module file finds another prefix: $(cat out)"
fi
# Environment Modules and Lmod: the program and its pages of the manual are found, those of the system too, and all is gone again
cat >load.sh <<'END'
. "$1"
module use "$2/share/cairn/modulefiles" || exit
module load cairn || exit
[ "$(command -v cairn)" = "$2/bin/cairn" ] || { echo "cairn is $(command -v cairn)"; exit 1; }
[ "$CAIRN_ROOT" = "$2" ] || { echo "CAIRN_ROOT is $CAIRN_ROOT"; exit 1; }
[[ ":$(manpath -q):" == ":$2/share/man:"*:/usr/share/man:* ]] || { echo "man looks in $(manpath -q), MANPATH is $MANPATH"; exit 1; }
module help cairn 2>&1 | grep -q "^Distributed data-parallel training" || { echo "module help cairn: $(module help cairn 2>&1)"; exit 1; }
module unload cairn || exit
[[ ":$PATH:" != *":$2/bin:"* && -z ${CAIRN_ROOT+set} ]] || { echo "unloaded, PATH is $PATH"; exit 1; }
[[ ":$(manpath -q):" == *:/usr/share/man:* ]] || { echo "unloaded, man looks in $(manpath -q)"; exit 1; }
END
for init in /usr/share/[Mm]odules/init/bash /usr/share/lmod/lmod/init/bash; do
    { [ -r "$init" ] && command -v manpath; } >/dev/null || continue
    env -u MANPATH -u MODULEPATH -u LOADEDMODULES bash load.sh "$init" "$work/in a folder" >out 2>err || fail "$init: $(cat out)"
done
: >err

# ---- CC may be mpicc, as EasyBuild has it, which would put its libraries into one object made of others
! grep -n 'CMAKE_C_COMPILER} -r' "$CAIRN_SOURCE"/src/cmake/*.cmake || fail "the compiler is asked to link objects into one"

# ---- launch/install says what is wrong before it builds
"$CAIRN_SOURCE/launch/install" >out 2>err && fail "launch/install without a prefix goes on"
grep -q -- '--prefix DIR' err || fail "launch/install does not ask for a prefix"
PKG_CONFIG_LIBDIR=/nowhere PKG_CONFIG_PATH='' "$CAIRN_SOURCE/launch/install" --prefix "$work/there" >out 2>err && fail "launch/install without libraries goes on"
grep -q '^    Jansson$' err || fail "launch/install does not name what is missing"
