/* SPDX-License-Identifier: BSD-3-Clause
 * Which cells come next: all, or with a rate that follows those of a search along the batches. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "study/cells.h"

enum { WORSE_ON_A_SIDE = 2, MOST_SEEDS = 64, NONE = -1 };

/* The cells of one series at one batch, by rate and seed. */
struct stage {
    const struct cairn_study_axes *axes;
    const struct cairn_study_known *known;
    int rate, seed, batch; /* axes; NONE: there is no such axis */
    size_t cell;           /* one of them */
};

/* What is collected. */
struct list {
    size_t n, most;
    size_t *cell;
};

static int axis_at(const struct cairn_study_axes *axes, enum cairn_study_role role)
{
    const struct cairn_study_axis *axis = cairn_study_axis_of(axes, role);
    return axis == NULL ? NONE : (int)(axis - axes->axis);
}

static struct stage stage_of(const struct cairn_study_axes *axes,
                             const struct cairn_study_known *known, size_t cell)
{
    return (struct stage){
        .axes = axes,
        .known = known,
        .rate = axis_at(axes, CAIRN_STUDY_RATE),
        .seed = axis_at(axes, CAIRN_STUDY_SEED),
        .batch = axis_at(axes, CAIRN_STUDY_BATCH),
        .cell = cell,
    };
}

static const struct cairn_study_axis *rates(const struct stage *s)
{
    static const struct cairn_study_axis one = {.n = 1, .end = 1};
    return s->rate == NONE ? &one : &s->axes->axis[s->rate];
}

static size_t n_seeds(const struct stage *s)
{
    size_t n = s->seed == NONE ? 1 : s->axes->axis[s->seed].n;
    return n < MOST_SEEDS ? n : MOST_SEEDS;
}

static size_t cell_at(const struct stage *s, size_t rate, size_t seed)
{
    size_t cell = s->cell;
    if (s->rate != NONE) cell = cairn_study_with(s->axes, cell, (size_t)s->rate, rate);
    if (s->seed != NONE) cell = cairn_study_with(s->axes, cell, (size_t)s->seed, seed);
    return cell;
}

static const struct cairn_study_known *at(const struct stage *s, size_t rate, size_t seed)
{
    return &s->known[cell_at(s, rate, seed)];
}

/* Updates to the target; SIZE_MAX where it was not reached. */
static uint64_t score(const struct cairn_study_known *known)
{
    return known->ended && known->end == CAIRN_STUDY_REACHED ? known->updates : UINT64_MAX;
}

/* The rate with the best score of the first seed, or n where none has one. */
static size_t best_of_first_seed(const struct stage *s)
{
    size_t best = rates(s)->n;
    for (size_t i = 0; i < rates(s)->n; i++)
        if (score(at(s, i, 0)) < (best == rates(s)->n ? UINT64_MAX : score(at(s, best, 0))))
            best = i;
    return best;
}

/* The median over the seeds, the upper one of an even number; UINT64_MAX where most have not
 * reached the target.  Of `all` none may be missing; else it is that of those that have ended. */
static uint64_t median(const struct stage *s, size_t rate, bool all)
{
    uint64_t sorted[MOST_SEEDS];
    size_t n = 0;
    for (size_t seed = 0; seed < n_seeds(s); seed++) {
        const struct cairn_study_known *known = at(s, rate, seed);
        if (!known->ended && all) return UINT64_MAX;
        if (!known->ended) continue;
        size_t k = n++;
        for (; k > 0 && sorted[k - 1] > score(known); k--) sorted[k] = sorted[k - 1];
        sorted[k] = score(known);
    }
    return n > 0 ? sorted[n / 2] : UINT64_MAX;
}

static size_t best_by_median(const struct stage *s)
{
    size_t best = SIZE_MAX;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < rates(s)->n; i++) {
        uint64_t here = median(s, i, true);
        if (here >= least) continue;
        least = here;
        best = i;
    }
    return best;
}

static void want(struct list *list, const struct stage *s, size_t rate, size_t seed)
{
    if (!at(s, rate, seed)->ended && list->n < list->most)
        list->cell[list->n++] = cell_at(s, rate, seed);
}

/* Whether the search may try this rate, the best so far (or where it began) being `center`. */
static bool may_try(const struct stage *s, size_t center, size_t rate)
{
    const struct cairn_study_axis *axis = rates(s);
    bool found = score(at(s, center, 0)) != UINT64_MAX;
    if (rate >= axis->n) return false; /* also where it went below 0 */
    if (rate >= axis->end) return found && center + 1 >= axis->end;
    if (rate < axis->first) return found && center <= axis->first;
    return true;
}

/* The k-th rate above or below the center. */
static size_t beside(size_t center, int side, size_t k)
{
    return side > 0 ? center + k : center - k;
}

