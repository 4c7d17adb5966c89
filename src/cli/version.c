/* SPDX-License-Identifier: BSD-3-Clause
 * cairn --version */
#include "cli/version.h"

#include <stdio.h>

#include "comm/exchange.h"
#include "h5/h5.h"
#include "record/system.h"
#include "tensor/threads.h"

void cairn_version_print(void)
{
    const struct cairn_build *build = cairn_system_build();
    char mpi[256];
    char blas[256];
    char hdf5[32];
    cairn_comm_library(mpi, sizeof mpi);
    cairn_threads_blas(blas, sizeof blas);
    cairn_h5_version(hdf5);
    printf("cairn %s (%s)\nprecision %s\ncompiler %s, %s\nMPI %s\nBLAS %s\nHDF5 %s\n",
           build->version, build->commit, cairn_h5_type_name(CAIRN_H5_REAL), build->compiler,
           build->flags, mpi, blas, hdf5);
}
