/* SPDX-License-Identifier: BSD-3-Clause
 * 16 floats into the units of a place (tensor/place.h) at once, where CAIRN_PLACE_HAS_UNITS.
 * Local. */
#ifndef CAIRN_TENSOR_UNITS_H
#define CAIRN_TENSOR_UNITS_H

#include <immintrin.h>

#include "tensor/place.h"

enum { CAIRN_UNITS_LANES = 16 };

static inline __attribute__((always_inline)) void cairn_units_store(uint64_t *to, __m512 x,
                                                                    const bool adds)
{
    __m512i first = _mm512_cvtps_epi64(_mm512_castps512_ps256(x));
    __m512i second = _mm512_cvtps_epi64(_mm512_extractf32x8_ps(x, 1));
    if (adds) {
        first = _mm512_add_epi64(first, _mm512_loadu_si512(to));
        second = _mm512_add_epi64(second, _mm512_loadu_si512(to + CAIRN_UNITS_LANES / 2));
    }
    _mm512_storeu_si512(to, first);
    _mm512_storeu_si512(to + CAIRN_UNITS_LANES / 2, second);
}

/** Put x into elements [at, at + 16), as cairn_place_put(); low: the place has a second word, which
 * few floats reach.  Ranks: local.  Errors: none. */
static inline __attribute__((always_inline)) void cairn_units_put(const struct cairn_place *place,
                                                                  size_t at, __m512 x,
                                                                  const bool low, const bool adds)
{
    const __m512 y = x * (float)place->scale;
    if (!low) {
        cairn_units_store(place->units + at, y, adds);
        return;
    }
    const __m512 whole = _mm512_roundscale_ps(y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 rest = y - whole;
    cairn_units_store(place->units + at, whole, adds);
    if (!adds || _mm512_cmp_ps_mask(rest, _mm512_setzero_ps(), _CMP_NEQ_UQ) != 0)
        cairn_units_store(place->low + at, rest * (float)place->low_scale, adds);
}

#endif