/* How far to go on a side: not beyond a rate that diverged, for larger ones will, too. */
static size_t reach(const struct stage *s, size_t center, int side)
{
    bool lost = at(s, center, 0)->ended && score(at(s, center, 0)) == UINT64_MAX;
    size_t most = lost ? rates(s)->n : WORSE_ON_A_SIDE;
    for (size_t k = 1; k <= most; k++) {
        size_t rate = beside(center, side, k);
        if (!may_try(s, center, rate)) return k - 1;
        const struct cairn_study_known *known = at(s, rate, 0);
        if (side > 0 && known->ended && known->end == CAIRN_STUDY_DIVERGED) return k;
    }
    return most;
}

/* The first seed: outward from the center, the nearer first. */
static void want_outward(struct list *list, const struct stage *s, size_t center)
{
    size_t up = reach(s, center, 1);
    size_t down = reach(s, center, -1);
    want(list, s, center, 0);
    /* What diverges there leaves nothing to be tried above. */
    if (at(s, center, 0)->ended && at(s, center, 0)->end == CAIRN_STUDY_DIVERGED) up = 0;
    for (size_t k = 1; k <= up || k <= down; k++) {
        if (k <= up) want(list, s, center + k, 0);
        if (k <= down) want(list, s, center - k, 0);
    }
}

/* The other seeds, for the best rate and for its neighbours where they are worth it. */
static void want_seeds(struct list *list, const struct stage *s, size_t center)
{
    const size_t rate[] = {center, center + 1, center - 1};
    for (size_t i = 0; i < sizeof rate / sizeof rate[0]; i++)
        for (size_t seed = 1; seed < n_seeds(s) && rate[i] < rates(s)->n; seed++)
            if (score(at(s, rate[i], 0)) != UINT64_MAX) want(list, s, rate[i], seed);
}

/* What is left of a stage, beginning at this rate. */
static void want_stage(struct list *list, const struct stage *s, size_t start)
{
    size_t before = list->n;
    size_t best = best_of_first_seed(s);
    size_t center = best < rates(s)->n ? best : start;
    want_outward(list, s, center);
    if (list->n == before && best < rates(s)->n) want_seeds(list, s, center);
}

/* Along the batches of the series of s, up to the first that is not through; false: all are. */
static bool want_series(struct list *list, struct stage s, size_t first_cell)
{
    const struct cairn_study_axis *axis = rates(&s);
    size_t start = (axis->first + axis->end - 1) / 2;
    size_t n_batches = s.batch == NONE ? 1 : s.axes->axis[s.batch].n;
    for (size_t b = 0; b < n_batches; b++) {
        size_t before = list->n;
        s.cell =
            s.batch == NONE ? first_cell : cairn_study_with(s.axes, first_cell, (size_t)s.batch, b);
        want_stage(list, &s, start);
        if (list->n > before) return true;
        size_t best = best_by_median(&s);
        if (best == SIZE_MAX) best = best_of_first_seed(&s);
        if (best < axis->n) start = best;
    }
    return false;
}

/* Whether a cell is the first of its series: batch, rate and seed are at their beginning. */
static bool begins_series(const struct stage *s, size_t cell)
{
    return (s->rate == NONE || cairn_study_place(s->axes, cell, (size_t)s->rate) == 0) &&
           (s->seed == NONE || cairn_study_place(s->axes, cell, (size_t)s->seed) == 0) &&
           (s->batch == NONE || cairn_study_place(s->axes, cell, (size_t)s->batch) == 0);
}

/* Without a search: all cells of the first seed, then those of the next, so that what changes on
 * the machine meanwhile falls on all of them. */
static void want_all(struct list *list, const struct stage *s)
{
    size_t n_rounds = s->seed == NONE ? 1 : s->axes->axis[s->seed].n;
    for (size_t round = 0; round < n_rounds; round++)
        for (size_t cell = 0; cell < cairn_study_n_cells(s->axes) && list->n < list->most; cell++) {
            size_t seed = s->seed == NONE ? 0 : cairn_study_place(s->axes, cell, (size_t)s->seed);
            if (seed == round && !s->known[cell].ended) list->cell[list->n++] = cell;
        }
}

size_t cairn_study_pending_cells(const struct cairn_study_axes *axes,
                                 const struct cairn_study_known *known, size_t most, size_t *out)
{
    struct list list = {.most = most, .cell = out};
    struct stage s = stage_of(axes, known, 0);
    if (!rates(&s)->follow) want_all(&list, &s);
    for (size_t cell = 0; cell < cairn_study_n_cells(axes) && list.n < most; cell++)
        if (rates(&s)->follow && begins_series(&s, cell)) want_series(&list, s, cell);
    return list.n;
}

/* How many cells a stage may still begin with, at most: the grid and beyond with the first seed,
 * three rates with the others. */
static size_t most_of_stage(const struct stage *s)
{
    size_t others = 3 * (n_seeds(s) - 1);
    return rates(s)->end - rates(s)->first + others;
}

