/* SPDX-License-Identifier: BSD-3-Clause
 * A link as a user states it: what a message costs, and how an allreduce goes about it.  Local. */
#ifndef CAIRN_COMM_LINK_H
#define CAIRN_COMM_LINK_H

#include <stddef.h>

#include "cairn/status.h"
#include "comm/probe.h"

enum { CAIRN_LINK_BYTES = 64 };

struct cairn_link {
    struct cairn_alpha_beta cost; /* its error is not used */
    enum cairn_probe_way way;
};

/**
 * Read "12us,1.2GB/s,ring": the latency of a message in s, ms, us or ns (a bare number is seconds),
 * the bandwidth in B/s, kB/s, MB/s, GB/s, TB/s, or kbit/s to Tbit/s (a bare number is bytes per
 * second), powers of ten, and the way: ring (also where it is left out) or doubling.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: none of that, with the form
 */
CAIRN_CHECKED cairn_status cairn_link_read(const char *text, struct cairn_link *out);

/** The same into text; reading it gives the same to three digits.  Empty where the bandwidth has no
 * bounds.  Ranks: local.  Errors: none. */
void cairn_link_text(const struct cairn_link *link, char text[CAIRN_LINK_BYTES]);

/** What was measured, by the way that fits better.  Ranks: local.  Errors: none. */
struct cairn_link cairn_link_of(const struct cairn_network *network);

/** Seconds that a sum of n bytes over so many ranks takes.  Ranks: local.  Errors: none. */
double cairn_link_sum_s(const struct cairn_link *link, int n_ranks, double n_bytes);

#endif
