/* SPDX-License-Identifier: BSD-3-Clause
 * The global order.  A change here is a new CAIRN_ORDER_NAME: checkpoints hold positions of it. */
#include "data/order.h"

#include "base/random.h"

/* Few bits make few permutations: small sets walk longer in a network of 256 instead. */
enum { LEAST_HALF_BITS = 4 };

void cairn_order_with(uint64_t key, uint64_t n, struct cairn_order *out)
{
    uint32_t word[2 * CAIRN_ORDER_ROUNDS];
    cairn_random_fill(key, 0, 2 * CAIRN_ORDER_ROUNDS, word);
    for (int i = 0; i < CAIRN_ORDER_ROUNDS; i++)
        out->key[i] = (uint64_t)word[2 * i] | (uint64_t)word[2 * i + 1] << 32;
    out->n = n;
    out->half_bits = LEAST_HALF_BITS;
    while (out->half_bits < 32 && n > UINT64_C(1) << 2 * out->half_bits) out->half_bits++;
}

void cairn_order_begin(uint64_t seed, uint64_t epoch, uint64_t n, struct cairn_order *out)
{
    cairn_order_with(cairn_random_key(seed, CAIRN_RANDOM_ORDER, epoch, 0), n, out);
}

static uint64_t scramble(uint64_t x)
{
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

uint64_t cairn_order_at(const struct cairn_order *order, uint64_t position)
{
    const uint64_t mask = (UINT64_C(1) << order->half_bits) - 1;
    uint64_t at = position;
    do {
        uint64_t left = at >> order->half_bits;
        uint64_t right = at & mask;
        for (int i = 0; i < CAIRN_ORDER_ROUNDS; i++) {
            uint64_t mixed = left ^ (scramble(right ^ order->key[i]) & mask);
            left = right;
            right = mixed;
        }
        at = left << order->half_bits | right;
    } while (at >= order->n);
    return at;
}

uint64_t cairn_order_find(const struct cairn_order *order, uint64_t sample)
{
    const uint64_t mask = (UINT64_C(1) << order->half_bits) - 1;
    uint64_t at = sample;
    do {
        uint64_t left = at >> order->half_bits;
        uint64_t right = at & mask;
        for (int i = CAIRN_ORDER_ROUNDS - 1; i >= 0; i--) {
            uint64_t mixed = right ^ (scramble(left ^ order->key[i]) & mask);
            right = left;
            left = mixed;
        }
        at = left << order->half_bits | right;
    } while (at >= order->n);
    return at;
}

uint64_t cairn_order_sample(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t position)
{
    struct cairn_order order;
    cairn_order_begin(seed, epoch, n, &order);
    return cairn_order_at(&order, position);
}
