/* SPDX-License-Identifier: BSD-3-Clause
 * What there is of AMX and oneDNN on this CPU. */
#define _GNU_SOURCE /* syscall */

#include "tensor/backend.h"

#include <stdio.h>

#include "base/build_config.h"
#include "cairn/real.h"
#ifdef CAIRN_COMPILES_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#ifdef CAIRN_HAVE_ONEDNN
#include <dnnl.h>
#endif

/* Counts the versions of tensor/amx.h whose bits are others. */
enum { AMX_VERSION = 1 };

const char *cairn_backend_name(enum cairn_backend backend)
{
    static const char *const names[CAIRN_N_BACKENDS] = {"openblas", "onednn", "amx"};
    return names[backend];
}

/* ---- AMX */

#ifdef CAIRN_COMPILES_AMX

static bool cpu_has_amx(void)
{
    enum { FEATURES = 7, AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, AVX512_BF16 = 1 << 5 };
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(FEATURES, 0, &a, &b, &c, &d) || (d & AMX_BF16) == 0 ||
        (d & AMX_TILE) == 0)
        return false;
    return __get_cpuid_count(FEATURES, 1, &a, &b, &c, &d) && (a & AVX512_BF16) != 0;
}

/* Linux gives a process the registers of the tiles when it asks for them. */
static bool has_amx(void)
{
    enum { REQUEST_STATE = 0x1023 /* ARCH_REQ_XCOMP_PERM */, TILE_DATA = 18 };
    return CAIRN_REAL_BITS == 32 && cpu_has_amx() &&
           syscall(SYS_arch_prctl, REQUEST_STATE, TILE_DATA) == 0;
}

#else

static bool has_amx(void)
{
    return false;
}

#endif

/* ---- oneDNN */

#ifdef CAIRN_HAVE_ONEDNN

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

/* Whether it is there and finds all of an instruction set: its bits are those of what it contains.
 */
static bool onednn_has(dnnl_cpu_isa_t wanted)
{
    return CAIRN_REAL_BITS == 32 &&
           ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)wanted) == (unsigned)wanted;
}

static bool onednn_rounds(void)
{
    return onednn_has(dnnl_cpu_isa_avx512_core_bf16);
}

static bool onednn_is_best(void)
{
    return onednn_has(dnnl_cpu_isa_avx512_core);
}

static bool onednn_is_there(void)
{
    return CAIRN_REAL_BITS == 32;
}

static void onednn_text(char *text, size_t n_bytes)
{
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, n_bytes, "onednn %d.%d.%d %s", version->major, version->minor, version->patch,
             isa_name(dnnl_get_effective_cpu_isa()));
}

#else

static bool onednn_rounds(void)
{
    return false;
}

static bool onednn_is_best(void)
{
    return false;
}

static bool onednn_is_there(void)
{
    return false;
}

static void onednn_text(char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "onednn");
}

#endif

/* ---- all of them */

/* With that of oneDNN, which does products of few rows (matmul.c). */
static void amx_text(char *text, size_t n_bytes)
{
    char others[48] = "";
    if (onednn_is_there()) onednn_text(others, sizeof others);
    snprintf(text, n_bytes, "amx %d%s%s", AMX_VERSION, others[0] == '\0' ? "" : " ", others);
}

bool cairn_backend_is_there(enum cairn_backend backend)
{
    switch (backend) {
    case CAIRN_BACKEND_AMX: return has_amx();
    case CAIRN_BACKEND_ONEDNN: return onednn_is_there();
    default: return true;
    }
}

bool cairn_backend_rounds(enum cairn_backend backend)
{
    switch (backend) {
    case CAIRN_BACKEND_AMX: return has_amx();
    case CAIRN_BACKEND_ONEDNN: return onednn_rounds();
    default: return false;
    }
}

enum cairn_backend cairn_backend_best(void)
{
    if (has_amx()) return CAIRN_BACKEND_AMX;
    return onednn_is_best() ? CAIRN_BACKEND_ONEDNN : CAIRN_BACKEND_OPENBLAS;
}

void cairn_backend_text(enum cairn_backend backend, char *text, size_t n_bytes)
{
    switch (backend) {
    case CAIRN_BACKEND_AMX: amx_text(text, n_bytes); break;
    case CAIRN_BACKEND_ONEDNN: onednn_text(text, n_bytes); break;
    default: snprintf(text, n_bytes, "%s", cairn_backend_name(backend));
    }
}
