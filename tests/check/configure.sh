# SPDX-License-Identifier: BSD-3-Clause
# A configure that lacks something names it and the packages that bring it.  Only the configure runs: with pkg-config's
# folders less one module, or with one of CMake's searches switched off.
. "${BASH_SOURCE%/*}/../support/run.sh"

# lacks NAME PACKAGE ARGUMENTS...: without it cmake stops and says so
lacks()
{
    rm -rf build
    ! cmake -S "$CAIRN_SOURCE" -B build "${@:3}" >out 2>err || fail "without $1 cmake goes on"
    tr -s ' \n' ' ' <err >line
    grep -q "Cairn needs $1.* which was not found.* launch/install-deps, or: apt-get install $2 " line || fail "without $1 it says: $(cat err)"
}

# without MODULE: all modules of pkg-config but this one, in the folder pc
without()
{
    rm -rf pc
    mkdir pc
    for folder in $(pkg-config --variable pc_path pkg-config | tr : ' ') $(tr : " " <<<"${PKG_CONFIG_PATH:-}"); do
        [ ! -d "$folder" ] || find -L "$folder" -maxdepth 1 -name '*.pc' ! -name "$1.pc" -exec ln -sf -t pc {} +
    done
    export PKG_CONFIG_LIBDIR=$PWD/pc PKG_CONFIG_PATH=""
}

(without cmocka && lacks cmocka libcmocka-dev && grep -q -- '-DCAIRN_TESTS=OFF' line) || fail "cmocka"
(without cmocka && cmake -S "$CAIRN_SOURCE" -B build -DCAIRN_TESTS=OFF >out 2>err) || fail "with -DCAIRN_TESTS=OFF: $(cat err)"
(without yaml-0.1 && lacks libyaml libyaml-dev) || exit 1
(without libxxhash && lacks xxHash libxxhash-dev) || exit 1
(without jansson && lacks Jansson libjansson-dev) || exit 1
(without 'openblas*' && rm -f pc/flexiblas* pc/blas* && lacks OpenBLAS libopenblas-openmp-dev) || exit 1
lacks pkg-config pkg-config -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON
lacks MPI "libopenmpi-dev openmpi-bin" -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
lacks HDF5 libhdf5-dev -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON
(without libzip && lacks libzip libzip-dev) || exit 1
lacks libpng libpng-dev -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON
lacks libjpeg libjpeg-dev -DCMAKE_DISABLE_FIND_PACKAGE_JPEG=ON
lacks zlib zlib1g-dev -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON
lacks "POSIX threads" libc6-dev -DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON

rm -r build

# Another BLAS: one that is here, one that is not, and one with integers that Cairn does not call with
cmake -S "$CAIRN_SOURCE" -B build -DCAIRN_TESTS=OFF -DBLA_VENDOR=OpenBLAS >out 2>err || fail "with -DBLA_VENDOR=OpenBLAS: $(cat err)"
grep -q '^#define CAIRN_HAVE_OPENBLAS_SET_NUM_THREADS$' build/src/base/build_config.h || fail "BLA_VENDOR=OpenBLAS has no calls of OpenBLAS"
for vendor in Nobodys Intel10_64ilp; do
    ! cmake -S "$CAIRN_SOURCE" -B build -DCAIRN_TESTS=OFF -DBLA_VENDOR=$vendor >out 2>err || fail "BLA_VENDOR=$vendor goes on"
    grep -q "BLA_VENDOR=$vendor: " err || fail "of BLA_VENDOR=$vendor it says: $(cat err)"
done
rm -r build
# One can do without protobuf-c, unless it was asked for
(without libprotobuf-c && cmake -S "$CAIRN_SOURCE" -B build -DCAIRN_TESTS=OFF >out 2>err) || fail "without protobuf-c: $(cat err)"
(without libprotobuf-c && ! cmake -S "$CAIRN_SOURCE" -B build -DCAIRN_ONNX=ON >out 2>err) || fail "CAIRN_ONNX=ON goes on without protobuf-c"
tr -s ' \n' ' ' <err | grep -q 'CAIRN_ONNX=ON.*apt-get install libprotobuf-c-dev protobuf-c-compiler ' || fail "without protobuf-c it says: $(cat err)"
