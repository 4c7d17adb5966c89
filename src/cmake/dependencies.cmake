# SPDX-License-Identifier: BSD-3-Clause
# What Cairn is built on.

# cairn_need(found name deb rpm [else]): stop with the line that installs what was not found, and with what else would do
function(cairn_need found name deb rpm)
  if(NOT ${found})
    message(FATAL_ERROR "Cairn needs ${name}, which was not found.  Install it with launch/install-deps, or: "
      "apt-get install ${deb} (Debian, Ubuntu), dnf install ${rpm} (Fedora, EL)${ARGN}")
  endif()
endfunction()

find_package(PkgConfig QUIET)
cairn_need(PKG_CONFIG_FOUND pkg-config pkg-config pkgconf-pkg-config)
find_package(MPI COMPONENTS C)
cairn_need(MPI_C_FOUND "MPI (a working mpicc)" "libopenmpi-dev openmpi-bin" openmpi-devel)

# A serial HDF5 is looked for unless only a parallel one works: h5cc may lie about with no library behind it.
find_program(CAIRN_H5CC h5cc)
find_program(CAIRN_H5PCC h5pcc)
mark_as_advanced(CAIRN_H5CC CAIRN_H5PCC)
if(CAIRN_H5PCC AND NOT DEFINED HDF5_PREFER_PARALLEL)
  set(probe ${CMAKE_BINARY_DIR}/CMakeFiles/cairn-hdf5)
  file(WRITE ${probe}.c "#include <hdf5.h>\nint main(void) { return H5open() < 0; }\n")
  execute_process(COMMAND ${CAIRN_H5CC} ${probe}.c -o ${probe} WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/CMakeFiles
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed STREQUAL 0)
    set(HDF5_PREFER_PARALLEL ON)
  endif()
endif()
find_package(HDF5 COMPONENTS C)
cairn_need(HDF5_FOUND "HDF5 for C, serial or parallel" libhdf5-dev hdf5-devel)
find_package(Threads)
cairn_need(Threads_FOUND "POSIX threads" libc6-dev glibc-devel)
find_package(ZLIB QUIET)
cairn_need(ZLIB_FOUND zlib zlib1g-dev zlib-devel)
pkg_check_modules(CAIRN_YAML IMPORTED_TARGET yaml-0.1)
cairn_need(CAIRN_YAML_FOUND libyaml libyaml-dev libyaml-devel)
pkg_check_modules(CAIRN_XXHASH IMPORTED_TARGET libxxhash)
cairn_need(CAIRN_XXHASH_FOUND xxHash libxxhash-dev xxhash-devel)
pkg_check_modules(CAIRN_JANSSON IMPORTED_TARGET jansson)
cairn_need(CAIRN_JANSSON_FOUND Jansson libjansson-dev jansson-devel)
find_package(PNG QUIET)
cairn_need(PNG_FOUND libpng libpng-dev libpng-devel)
find_package(JPEG QUIET)
cairn_need(JPEG_FOUND libjpeg libjpeg-dev libjpeg-turbo-devel)
pkg_check_modules(CAIRN_ZIP IMPORTED_TARGET libzip)
cairn_need(CAIRN_ZIP_FOUND libzip libzip-dev libzip-devel)
find_package(OpenMP QUIET COMPONENTS C)

# Any flavour of OpenBLAS, or FlexiBLAS, which passes calls on to one that is chosen at run time.
pkg_search_module(CAIRN_BLAS IMPORTED_TARGET openblas flexiblas)
cairn_need(CAIRN_BLAS_FOUND "OpenBLAS (openblas.pc or flexiblas.pc)" libopenblas-openmp-dev openblas-devel)
