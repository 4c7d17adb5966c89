/* SPDX-License-Identifier: BSD-3-Clause
 * cairn selftest: whether Cairn, installed here and started so, does what it promises. */
#include "selftest/selftest.h"

#include <stddef.h>

#include "cli/command.h"
#include "comm/exchange.h"

#define DEFAULT_OUT "cairn-selftest"

/* What the command line says. */
struct request {
    const char *out, *json, *link;
    double minutes, hang, slow, least_sum, least_scaling, most_off; /* 0: the defaults */
    bool quick;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"--out", "DIR", CAIRN_KEY_PATH, AT(out),
     .doc = "a folder on the file system of the runs, for selftest.json and what is removed again; "
            "default " DEFAULT_OUT},
    {"--json", "FILE", CAIRN_KEY_PATH, AT(json),
     .doc = "where the file goes; default selftest.json in that folder"},
    {"--minutes", "N", CAIRN_KEY_REAL, AT(minutes), .fallback = "10", .low = 0.01, .high = 1e4,
     .doc = "no part begins later, and the timings share half of it"},
    {"--quick", NULL, CAIRN_KEY_BOOL, AT(quick),
     .doc = "a few seconds, for CI: what takes longer than it should fails only where it is "
            "absurd, as "
            "where ranks share cores, unless a limit is given"},
    {"--hang-timeout", "SECONDS", CAIRN_KEY_REAL, AT(hang), .fallback = "120", .low = 1,
     .high = 1e6,
     .doc = "a rank that stands at one thing for longer is lost: the test ends with code 5"},
    {"--slow", "N", CAIRN_KEY_REAL, AT(slow), .low = 0, .high = 1e9,
     .doc = "a rank is slow that takes N times the median of all; default 1.5, and 8 with --quick "
            "or where ranks share cores"},
    {"--least-sum", "X", CAIRN_KEY_REAL, AT(least_sum), .low = 0, .high = 1e9,
     .doc = "a sum must come so near to what the link gives; default 0.25"},
    {"--least-scaling", "X", CAIRN_KEY_REAL, AT(least_scaling), .low = 0, .high = 1e9,
     .doc = "efficiency of all ranks against one that passes; default 0.5"},
    {"--most-off", "N", CAIRN_KEY_REAL, AT(most_off), .low = 0, .high = 1e9,
     .doc = "the time model may be off by N times; default 3"},
    {"--link", "LINK", CAIRN_KEY_TEXT, AT(link),
     .doc = "what the fabric should give, as for cairn plan: 2us,12.5GB/s; default the fastest "
            "interface of the first host"},
    {.name = NULL},
};

static cairn_status read_wishes(const struct cairn_arguments *arguments,
                                struct cairn_selftest_wishes *wishes)
{
    struct request request = {.out = NULL};
    struct cairn_link link;
    CAIRN_TRY(cairn_arguments_read(&cairn_command_selftest, arguments, &request));
    if (request.link != NULL) CAIRN_TRY_IN(cairn_link_read(request.link, &link), "--link");
    *wishes = (struct cairn_selftest_wishes){
        .out = request.out == NULL ? DEFAULT_OUT : request.out,
        .json = request.json,
        .minutes = request.minutes,
        .quick = request.quick,
        .hang_s = request.hang,
        .slow = request.slow,
        .least_sum = request.least_sum,
        .least_scaling = request.least_scaling,
        .most_off = request.most_off,
        .link_text = request.link,
        .claim = arguments->claim,
        .program_bytes = arguments->program_bytes,
    };
    return CAIRN_OK;
}

/* What is wrong with the words is said by run_selftest(). */
static void prepare(const struct cairn_arguments *arguments)
{
    struct cairn_selftest_wishes wishes;
    if (read_wishes(arguments, &wishes) == CAIRN_OK) cairn_selftest_prepare(&wishes);
}

static cairn_status run_selftest(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct cairn_selftest_wishes wishes;
    CAIRN_TRY(read_wishes(arguments, &wishes)); /* the same words on every rank */
    return cairn_selftest_run(comm, &wishes);
}

const struct cairn_command cairn_command_selftest = {
    .name = "selftest",
    .launch = "mpirun -n RANKS",
    .operands = "",
    .doc = "tries what Cairn promises, as installed and started here: one page, pass or fail",
    .about = "Start it with the site's own launcher, on the nodes that runs will have.  It needs "
             "no file: trainings and their data are made by the program.  Parts: the launch as "
             "cairn doctor sees it; the file system; the same bits on all parts and orders of the "
             "ranks; a run that is killed and resumed; sums beside what the link gives; scaling of "
             "two nets, and ranks that are slow; the time model of cairn plan.",
    .tables = {{.flags = flags}},
    .notes = "The exit code is that of the first part that failed: 2 the launch, times, links; 4 "
             "bits; 6 the file system; 5 where a rank was lost.",
    .collective = true,
    .watched = true,
    .prepare = prepare,
    .run = run_selftest,
};
