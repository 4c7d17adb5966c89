/* SPDX-License-Identifier: BSD-3-Clause
 * FlexiBLAS, OpenBLAS, BLIS (and AOCL), MKL, and any other BLAS with its C interface. */
#include "tensor/vendor.h"

#include <stdio.h>

#include "base/build_config.h"
#include "tensor/threads.h"
#include CAIRN_CBLAS_H

#if defined(CAIRN_HAVE_FLEXIBLAS_SET_NUM_THREADS)

#include <flexiblas_api.h>

int cairn_vendor_threads(int n)
{
    if (n > 0) flexiblas_set_num_threads(n);
    return flexiblas_get_num_threads();
}

enum cairn_blas_threads cairn_threads_blas_kind(void)
{
    return CAIRN_BLAS_UNKNOWN;
}

void cairn_threads_blas(char *text, size_t n_bytes)
{
    char backend[128] = "unknown";
    int major = 0, minor = 0, patch = 0;
    flexiblas_get_version(&major, &minor, &patch);
    flexiblas_current_backend(backend, sizeof backend);
    snprintf(text, n_bytes, "FlexiBLAS %d.%d.%d, backend %s", major, minor, patch, backend);
}

#elif defined(CAIRN_HAVE_OPENBLAS_SET_NUM_THREADS)

int cairn_vendor_threads(int n)
{
    if (n > 0) openblas_set_num_threads(n);
    return openblas_get_num_threads();
}

enum cairn_blas_threads cairn_threads_blas_kind(void)
{
    switch (openblas_get_parallel()) {
    case 0: return CAIRN_BLAS_SERIAL;
    case 1: return CAIRN_BLAS_PTHREADS;
    case 2: return CAIRN_BLAS_OPENMP;
    default: return CAIRN_BLAS_UNKNOWN;
    }
}

void cairn_threads_blas(char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "%s, core %s", openblas_get_config(), openblas_get_corename());
}

#elif defined(CAIRN_HAVE_BLI_THREAD_SET_NUM_THREADS)

#include <blis.h>

int cairn_vendor_threads(int n)
{
    if (!bli_info_get_enable_threading()) return 1; /* it would keep any number and do nothing */
    if (n > 0) bli_thread_set_num_threads(n);
    return (int)bli_thread_get_num_threads();
}

enum cairn_blas_threads cairn_threads_blas_kind(void)
{
    if (bli_info_get_enable_openmp()) return CAIRN_BLAS_OPENMP;
    return bli_info_get_enable_pthreads() ? CAIRN_BLAS_PTHREADS : CAIRN_BLAS_SERIAL;
}

void cairn_threads_blas(char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "BLIS %s, core %s", bli_info_get_version_str(),
             bli_arch_string(bli_arch_query_id()));
}

#elif defined(CAIRN_HAVE_MKL_SET_NUM_THREADS)

#include <mkl_service.h>
#include <string.h>

int cairn_vendor_threads(int n)
{
    if (n > 0) {
        MKL_Set_Dynamic(0); /* else it takes fewer where it thinks best */
        MKL_Set_Num_Threads(n);
    }
    return MKL_Get_Max_Threads();
}

enum cairn_blas_threads cairn_threads_blas_kind(void)
{
    return CAIRN_BLAS_UNKNOWN; /* OpenMP's, TBB's or none, as it was linked */
}

/* Its version, a sentence, and the numbers of its branches: the CPU's, and the one that MKL_CBWR
 * asks for (mkl_service.h). */
void cairn_threads_blas(char *text, size_t n_bytes)
{
    char version[200];
    MKL_Get_Version_String(version, sizeof version);
    version[strcspn(version, "\n")] = '\0';
    snprintf(text, n_bytes, "%s, core %d, MKL_CBWR %d", version, MKL_CBWR_Get_Auto_Branch(),
             MKL_CBWR_Get(MKL_CBWR_ALL));
}

#else

int cairn_vendor_threads(int n)
{
    (void)n;
    return 1;
}

enum cairn_blas_threads cairn_threads_blas_kind(void)
{
    return CAIRN_BLAS_UNKNOWN;
}

void cairn_threads_blas(char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "a BLAS without a name");
}

#endif
