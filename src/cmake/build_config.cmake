# SPDX-License-Identifier: BSD-3-Clause
# Flags of the CPU to build for, and base/build_config.h: what was found, for the program to report and to adapt to.

include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckSymbolExists)
include(CheckIncludeFile)

# CAIRN_ARCH_FLAG: -march=NAME, or -mcpu=NAME on machines whose compilers call it so; none where CAIRN_ARCH is empty
set(CAIRN_ARCH_FLAG "")
string(MAKE_C_IDENTIFIER "${CAIRN_ARCH}" arch)
if(CAIRN_ARCH)
  foreach(option march mcpu)
    check_c_compiler_flag(-${option}=${CAIRN_ARCH} CAIRN_KNOWS_${option}_${arch})
    if(CAIRN_KNOWS_${option}_${arch})
      set(CAIRN_ARCH_FLAG -${option}=${CAIRN_ARCH})
      break()
    endif()
  endforeach()
  if(NOT CAIRN_ARCH_FLAG)
    set(known x86-64-v3)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
      set(known armv8.2-a)
    endif()
    message(FATAL_ERROR "CAIRN_ARCH=${CAIRN_ARCH}: ${CMAKE_C_COMPILER} knows no such CPU; "
      "try native, ${known}, or nothing for the compiler's default")
  endif()
endif()

# Where the CPU has AVX-512, loops become vectors of 512 bits: for many of these CPUs compilers choose 256 by themselves
set(CMAKE_REQUIRED_FLAGS "${CAIRN_ARCH_FLAG} -mprefer-vector-width=512")
check_c_source_compiles("
#ifndef __AVX512F__
#error without AVX-512
#endif
int main(void) { return 0; }" CAIRN_WIDE_${arch})
unset(CMAKE_REQUIRED_FLAGS)
if(CAIRN_WIDE_${arch})
  list(APPEND CAIRN_ARCH_FLAG -mprefer-vector-width=512)
endif()

# CAIRN_BASELINE_FLAG: for the code that has to run on every CPU, to say that the rest does not
set(CAIRN_BASELINE_FLAG "")
if(CAIRN_ARCH_FLAG AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(CAIRN_BASELINE_FLAG -march=x86-64)
elseif(CAIRN_ARCH_FLAG AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(CAIRN_BASELINE_FLAG -march=armv8-a)
  if(CAIRN_ARCH_FLAG MATCHES "^-mcpu=") # a second option of the other name would contradict it
    set(CAIRN_BASELINE_FLAG -mcpu=generic)
  endif()
endif()

# CAIRN_AMX_FLAGS: for the files that use the tiles of AMX, and are entered where the CPU has them, whatever this is built for
set(CAIRN_AMX_FLAGS -mavx512f -mavx512bw -mavx512vl -mavx512bf16 -mamx-tile -mamx-bf16)
list(JOIN CAIRN_AMX_FLAGS " " CMAKE_REQUIRED_FLAGS)
check_c_source_compiles("
#include <immintrin.h>
#include <sys/syscall.h>
int main(void) { _tile_dpbf16ps(0, 1, 2); return SYS_arch_prctl + (int)sizeof(__m256bh); }" CAIRN_COMPILES_AMX)
unset(CMAKE_REQUIRED_FLAGS)

# cairn/real.h, a public header: the precision is the library's, whoever includes it
set(CAIRN_REAL_BITS_float 32)
set(CAIRN_REAL_BITS_double 64)
set(CAIRN_REAL_BITS "${CAIRN_REAL_BITS_${CAIRN_REAL}}")
if(NOT CAIRN_REAL_BITS)
  message(FATAL_ERROR "CAIRN_REAL=${CAIRN_REAL}: choose float or double")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/real.h.in ${PROJECT_BINARY_DIR}/include/cairn/real.h)

configure_file(${CMAKE_CURRENT_LIST_DIR}/build_config.h.in ${PROJECT_BINARY_DIR}/src/base/build_config.h)