size_t cairn_study_at_most(const struct cairn_study_axes *axes,
                           const struct cairn_study_known *known)
{
    struct stage s = stage_of(axes, known, 0);
    size_t n_stages = s.batch == NONE ? 1 : axes->axis[s.batch].n;
    size_t n = 0;
    if (!rates(&s)->follow) return cairn_study_n_cells(axes);
    for (size_t cell = 0; cell < cairn_study_n_cells(axes); cell++)
        if (begins_series(&s, cell)) n += n_stages * most_of_stage(&s);
    return n;
}

/* A search that finds its best rate where it began. */
static size_t usual_of_stage(const struct stage *s)
{
    size_t others = 3 * (n_seeds(s) - 1), usual = 2 * WORSE_ON_A_SIDE + 1 + others;
    return usual < most_of_stage(s) ? usual : most_of_stage(s);
}

static size_t ended_of_stage(const struct stage *s)
{
    size_t n = 0;
    for (size_t rate = 0; rate < rates(s)->n; rate++)
        for (size_t seed = 0; seed < n_seeds(s); seed++) n += at(s, rate, seed)->ended;
    return n;
}

/* A batch is through where a later one has begun. */
static void left_of_series(struct stage s, size_t cell, struct cairn_study_left *out)
{
    size_t wanted = 0;
    struct list list = {.most = 1, .cell = &wanted};
    bool later = !want_series(&list, s, cell);
    for (size_t b = s.batch == NONE ? 1 : s.axes->axis[s.batch].n; b-- > 0 && !later;) {
        s.cell = s.batch == NONE ? cell : cairn_study_with(s.axes, cell, (size_t)s.batch, b);
        size_t ended = ended_of_stage(&s), most = most_of_stage(&s), usual = usual_of_stage(&s);
        if (most > ended) out[b].most += most - ended;
        if (usual > ended) out[b].about += usual - ended;
        later = ended > 0;
    }
}

void cairn_study_left(const struct cairn_study_axes *axes, const struct cairn_study_known *known,
                      struct cairn_study_left *out)
{
    struct stage s = stage_of(axes, known, 0);
    size_t n_batches = s.batch == NONE ? 1 : axes->axis[s.batch].n;
    for (size_t b = 0; b < n_batches; b++) out[b] = (struct cairn_study_left){.most = 0};
    for (size_t cell = 0; cell < cairn_study_n_cells(axes); cell++) {
        if (rates(&s)->follow) {
            if (begins_series(&s, cell)) left_of_series(s, cell, out);
            continue;
        }
        size_t b = s.batch == NONE ? 0 : cairn_study_place(axes, cell, (size_t)s.batch);
        out[b].most += !known[cell].ended;
        out[b].about += !known[cell].ended;
    }
}

size_t cairn_study_best_rate(const struct cairn_study_axes *axes,
                             const struct cairn_study_known *known, size_t cell, bool *at_edge)
{
    struct stage s = stage_of(axes, known, cell);
    const struct cairn_study_axis *axis = rates(&s);
    size_t best = best_by_median(&s);
    *at_edge = false;
    if (best == SIZE_MAX || axis->n == 1) return best;
    bool above = best + 1 < axis->n && at(&s, best + 1, 0)->ended;
    bool below = best > 0 && at(&s, best - 1, 0)->ended;
    *at_edge = (best + 1 >= axis->end && !above) || (best <= axis->first && !below);
    return best;
}

/* The least over the rates of a stage. */
static uint64_t fewest_of_stage(const struct stage *s)
{
    uint64_t fewest = UINT64_MAX;
    for (size_t i = 0; i < rates(s)->n; i++) {
        uint64_t here = median(s, i, false);
        if (here < fewest) fewest = here;
    }
    return fewest;
}

uint64_t cairn_study_fewest(const struct cairn_study_axes *axes,
                            const struct cairn_study_known *known, size_t cell)
{
    struct stage s = stage_of(axes, known, cell);
    uint64_t fewest = fewest_of_stage(&s);
    return fewest == UINT64_MAX ? 0 : fewest;
}

uint64_t cairn_study_foreseen(const struct cairn_study_axes *axes,
                              const struct cairn_study_known *known, size_t cell)
{
    struct stage s = stage_of(axes, known, cell);
    if (s.batch == NONE) return cairn_study_fewest(axes, known, cell);
    const struct cairn_study_axis *batches = &axes->axis[s.batch];
    double here = strtod(batches->value[cairn_study_place(axes, cell, (size_t)s.batch)], NULL);
    double foreseen = INFINITY;
    for (size_t b = 0; b < batches->n; b++) {
        s.cell = cairn_study_with(axes, cell, (size_t)s.batch, b);
        uint64_t fewest = fewest_of_stage(&s);
        if (fewest == UINT64_MAX) continue;
        double times = strtod(batches->value[b], NULL) / here;
        foreseen = fmin(foreseen, (double)fewest * fmax(1, times));
    }
    return isfinite(foreseen) ? (uint64_t)ceil(foreseen) : 0;
}
