/* SPDX-License-Identifier: BSD-3-Clause
 * One head of attention:
 *
 *   s = q k^T / sqrt(width)    p = softmax of each row of s    o = p v
 *   dv = p^T do    dp = do v^T    ds_j = p_j (dp_j - sum_i p_i dp_i)    dq = ds k    dk = ds^T q
 *
 * s, p and dp are never held whole, but a panel of queries at a time, turned: [keys, QUERIES].  So
 * sums over keys are sums of vectors.  Forward keeps of each query the largest s and the sum of
 * exponentials, from which backward makes p again.  Causal, keys after the panel are left out.
 *
 * Source: Vaswani and others 2017, section 3.2; p made again: Dao and others 2022, algorithm 4. */
#include "nn/heads.h"

#include <math.h>
#include <string.h>

#include "tensor/bf16.h"
#include "tensor/functions.h"
#include "tensor/kernels.h"
#include "tensor/panels.h"
#include "tensor/tile.h"

enum { QUERIES = CAIRN_TILE_COLUMNS };

/* Queries [first, first + count), and the keys that they see. */
struct panel {
    size_t first, count, keys;
};

static struct panel panel_at(const struct cairn_heads *self, size_t first)
{
    const size_t count = self->T - first < QUERIES ? self->T - first : QUERIES;
    return (struct panel){first, count, self->causal ? first + count : self->T};
}

/* Where a head is worked, operands packed (tensor/panels.h). */
struct room {
    real *s, *dp;                /* [T, QUERIES] */
    real *q_turned, *d_o_turned; /* of a panel's queries, as are q and d_o */
    real *q, *d_o;
    real *k, *v;   /* whole; k in backward, v in forward */
    real *dk, *dv; /* [T, width] */

    /* of pairs, where operands are rounded: */
    real *keys, *values; /* k and v along their rows */
    real *scores;        /* s, or what is in its place */
    real *few;           /* rows of a panel */
};

/* A pair is as long as a number: so many take the place of n that are summed over. */
static size_t terms(const struct cairn_heads *self, size_t n)
{
    return self->rounds ? (n + 1) / 2 : n;
}

/* Of which some is taken, or only counted. */
struct memory {
    real *begin;
    size_t n;
};

static real *take(struct memory *memory, size_t n)
{
    real *here = memory->begin == NULL ? NULL : memory->begin + memory->n;
    memory->n += n;
    return here;
}

static struct room room_of(const struct cairn_heads *self, struct memory *memory)
{
    const size_t whole = self->T * self->width;
    const size_t turned = cairn_panels_size(self->width, QUERIES);
    const size_t few = cairn_panels_size(QUERIES, self->width);
    struct room room = {.s = take(memory, self->T * QUERIES),
                        .dp = take(memory, self->T * QUERIES)};
    room.q_turned = take(memory, turned);
    room.d_o_turned = take(memory, turned);
    room.q = take(memory, few);
    room.d_o = take(memory, few);
    room.k = room.v = take(memory, cairn_panels_size(self->T, self->width));
    room.dk = take(memory, whole);
    room.dv = take(memory, whole);
    if (!self->rounds) return room;
    room.keys = take(memory, self->T * terms(self, self->width));
    room.values = take(memory, self->T * terms(self, self->width));
    room.scores = take(memory, terms(self, self->T) * QUERIES);
    room.few = take(memory, QUERIES * terms(self, self->width));
    return room;
}

size_t cairn_heads_room(const struct cairn_heads *heads)
{
    struct memory memory = {0};
    (void)room_of(heads, &memory);
    return memory.n;
}

/* ---- operands of products, as they are or as pairs in memory that is given */

/* Rows that are ld apart. */
struct rows {
    const real *x;
    size_t ld;
};

/* Whose products are summed along the rows. */
static struct rows along(const struct cairn_heads *self, struct rows rows, size_t n, size_t width,
                         real *memory)
{
    if (!self->rounds) return rows;
    cairn_bf16_along(rows.x, n, width, rows.ld, memory);
    return (struct rows){memory, terms(self, width)};
}

/* Whose products are summed over the rows. */
static struct rows down(const struct cairn_heads *self, struct rows rows, size_t n, size_t width,
                        real *memory)
{
    if (!self->rounds) return rows;
    cairn_bf16_rows(rows.x, n, width, rows.ld, memory);
    return (struct rows){memory, width};
}

/* n rows as B of a product, turned or not. */
static void pack_turned(const struct cairn_heads *self, struct rows rows, size_t n, real *memory,
                        real *panels)
{
    rows = along(self, rows, n, self->width, memory);
    cairn_panels_turn(rows.x, n, terms(self, self->width), rows.ld, panels);
}

static void pack(const struct cairn_heads *self, struct rows rows, size_t n, real *memory,
                 real *panels)
{
    rows = down(self, rows, n, self->width, memory);
    cairn_panels_copy(rows.x, terms(self, n), self->width, rows.ld, panels);
}

