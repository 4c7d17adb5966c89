/* SPDX-License-Identifier: BSD-3-Clause
 * What there is of oneDNN, and what it makes of this CPU. */
#include "tensor/backend.h"

#include <stdio.h>

#include "base/build_config.h"
#include "cairn/real.h"
#ifdef CAIRN_HAVE_ONEDNN
#include <dnnl.h>
#endif

const char *cairn_backend_name(enum cairn_backend backend)
{
    static const char *const names[CAIRN_N_BACKENDS] = {"openblas", "onednn"};
    return names[backend];
}

#ifdef CAIRN_HAVE_ONEDNN

bool cairn_backend_is_there(enum cairn_backend backend)
{
    return backend == CAIRN_BACKEND_OPENBLAS || CAIRN_REAL_BITS == 32;
}

/* As its verbose mode calls them. */
static const char *isa_name(dnnl_cpu_isa_t isa)
{
    switch (isa) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "another instruction set";
    }
}

/* Whether the CPU has all of an instruction set: its bits are those of what it contains. */
static bool has(dnnl_cpu_isa_t wanted)
{
    return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)wanted) == (unsigned)wanted;
}

bool cairn_backend_rounds(enum cairn_backend backend)
{
    return backend == CAIRN_BACKEND_ONEDNN && CAIRN_REAL_BITS == 32 &&
           has(dnnl_cpu_isa_avx512_core_bf16);
}

bool cairn_backend_has_amx(void)
{
    return has(dnnl_cpu_isa_avx512_core_amx);
}

enum cairn_backend cairn_backend_best(void)
{
    const bool wide = has(dnnl_cpu_isa_avx512_core);
    return wide && cairn_backend_is_there(CAIRN_BACKEND_ONEDNN) ? CAIRN_BACKEND_ONEDNN
                                                                : CAIRN_BACKEND_OPENBLAS;
}

void cairn_backend_text(enum cairn_backend backend, char *text, size_t n_bytes)
{
    const dnnl_version_t *version = dnnl_version();
    if (backend == CAIRN_BACKEND_ONEDNN)
        snprintf(text, n_bytes, "onednn %d.%d.%d %s", version->major, version->minor,
                 version->patch, isa_name(dnnl_get_effective_cpu_isa()));
    else
        snprintf(text, n_bytes, "%s", cairn_backend_name(backend));
}

#else

bool cairn_backend_rounds(enum cairn_backend backend)
{
    (void)backend;
    return false;
}

bool cairn_backend_has_amx(void)
{
    return false;
}

bool cairn_backend_is_there(enum cairn_backend backend)
{
    return backend == CAIRN_BACKEND_OPENBLAS;
}

enum cairn_backend cairn_backend_best(void)
{
    return CAIRN_BACKEND_OPENBLAS;
}

void cairn_backend_text(enum cairn_backend backend, char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "%s", cairn_backend_name(backend));
}

#endif
