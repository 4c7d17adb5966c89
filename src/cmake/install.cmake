# SPDX-License-Identifier: BSD-3-Clause
# cmake --install: program, launcher, libraries, headers, how others find them, and what there is to read.

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/cairn)
set(share ${CMAKE_INSTALL_DATADIR}/cairn)

install(TARGETS cairn_program cairn_shared cairn_static
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/cairn ${PROJECT_BINARY_DIR}/include/cairn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(CAIRN_REAL STREQUAL double) # over the one above
  file(READ include/cairn/cairn.f90 module)
  string(REPLACE "cairn_real = c_float" "cairn_real = c_double" module "${module}")
  file(WRITE ${PROJECT_BINARY_DIR}/fortran/cairn.f90 "${module}")
  install(FILES ${PROJECT_BINARY_DIR}/fortran/cairn.f90 DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cairn)
endif()
install(PROGRAMS launch/cairn-mpirun DESTINATION ${CMAKE_INSTALL_BINDIR})

# share/cairn is laid out as the repository is, so that run files find their data and pages each other
install(FILES LICENSE README.md CHANGELOG.md CITATION.cff DESTINATION ${share})
install(FILES launch/README.md DESTINATION ${share}/launch)
install(FILES launch/packaging/README.md DESTINATION ${share}/launch/packaging)
install(FILES launch/packaging/reframe/cairn_selftest.py DESTINATION ${share}/launch/packaging/reframe)
install(DIRECTORY launch/recipes launch/examples launch/guide DESTINATION ${share}/launch
  FILES_MATCHING REGEX "\\.(yaml|md|svg|c|h|cpp|f90|txt)$")
file(GLOB made CONFIGURE_DEPENDS datasets/*.c datasets/*.h) # what datasets/make compiles
install(FILES datasets/README.md datasets/layouts.txt ${made} datasets/digits.h5 datasets/diabetes.h5 DESTINATION ${share}/datasets)
install(PROGRAMS datasets/fetch datasets/make DESTINATION ${share}/datasets)

include(src/cmake/pages.cmake)

set(needs_onednn "")
if(CAIRN_HAVE_ONEDNN)
  set(needs_onednn ${CAIRN_ONEDNN_LIBRARY})
endif()
set(needs_onnx "")
if(CAIRN_HAVE_ONNX)
  set(needs_onnx ${CAIRN_PROTOBUF_C_LINK_LIBRARIES})
endif()
# What the static library has to be linked with, by path: the packages of these libraries have other names everywhere, and
# CMake's own modules for them want languages of their user.  The shared library knows its own.
set(hdf5 ${HDF5_C_LIBRARIES})
if(hdf5 MATCHES "/libhdf5[^/;]*\\.so") # FindHDF5 adds what that needs by itself, but not in a build folder with a space in its name
  list(FILTER hdf5 INCLUDE REGEX "/libhdf5[^/]*\\.so")
endif()
set(CAIRN_NEEDS ${MPI_C_LIBRARIES} ${CAIRN_BLAS_LINK_LIBRARIES} ${CAIRN_YAML_LINK_LIBRARIES} ${CAIRN_XXHASH_LINK_LIBRARIES}
  ${CAIRN_JANSSON_LINK_LIBRARIES} ${CAIRN_ZIP_LINK_LIBRARIES} ${needs_onednn} ${needs_onnx} ${PNG_LIBRARIES} ${JPEG_LIBRARIES} ${hdf5} ${ZLIB_LIBRARIES} ${OpenMP_C_LIBRARIES} ${CMAKE_THREAD_LIBS_INIT} m)
list(REMOVE_DUPLICATES CAIRN_NEEDS)

configure_package_config_file(src/cmake/cairn-config.cmake.in cairn-config.cmake INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(cairn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cairn-config.cmake ${PROJECT_BINARY_DIR}/cairn-config-version.cmake DESTINATION ${package})

# cairn.pc for the shared library, cairn-static.pc for the static one; `pkg-config --static cairn` is for programs without
# any shared library.
set(libraries ${CAIRN_NEEDS})
foreach(library IN LISTS CAIRN_NEEDS)
  get_filename_component(folder "${library}" DIRECTORY)
  if(folder AND NOT folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
    list(APPEND libraries -Wl,-rpath,${folder}) # where the linker of a running program does not look of itself
  endif()
endforeach()
list(REMOVE_DUPLICATES libraries)
list(TRANSFORM libraries REPLACE "^([A-Za-z0-9_+]+)$" "-l\\1")
list(TRANSFORM libraries REPLACE "([ \"'])" "\\\\\\1")
string(REPLACE ";" " " CAIRN_PC_NEEDS "${libraries}")
file(RELATIVE_PATH CAIRN_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" CAIRN_PC_TO_PREFIX "${CAIRN_PC_TO_PREFIX}")
cmake_path(APPEND CAIRN_PC_LIBDIR "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND CAIRN_PC_INCLUDEDIR "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
foreach(name cairn cairn-static)
  configure_file(src/cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

# One folder for both: Lmod takes the file in Lua, Environment Modules the one that begins with #%Module
foreach(kind .lua .tcl)
  string(REPLACE .tcl "" ending ${kind})
  configure_file(launch/packaging/modulefiles/cairn${kind}.in modulefiles/cairn/${PROJECT_VERSION}${ending} @ONLY)
endforeach()
install(DIRECTORY ${PROJECT_BINARY_DIR}/modulefiles DESTINATION ${share})
