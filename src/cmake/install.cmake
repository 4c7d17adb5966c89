# SPDX-License-Identifier: BSD-3-Clause
# cmake --install: program, launcher, library, headers, and how others find them.

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/cairn)

install(TARGETS cairn_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS cairn EXPORT cairn-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT cairn-targets NAMESPACE cairn:: DESTINATION ${package})
install(DIRECTORY include/cairn ${PROJECT_BINARY_DIR}/include/cairn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(PROGRAMS launch/cairn-mpirun DESTINATION ${CMAKE_INSTALL_BINDIR})

configure_package_config_file(src/cmake/cairn-config.cmake.in cairn-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(cairn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cairn-config.cmake ${PROJECT_BINARY_DIR}/cairn-config-version.cmake
              src/cmake/dependencies.cmake DESTINATION ${package})

# The library is a static one, so cairn.pc names everything that it needs.  MPI and HDF5 go by path: their .pc files have
# other names everywhere.
string(REPLACE ";" " " CAIRN_PC_REQUIRES "${CAIRN_BLAS_MODULE_NAME};yaml-0.1;libxxhash;jansson;zlib")
set(libraries ${HDF5_C_LIBRARIES} ${MPI_C_LIBRARIES} ${MPI_C_LINK_FLAGS} ${OpenMP_C_FLAGS} ${CMAKE_THREAD_LIBS_INIT} -lm)
list(REMOVE_DUPLICATES libraries)
list(TRANSFORM libraries REPLACE "^([A-Za-z0-9_+]+)$" "-l\\1")
string(REPLACE ";" " " CAIRN_PC_LIBS "${libraries}")
string(STRIP "${CAIRN_PC_LIBS}" CAIRN_PC_LIBS)
file(RELATIVE_PATH CAIRN_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
cmake_path(APPEND CAIRN_PC_LIBDIR "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND CAIRN_PC_INCLUDEDIR "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(src/cmake/cairn.pc.in cairn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cairn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
