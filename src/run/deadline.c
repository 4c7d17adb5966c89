/* SPDX-License-Identifier: BSD-3-Clause
 * Whether one more update and a save still fit before the end of the job. */
#include "run/deadline.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "run/inside.h"

/* What nobody measured: the summary, closing MPI, a neighbour on the file system. */
static const double MARGIN_S = 1, MARGIN_SHARE = 0.1;
static const double FORGET = 0.05; /* of a slow time, each time that it was faster */
static const double LOOK_EVERY_S = 60;
static const double GUESSED_BYTES_PER_S = 50e6, GUESSED_SAVE_S = 0.5;

static double with_margin(double seconds)
{
    return seconds * (1 + MARGIN_SHARE) + MARGIN_S;
}

double cairn_deadline_needs_save(const struct cairn_deadline *deadline)
{
    return with_margin(deadline->writing ? 2 * deadline->save_s : deadline->save_s);
}

double cairn_deadline_needs(const struct cairn_deadline *deadline, double now_s)
{
    double running_s = deadline->begun_s > 0 ? now_s - deadline->begun_s : 0;
    double update_s = fmax(deadline->update_s, running_s); /* the first one teaches while it runs */
    double rest_s = deadline->begun_s > 0 ? update_s - running_s : 0;
    if (deadline->evaluates) rest_s += deadline->evaluate_s;
    if (deadline->saves || (deadline->evaluates && deadline->keeps_best))
        rest_s += deadline->save_s;
    if (deadline->writing) rest_s += deadline->save_s;
    return with_margin(rest_s + update_s + deadline->save_s);
}

/* Keep why; what was not measured is not given. */
static void find_near(struct cairn_deadline *deadline, double now_s)
{
    const double left_s = deadline->end_s - now_s;
    char *text = deadline->why;
    size_t room = sizeof deadline->why;
    const struct {
        const char *what;
        double took_s;
    } part[] = {{"an update", deadline->update_s},
                {"an evaluation", deadline->evaluate_s},
                {"a save", deadline->save_s}};
    size_t n =
        (size_t)snprintf(text, room, "the deadline %s%.3g s%s", left_s < 0 ? "was " : "is in ",
                         fabs(left_s), left_s < 0 ? " ago" : "");
    for (size_t i = 0; i < sizeof part / sizeof part[0] && n < room; i++)
        if (part[i].took_s > 0)
            n += (size_t)snprintf(text + n, room - n, ", %s takes %.3g s", part[i].what,
                                  part[i].took_s);
    deadline->near = true;
}

bool cairn_deadline_is_near(struct cairn_deadline *deadline, double now_s)
{
    if (deadline->end_s == 0 || deadline->near) return deadline->near;
    if (now_s + cairn_deadline_needs(deadline, now_s) <= deadline->end_s) return false;
    find_near(deadline, now_s);
    return true;
}

bool cairn_deadline_leaves(struct cairn_deadline *deadline, double now_s)
{
    if (deadline->end_s == 0) return false;
    if (now_s + cairn_deadline_needs_save(deadline) <= deadline->end_s) return false;
    if (!deadline->near) find_near(deadline, now_s);
    return true;
}

void cairn_deadline_check(struct cairn_deadline *deadline, double now_s, double unix_s)
{
    if (deadline->end_unix_s == 0 || now_s < deadline->looked_s + LOOK_EVERY_S) return;
    deadline->looked_s = now_s;
    deadline->end_s = fmin(deadline->end_s, now_s + deadline->end_unix_s - unix_s);
}

void cairn_deadline_record(double *slowest, double took_s)
{
    *slowest = fmax(took_s, *slowest - FORGET * (*slowest - took_s));
}

void cairn_deadline_record_save(struct cairn_deadline *deadline, double took_s)
{
    deadline->save_s = deadline->has_saved ? fmax(deadline->save_s, took_s) : took_s;
    deadline->has_saved = true;
}

double cairn_deadline_guess_save_s(size_t n_bytes)
{
    return GUESSED_SAVE_S + (double)n_bytes / GUESSED_BYTES_PER_S;
}

bool cairn_run_wants_stop(struct cairn_run *run)
{
    const struct cairn_run_callbacks *callbacks = run->options.callbacks;
    if (cairn_interrupted()) return true;
    if (callbacks != NULL && callbacks->wants_stop != NULL &&
        callbacks->wants_stop(callbacks->context))
        return true;
    if (run->deadline.end_s == 0) return false;
    double now_s = cairn_clock_s();
    cairn_deadline_check(&run->deadline, now_s, cairn_clock_unix_s());
    return cairn_deadline_is_near(&run->deadline, now_s);
}

bool cairn_run_wants_leave(void *context)
{
    struct cairn_run *run = context;
    return cairn_interrupted() || cairn_deadline_leaves(&run->deadline, cairn_clock_s());
}

static cairn_status before_sum(void *context, bool *stop)
{
    struct cairn_run *run = context;
    if (cairn_run_wants_stop(run)) *stop = true;
    cairn_run_take_back(run); /* no rank changes weights before this one is in the sum */
    return run->pending;
}

const struct cairn_observer cairn_run_observer = {.name = "run", .before_sum = before_sum};
