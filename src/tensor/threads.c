/* SPDX-License-Identifier: BSD-3-Clause
 * Threads of BLAS and OpenMP.  They are set by calls, so the environment of the job does not
 * matter. */
#include "tensor/threads.h"

#include "base/host.h"
#include "tensor/spread.h"
#include "tensor/vendor.h"
#ifdef _OPENMP
#include <omp.h>
#endif

cairn_status cairn_threads_set(size_t n)
{
    if (!cairn_host_sets_threads()) return CAIRN_OK;
#ifdef _OPENMP
    omp_set_dynamic(0);
    omp_set_max_active_levels(1); /* a loop inside a loop that is spread has one thread */
    omp_set_num_threads((int)n);
#endif
    int got = cairn_vendor_threads((int)n);
    if ((size_t)got == n) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "train.threads is %zu, but this BLAS works with %d; set train.threads: %d or "
                      "use another BLAS",
                      n, got, got);
}

size_t cairn_threads_now(void)
{
    return (size_t)cairn_vendor_threads(0);
}

void cairn_threads_each(size_t n, void (*work)(void *context, size_t i), void *context)
{
    const size_t n_threads = n > 1 ? cairn_threads_now() : 1;
    (void)n_threads; /* without OpenMP */
    CAIRN_SPREAD(n_threads)
    for (size_t i = 0; i < n; i++) work(context, i);
}

bool cairn_threads_openmp(void)
{
#ifdef _OPENMP
    return true;
#else
    return false;
#endif
}