/* s = x of the keys times the panel's queries, or what they have in their place, packed turned */
static void score(const struct cairn_heads *self, const struct panel *panel, struct rows x,
                  const real *turned, real *s)
{
    cairn_panels_multiply(&(struct cairn_panels){.m = panel->keys,
                                                 .n = QUERIES,
                                                 .k = terms(self, self->width),
                                                 .a = x.x,
                                                 .lda = x.ld,
                                                 .panels = turned,
                                                 .b_rows = terms(self, self->width),
                                                 .c = s,
                                                 .ldc = QUERIES,
                                                 .pairs = self->rounds});
}

/* What is right of the diagonal. */
static void hide(const struct cairn_heads *self, const struct panel *panel, real *s)
{
    if (!self->causal) return;
    s += panel->first * QUERIES;
    for (size_t key = 1; key < panel->count; key++)
        for (size_t j = 0; j < key; j++) s[key * QUERIES + j] = -(real)INFINITY;
}

/* c = the queries' weights s of keys, turned, times those keys' rows of b; a tile of queries takes
 * what it sees */
static void weigh_keys(const struct cairn_heads *self, const struct panel *panel, struct rows s,
                       const real *b, real *c, size_t ldc)
{
    size_t n = 0;
    for (size_t i = 0; i < panel->count; i += n) {
        n = cairn_tile_rows(panel->count - i);
        cairn_panels_multiply(
            &(struct cairn_panels){.m = n,
                                   .n = self->width,
                                   .k = terms(self, self->causal ? panel->first + i + n : self->T),
                                   .a = s.x + i,
                                   .lda = s.ld,
                                   .turned = true,
                                   .panels = b,
                                   .b_rows = terms(self, self->T),
                                   .c = c + (panel->first + i) * ldc,
                                   .ldc = ldc,
                                   .pairs = self->rounds});
    }
}

/* ---- forward */

static real larger(real a, real b)
{
    return a > b ? a : b;
}

/* The largest of each column of s [n, QUERIES], four rows at a time: each turn waits for the one
 * before. */
static void find_top(const real *restrict s, size_t n, real *restrict top)
{
    for (size_t j = 0; j < QUERIES; j++) top[j] = s[j];
    for (; n >= 4; n -= 4, s += 4 * QUERIES)
        for (size_t j = 0; j < QUERIES; j++) {
            const real a = larger(s[j], s[QUERIES + j]);
            const real b = larger(s[2 * QUERIES + j], s[3 * QUERIES + j]);
            top[j] = larger(larger(a, b), top[j]);
        }
    for (; n > 0; n--, s += QUERIES)
        for (size_t j = 0; j < QUERIES; j++) top[j] = larger(s[j], top[j]);
}

/* s [n, QUERIES] becomes exp(scale (s - top)), and its columns' sums. */
static void exponentials(real *restrict s, size_t n, real scale, const real *restrict top,
                         real *restrict sum)
{
    for (size_t j = 0; j < QUERIES; j++) sum[j] = 0;
    for (; n > 0; n--, s += QUERIES)
        for (size_t j = 0; j < QUERIES; j++) {
            s[j] = cairn_decay(scale * (s[j] - top[j]));
            sum[j] += s[j];
        }
}

static void forward_panel(const struct cairn_heads *self, const struct cairn_head *head,
                          const struct room *room, const struct panel *panel, struct rows k)
{
    const size_t first = panel->first;
    real top[QUERIES];
    real sum[QUERIES];
    const struct rows q = {head->q + first * 3 * self->D, 3 * self->D};
    const struct rows s = {room->s, QUERIES};
    pack_turned(self, q, panel->count, room->few, room->q_turned);
    score(self, panel, k, room->q_turned, room->s);
    hide(self, panel, room->s);
    find_top(room->s, panel->keys, top);
    exponentials(room->s, panel->keys, self->scale, top, sum);
    weigh_keys(self, panel, down(self, s, panel->keys, QUERIES, room->scores), room->v, head->o,
               self->D);
    for (size_t i = 0; i < panel->count; i++) {
        real *o = head->o + (first + i) * self->D;
        const real factor = 1 / sum[i];
        head->top[first + i] = top[i];
        head->factor[first + i] = factor;
        for (size_t j = 0; j < self->width; j++) o[j] *= factor;
    }
}

void cairn_head_forward(const struct cairn_heads *self, const struct cairn_head *head)
{
    struct memory memory = {head->room, 0};
    const struct room room = room_of(self, &memory);
    const struct rows k =
        along(self, (struct rows){head->k, 3 * self->D}, self->T, self->width, room.keys);
    pack(self, (struct rows){head->v, 3 * self->D}, self->T, room.dv, room.v);
    for (size_t first = 0; first < self->T; first += QUERIES) {
        const struct panel panel = panel_at(self, first);
        forward_panel(self, head, &room, &panel, k);
    }
}

