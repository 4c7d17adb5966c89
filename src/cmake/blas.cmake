# SPDX-License-Identifier: BSD-3-Clause
# CAIRN::blas: the BLAS that -DBLA_VENDOR names in the words of CMake's FindBLAS (Intel10_64lp, FLAME for BLIS, AOCL_mt, OpenBLAS,
# FlexiBLAS, ...); without it any flavour of OpenBLAS, or FlexiBLAS, which passes calls on to one that is chosen at run time.
# And what that BLAS can do besides, under the names of its maker: src/tensor/vendor.c.

include(CheckSymbolExists)
set(CAIRN_CBLAS_H cblas.h)
add_library(CAIRN::blas INTERFACE IMPORTED)

if(BLA_VENDOR)
  if(BLA_VENDOR MATCHES "ilp64" OR BLA_SIZEOF_INTEGER EQUAL 8)
    message(FATAL_ERROR "BLA_VENDOR=${BLA_VENDOR}: Cairn calls BLAS with integers of 32 bits; choose the one called lp64")
  endif()
  set(BLA_SIZEOF_INTEGER 4)
  find_package(BLAS)
  if(NOT BLAS_FOUND)
    message(FATAL_ERROR "BLA_VENDOR=${BLA_VENDOR}: that BLAS was not found.  Load its module, or set CMAKE_PREFIX_PATH (for MKL the "
      "variable MKLROOT) to where it is; without BLA_VENDOR it is OpenBLAS")
  endif()
  set(own cblas.h) # a header that this BLAS alone has
  if(BLA_VENDOR MATCHES "^Intel")
    set(CAIRN_CBLAS_H mkl_cblas.h)
    set(own mkl_cblas.h)
  elseif(BLA_VENDOR MATCHES "^(FLAME|AOCL)")
    set(own blis.h)
  endif()
  set(places "")
  foreach(library IN LISTS BLAS_LIBRARIES)
    if(IS_ABSOLUTE ${library})
      file(REAL_PATH ${library} real)
      get_filename_component(folder ${real} DIRECTORY)
      list(APPEND places ${folder}/../include ${folder}/../../include)
    endif()
  endforeach()
  # Looked up anew each time: a build folder may be configured for another BLAS.  Debian has a folder for each flavour of BLIS.
  unset(CAIRN_BLAS_INCLUDE CACHE)
  find_path(CAIRN_BLAS_INCLUDE ${own} HINTS ENV MKLROOT ${places}
    PATH_SUFFIXES include blis flexiblas openblas ${CMAKE_LIBRARY_ARCHITECTURE}/blis-openmp ${CMAKE_LIBRARY_ARCHITECTURE}/blis-pthread
      ${CMAKE_LIBRARY_ARCHITECTURE}/blis-serial)
  mark_as_advanced(CAIRN_BLAS_INCLUDE)
  if(CAIRN_BLAS_INCLUDE)
    set_target_properties(CAIRN::blas PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${CAIRN_BLAS_INCLUDE}")
  endif()
  set(CAIRN_BLAS_LINK_LIBRARIES ${BLAS_LIBRARIES})
  set_target_properties(CAIRN::blas PROPERTIES INTERFACE_LINK_LIBRARIES "${BLAS_LIBRARIES}")
else()
  pkg_search_module(CAIRN_BLAS IMPORTED_TARGET openblas flexiblas)
  cairn_need(CAIRN_BLAS_FOUND "OpenBLAS (openblas.pc or flexiblas.pc)" libopenblas-openmp-dev openblas-devel
    "; another BLAS is taken by -DBLA_VENDOR, see launch/guide/building.md")
  set_target_properties(CAIRN::blas PROPERTIES INTERFACE_LINK_LIBRARIES PkgConfig::CAIRN_BLAS)
endif()

if(NOT CAIRN_BLAS_CHECKED STREQUAL "${CAIRN_BLAS_LINK_LIBRARIES}")
  foreach(name CBLAS FLEXIBLAS_SET_NUM_THREADS OPENBLAS_SET_NUM_THREADS BLI_THREAD_SET_NUM_THREADS MKL_SET_NUM_THREADS)
    unset(CAIRN_HAVE_${name} CACHE)
  endforeach()
  set(CAIRN_BLAS_CHECKED "${CAIRN_BLAS_LINK_LIBRARIES}" CACHE INTERNAL "the BLAS that the checks were made with")
endif()
set(CMAKE_REQUIRED_LIBRARIES CAIRN::blas m) # blis.h has functions that want m
check_symbol_exists(cblas_sgemm ${CAIRN_CBLAS_H} CAIRN_HAVE_CBLAS)
cairn_need(CAIRN_HAVE_CBLAS "the C interface of BLAS (${CAIRN_CBLAS_H})" libopenblas-openmp-dev openblas-devel)
check_symbol_exists(flexiblas_set_num_threads flexiblas_api.h CAIRN_HAVE_FLEXIBLAS_SET_NUM_THREADS)
check_symbol_exists(openblas_set_num_threads cblas.h CAIRN_HAVE_OPENBLAS_SET_NUM_THREADS)
check_symbol_exists(bli_thread_set_num_threads blis.h CAIRN_HAVE_BLI_THREAD_SET_NUM_THREADS)
check_symbol_exists(MKL_Set_Num_Threads mkl_service.h CAIRN_HAVE_MKL_SET_NUM_THREADS)
unset(CMAKE_REQUIRED_LIBRARIES)
