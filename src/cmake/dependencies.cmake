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

# oneDNN multiplies matrices where it is there (train.kernels); its C interface is another one from 3.0 on.
set(CAIRN_ONEDNN AUTO CACHE STRING "products of matrices by oneDNN 2.x: AUTO (where it is found), ON or OFF")
set_property(CACHE CAIRN_ONEDNN PROPERTY STRINGS AUTO ON OFF)
set(CAIRN_HAVE_ONEDNN OFF)
if(CAIRN_ONEDNN STREQUAL AUTO AND NOT OpenMP_C_FOUND)
  message(STATUS "oneDNN is not used: without OpenMP nobody would tell it train.threads")
elseif(CAIRN_ONEDNN)
  find_path(CAIRN_ONEDNN_INCLUDE oneapi/dnnl/dnnl_version.h) # its CMake package may want OpenCL, which nobody needs here
  find_library(CAIRN_ONEDNN_LIBRARY dnnl)
  mark_as_advanced(CAIRN_ONEDNN_INCLUDE CAIRN_ONEDNN_LIBRARY)
  set(version "none")
  if(CAIRN_ONEDNN_INCLUDE AND CAIRN_ONEDNN_LIBRARY)
    file(STRINGS ${CAIRN_ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_version.h version REGEX "define DNNL_VERSION_M(AJOR|INOR) ")
    string(REGEX REPLACE "[^0-9]*([0-9]+);[^0-9]*([0-9]+)" "\\1.\\2" version "${version}")
  endif()
  if(version VERSION_GREATER_EQUAL 2.6 AND version VERSION_LESS 3)
    set(CAIRN_HAVE_ONEDNN ON)
    add_library(CAIRN::onednn UNKNOWN IMPORTED)
    set_target_properties(CAIRN::onednn PROPERTIES IMPORTED_LOCATION "${CAIRN_ONEDNN_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CAIRN_ONEDNN_INCLUDE}")
  elseif(NOT CAIRN_ONEDNN STREQUAL AUTO)
    message(FATAL_ERROR "CAIRN_ONEDNN=${CAIRN_ONEDNN}: wanted is oneDNN from 2.6 to below 3.0, found is ${version}; apt-get install "
      "libdnnl-dev (Debian, Ubuntu), or leave the option out: products are OpenBLAS's then")
  elseif(NOT version STREQUAL none)
    message(STATUS "oneDNN ${version} is not used: its C interface is known from 2.6 to below 3.0")
  endif()
endif()

# Files of ONNX (cairn export FILE.onnx) are written by protobuf-c where it is there.
set(CAIRN_ONNX AUTO CACHE STRING "export to ONNX by protobuf-c: AUTO (where it is found), ON or OFF")
set_property(CACHE CAIRN_ONNX PROPERTY STRINGS AUTO ON OFF)
set(CAIRN_HAVE_ONNX OFF)
if(CAIRN_ONNX)
  pkg_check_modules(CAIRN_PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
  find_program(CAIRN_PROTOC_C protoc-c)
  mark_as_advanced(CAIRN_PROTOC_C)
  if(CAIRN_PROTOBUF_C_FOUND AND CAIRN_PROTOC_C AND CMAKE_C_BYTE_ORDER STREQUAL LITTLE_ENDIAN) # as the weights in such a file
    set(CAIRN_HAVE_ONNX ON)
  elseif(NOT CAIRN_ONNX STREQUAL AUTO)
    message(FATAL_ERROR "CAIRN_ONNX=${CAIRN_ONNX}: wanted are protobuf-c and protoc-c, on a little-endian machine; apt-get install "
      "libprotobuf-c-dev protobuf-c-compiler (Debian, Ubuntu), dnf install protobuf-c-devel protobuf-c-compiler (Fedora, EL), "
      "or leave the option out: there is no export to ONNX then")
  endif()
endif()
