/* SPDX-License-Identifier: BSD-3-Clause
 * Threads of BLAS and OpenMP.  They are set by calls, so the environment of the job does not
 * matter. */
#include "tensor/threads.h"

#include <cblas.h>
#include <stdio.h>

#include "base/build_config.h"
#include "base/host.h"
#include "tensor/spread.h"
#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef CAIRN_HAVE_FLEXIBLAS_API
#include <flexiblas_api.h>
#endif

/* Set them, where n is not 0; how many there are then. */
#if defined(CAIRN_HAVE_FLEXIBLAS_API)
static int use(int n)
{
    if (n > 0) flexiblas_set_num_threads(n);
    return flexiblas_get_num_threads();
}
#elif defined(CAIRN_HAVE_OPENBLAS_SET_NUM_THREADS)
static int use(int n)
{
    if (n > 0) openblas_set_num_threads(n);
    return openblas_get_num_threads();
}
#else
static int use(int n)
{
    (void)n;
    return 1;
}
#endif

cairn_status cairn_threads_set(size_t n)
{
    if (!cairn_host_sets_threads()) return CAIRN_OK;
#ifdef _OPENMP
    omp_set_dynamic(0);
    omp_set_max_active_levels(1); /* a loop inside a loop that is spread has one thread */
    omp_set_num_threads((int)n);
#endif
    int got = use((int)n);
    if ((size_t)got == n) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "train.threads is %zu, but this BLAS works with %d; set train.threads: %d or "
                      "use another BLAS",
                      n, got, got);
}

size_t cairn_threads_now(void)
{
    return (size_t)use(0);
}

void cairn_threads_each(size_t n, void (*work)(void *context, size_t i), void *context)
{
    const size_t n_threads = n > 1 ? cairn_threads_now() : 1;
    (void)n_threads; /* without OpenMP */
    CAIRN_SPREAD(n_threads)
    for (size_t i = 0; i < n; i++) work(context, i);
}

enum cairn_blas_threads cairn_threads_blas_kind(void)
{
#ifdef CAIRN_HAVE_OPENBLAS_GET_PARALLEL
    switch (openblas_get_parallel()) {
    case 0: return CAIRN_BLAS_SERIAL;
    case 1: return CAIRN_BLAS_PTHREADS;
    case 2: return CAIRN_BLAS_OPENMP;
    default: return CAIRN_BLAS_UNKNOWN;
    }
#else
    return CAIRN_BLAS_UNKNOWN;
#endif
}

bool cairn_threads_openmp(void)
{
#ifdef _OPENMP
    return true;
#else
    return false;
#endif
}

void cairn_threads_blas(char *text, size_t n_bytes)
{
#if defined(CAIRN_HAVE_OPENBLAS_GET_CONFIG) && defined(CAIRN_HAVE_OPENBLAS_GET_CORENAME)
    snprintf(text, n_bytes, "%s, core %s", openblas_get_config(), openblas_get_corename());
#elif defined(CAIRN_HAVE_FLEXIBLAS_API)
    snprintf(text, n_bytes, "FlexiBLAS");
#else
    snprintf(text, n_bytes, "a BLAS without a name");
#endif
}