/* ---- backward */

/* p over s and ds over dp [n, QUERIES] */
static void scores_backward(real *restrict s, real *restrict dp, size_t n, real scale,
                            const real *restrict top, const real *restrict factor)
{
    real mean[QUERIES] = {0};
    for (size_t i = 0; i < n * QUERIES; i += QUERIES)
        for (size_t j = 0; j < QUERIES; j++) {
            s[i + j] = cairn_decay(scale * (s[i + j] - top[j])) * factor[j];
            mean[j] += s[i + j] * dp[i + j];
        }
    for (size_t i = 0; i < n * QUERIES; i += QUERIES)
        for (size_t j = 0; j < QUERIES; j++) dp[i + j] = scale * s[i + j] * (dp[i + j] - mean[j]);
}

/* c [T, width] = or, with more queries to come before, += the keys' weights s of queries times
 * these queries' rows of b; causal, a tile of keys takes those that see it */
static void weigh_queries(const struct cairn_heads *self, const struct panel *panel, struct rows s,
                          const real *b, real *c)
{
    size_t n = 0;
    for (size_t key = 0; key < panel->keys; key += n) {
        const bool inside = self->causal && key >= panel->first;
        const size_t before = inside ? key - panel->first : 0;
        const size_t begin = self->rounds ? before / 2 : before;
        const size_t end = self->causal && !inside ? panel->first : panel->keys;
        n = inside ? cairn_tile_rows(end - key) : end - key;
        cairn_panels_multiply(&(struct cairn_panels){.m = n,
                                                     .n = self->width,
                                                     .k = terms(self, panel->count) - begin,
                                                     .a = s.x + key * s.ld + begin,
                                                     .lda = s.ld,
                                                     .panels = b + begin * CAIRN_TILE_COLUMNS,
                                                     .b_rows = terms(self, panel->count),
                                                     .adds = panel->first + panel->count < self->T,
                                                     .c = c + key * self->width,
                                                     .ldc = self->width,
                                                     .pairs = self->rounds});
    }
}

/* k and v whole, as the products of scores have them. */
struct seen {
    struct rows k, v;
};

static void backward_panel(const struct cairn_heads *self, const struct cairn_head *head,
                           const struct room *room, const struct panel *panel,
                           const struct seen *seen)
{
    const size_t D = self->D;
    const size_t bytes = panel->count * sizeof(real);
    const struct rows q = {head->q + panel->first * 3 * D, 3 * D};
    const struct rows d_o = {head->d_o + panel->first * D, D};
    const struct rows s = {room->s, QUERIES};
    const struct rows dp = {room->dp, QUERIES};
    real top[QUERIES] = {0};
    real factor[QUERIES] = {0};
    memcpy(top, head->top + panel->first, bytes);
    memcpy(factor, head->factor + panel->first, bytes);
    pack_turned(self, q, panel->count, room->few, room->q_turned);
    pack(self, q, panel->count, room->few, room->q);
    pack_turned(self, d_o, panel->count, room->few, room->d_o_turned);
    pack(self, d_o, panel->count, room->few, room->d_o);
    score(self, panel, seen->k, room->q_turned, room->s);
    score(self, panel, seen->v, room->d_o_turned, room->dp);
    hide(self, panel, room->s);
    scores_backward(room->s, room->dp, panel->keys, self->scale, top, factor);
    weigh_keys(self, panel, down(self, dp, panel->keys, QUERIES, room->scores), room->k, head->q,
               3 * D); /* dq over q */
    weigh_queries(self, panel, along(self, s, panel->keys, QUERIES, room->scores), room->d_o,
                  room->dv);
    weigh_queries(self, panel, along(self, dp, panel->keys, QUERIES, room->scores), room->q,
                  room->dk);
}

/* The last panel comes first: it sees all keys, so that it fills dk and dv. */
void cairn_head_backward(const struct cairn_heads *self, const struct cairn_head *head)
{
    const size_t width = self->width;
    const struct rows k = {head->k, 3 * self->D};
    const struct rows v = {head->v, 3 * self->D};
    struct memory memory = {head->room, 0};
    const struct room room = room_of(self, &memory);
    const struct seen seen = {along(self, k, self->T, width, room.keys),
                              along(self, v, self->T, width, room.values)};
    pack(self, k, self->T, room.dk, room.k);
    for (size_t n = (self->T + QUERIES - 1) / QUERIES; n-- > 0;) {
        const struct panel panel = panel_at(self, n * QUERIES);
        backward_panel(self, head, &room, &panel, &seen);
    }
    for (size_t i = 0; i < self->T; i++) {
        memcpy(head->k + i * 3 * self->D, room.dk + i * width, width * sizeof(real));
        memcpy(head->v + i * 3 * self->D, room.dv + i * width, width * sizeof(real));
    }
}
