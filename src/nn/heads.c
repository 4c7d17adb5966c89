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
};

static struct room room_of(const struct cairn_heads *self, real *at)
{
    const size_t turned = cairn_panels_size(self->width, QUERIES);
    const size_t few = cairn_panels_size(QUERIES, self->width);
    struct room room = {.s = at, .dp = at + self->T * QUERIES};
    room.q_turned = room.dp + self->T * QUERIES;
    room.d_o_turned = room.q_turned + turned;
    room.q = room.d_o_turned + turned;
    room.d_o = room.q + few;
    room.k = room.v = room.d_o + few;
    room.dk = room.k + cairn_panels_size(self->T, self->width);
    room.dv = room.dk + self->T * self->width;
    return room;
}

size_t cairn_heads_room(const struct cairn_heads *heads)
{
    return 2 * heads->T * QUERIES + 2 * cairn_panels_size(heads->width, QUERIES) +
           2 * cairn_panels_size(QUERIES, heads->width) +
           cairn_panels_size(heads->T, heads->width) + 2 * heads->T * heads->width;
}

/* s = x of the keys times the panel's queries, or what they have in their place, packed turned */
static void score(const struct cairn_heads *self, const struct panel *panel, const real *x,
                  const real *turned, real *s)
{
    cairn_panels_multiply(&(struct cairn_panels){.m = panel->keys,
                                                 .n = QUERIES,
                                                 .k = self->width,
                                                 .a = x,
                                                 .lda = 3 * self->D,
                                                 .panels = turned,
                                                 .b_rows = self->width,
                                                 .c = s,
                                                 .ldc = QUERIES});
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
static void weigh_keys(const struct cairn_heads *self, const struct panel *panel, const real *s,
                       const real *b, real *c, size_t ldc)
{
    size_t n = 0;
    for (size_t i = 0; i < panel->count; i += n) {
        n = cairn_tile_rows(panel->count - i);
        cairn_panels_multiply(
            &(struct cairn_panels){.m = n,
                                   .n = self->width,
                                   .k = self->causal ? panel->first + i + n : self->T,
                                   .a = s + i,
                                   .lda = QUERIES,
                                   .turned = true,
                                   .panels = b,
                                   .b_rows = self->T,
                                   .c = c + (panel->first + i) * ldc,
                                   .ldc = ldc});
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
                          const struct room *room, const struct panel *panel)
{
    const size_t first = panel->first;
    real top[QUERIES];
    real sum[QUERIES];
    cairn_panels_turn(head->q + first * 3 * self->D, panel->count, self->width, 3 * self->D,
                      room->q_turned);
    score(self, panel, head->k, room->q_turned, room->s);
    hide(self, panel, room->s);
    find_top(room->s, panel->keys, top);
    exponentials(room->s, panel->keys, self->scale, top, sum);
    weigh_keys(self, panel, room->s, room->v, head->o, self->D);
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
    const struct room room = room_of(self, head->room);
    cairn_panels_copy(head->v, self->T, self->width, 3 * self->D, room.v);
    for (size_t first = 0; first < self->T; first += QUERIES) {
        const struct panel panel = panel_at(self, first);
        forward_panel(self, head, &room, &panel);
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
static void weigh_queries(const struct cairn_heads *self, const struct panel *panel, const real *s,
                          const real *b, real *c)
{
    size_t n = 0;
    for (size_t key = 0; key < panel->keys; key += n) {
        const bool inside = self->causal && key >= panel->first;
        const size_t begin = inside ? key - panel->first : 0;
        const size_t end = self->causal && !inside ? panel->first : panel->keys;
        n = inside ? cairn_tile_rows(end - key) : end - key;
        cairn_panels_multiply(&(struct cairn_panels){.m = n,
                                                     .n = self->width,
                                                     .k = panel->count - begin,
                                                     .a = s + key * QUERIES + begin,
                                                     .lda = QUERIES,
                                                     .panels = b + begin * CAIRN_TILE_COLUMNS,
                                                     .b_rows = panel->count,
                                                     .adds = panel->first + panel->count < self->T,
                                                     .c = c + key * self->width,
                                                     .ldc = self->width});
    }
}

static void backward_panel(const struct cairn_heads *self, const struct cairn_head *head,
                           const struct room *room, const struct panel *panel)
{
    const size_t D = self->D;
    const size_t bytes = panel->count * sizeof(real);
    real *q = head->q + panel->first * 3 * D;
    const real *d_o = head->d_o + panel->first * D;
    real top[QUERIES] = {0};
    real factor[QUERIES] = {0};
    memcpy(top, head->top + panel->first, bytes);
    memcpy(factor, head->factor + panel->first, bytes);
    cairn_panels_turn(q, panel->count, self->width, 3 * D, room->q_turned);
    cairn_panels_copy(q, panel->count, self->width, 3 * D, room->q);
    cairn_panels_turn(d_o, panel->count, self->width, D, room->d_o_turned);
    cairn_panels_copy(d_o, panel->count, self->width, D, room->d_o);
    score(self, panel, head->k, room->q_turned, room->s);
    score(self, panel, head->v, room->d_o_turned, room->dp);
    hide(self, panel, room->s);
    scores_backward(room->s, room->dp, panel->keys, self->scale, top, factor);
    weigh_keys(self, panel, room->dp, room->k, head->q, 3 * D); /* dq over q */
    weigh_queries(self, panel, room->s, room->d_o, room->dv);
    weigh_queries(self, panel, room->dp, room->q, room->dk);
}

/* The last panel comes first: it sees all keys, so that it fills dk and dv. */
void cairn_head_backward(const struct cairn_heads *self, const struct cairn_head *head)
{
    const size_t width = self->width;
    const struct room room = room_of(self, head->room);
    cairn_panels_copy(head->k, self->T, width, 3 * self->D, room.k);
    for (size_t n = (self->T + QUERIES - 1) / QUERIES; n-- > 0;) {
        const struct panel panel = panel_at(self, n * QUERIES);
        backward_panel(self, head, &room, &panel);
    }
    for (size_t i = 0; i < self->T; i++) {
        memcpy(head->k + i * 3 * self->D, room.dk + i * width, width * sizeof(real));
        memcpy(head->v + i * 3 * self->D, room.dv + i * width, width * sizeof(real));
    }
}
