# SPDX-License-Identifier: BSD-3-Clause
# Sourced by the scripts beside it: the machine's MPI, found and willing.

# Fedora and EL keep their MPI behind a module, which a new shell has not loaded.
if ! command -v mpicc >/dev/null && [ -x /usr/lib64/openmpi/bin/mpicc ]; then
    PATH=$PATH:/usr/lib64/openmpi/bin
fi

# Open MPI asks root twice whether it means it.
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
