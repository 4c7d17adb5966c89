/* SPDX-License-Identifier: BSD-3-Clause
 * What the files that call oneDNN (2.x, its C API) have in common.  Local. */
#ifndef CAIRN_TENSOR_ONEDNN_H
#define CAIRN_TENSOR_ONEDNN_H

#include <dnnl.h>
#include <stdint.h>

#include "cairn/status.h"

/** Where primitives are made and run. */
struct cairn_onednn {
    const char *what; /* the subject of its errors: "a convolution" */
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

/** What it answered about `what`, as a status.  Ranks: local.  Errors: CAIRN_MEMORY, CAIRN_BUG. */
CAIRN_CHECKED static inline cairn_status cairn_onednn_check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success) return CAIRN_OK;
    if (status == dnnl_out_of_memory)
        return cairn_fail(CAIRN_MEMORY, "oneDNN has no memory for %s", what);
    return cairn_fail(CAIRN_BUG, "oneDNN refuses %s (status %d)", what, (int)status);
}

/** To be closed, also after a failure.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED static inline cairn_status cairn_onednn_open(const char *what,
                                                           struct cairn_onednn *out)
{
    out->what = what;
    CAIRN_TRY(cairn_onednn_check(dnnl_engine_create(&out->engine, dnnl_cpu, 0), what));
    return cairn_onednn_check(
        dnnl_stream_create(&out->stream, out->engine, dnnl_stream_default_flags), what);
}

/** Release them; NULL is fine, here and below.  Ranks: local.  Errors: none. */
static inline void cairn_onednn_close(struct cairn_onednn *onednn)
{
    if (onednn->stream != NULL) dnnl_stream_destroy(onednn->stream);
    if (onednn->engine != NULL) dnnl_engine_destroy(onednn->engine);
}

/** Memory that is given with each call.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED static inline cairn_status cairn_onednn_place(const struct cairn_onednn *onednn,
                                                            const dnnl_memory_desc_t *desc,
                                                            dnnl_memory_t *out)
{
    return cairn_onednn_check(dnnl_memory_create(out, desc, onednn->engine, DNNL_MEMORY_NONE),
                              onednn->what);
}

/** What makes one layout of another.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED static inline cairn_status
cairn_onednn_plan_reorder(const struct cairn_onednn *onednn, const dnnl_memory_desc_t *from,
                          const dnnl_memory_desc_t *to, dnnl_primitive_t *out)
{
    const dnnl_engine_t engine = onednn->engine;
    dnnl_primitive_desc_t planned = NULL;
    CAIRN_TRY(cairn_onednn_check(
        dnnl_reorder_primitive_desc_create(&planned, from, engine, to, engine, NULL),
        onednn->what));
    cairn_status st = cairn_onednn_check(dnnl_primitive_create(out, planned), onednn->what);
    dnnl_primitive_desc_destroy(planned);
    return st;
}

/** Do it.  Ranks: local.  Errors: none. */
static inline void cairn_onednn_reorder(const struct cairn_onednn *onednn, dnnl_primitive_t reorder,
                                        dnnl_memory_t from, dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    dnnl_primitive_execute(reorder, onednn->stream, 2, args);
}

static inline void cairn_onednn_free_memory(dnnl_memory_t memory)
{
    if (memory != NULL) dnnl_memory_destroy(memory);
}

static inline void cairn_onednn_free_primitive(dnnl_primitive_t primitive)
{
    if (primitive != NULL) dnnl_primitive_destroy(primitive);
}

/** oneDNN's places are not const, whatever a primitive does with them.  Ranks: local.
 * Errors: none. */
static inline void cairn_onednn_put(dnnl_memory_t memory, const void *array)
{
    dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)array);
}

#endif
