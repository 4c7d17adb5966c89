/* SPDX-License-Identifier: BSD-3-Clause
 * The page, and the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/launch.h"
#include "record/json.h"
#include "record/system.h"
#include "selftest/part.h"

static const char *const on_page[] = {"pass", "FAIL", "skip"};
static const char *const in_file[] = {"passed", "failed", "skipped"};

static size_t count(const struct cairn_selftest_result *result, enum cairn_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; cairn_selftest_part_at(i) != NULL; i++) n += result[i].outcome == outcome;
    return n;
}

static const char *name_of(const struct cairn_selftest_result *all,
                           const struct cairn_selftest_result *one)
{
    return cairn_selftest_part_at((size_t)(one - all))->name;
}

const struct cairn_selftest_result *
cairn_selftest_failure(const struct cairn_selftest_result *result)
{
    for (size_t i = 0; cairn_selftest_part_at(i) != NULL; i++)
        if (result[i].outcome == CAIRN_OUTCOME_FAILED) return &result[i];
    return NULL;
}

void cairn_selftest_print(const struct cairn_selftest *test,
                          const struct cairn_selftest_result *result)
{
    char took[CAIRN_DURATION_BYTES];
    const struct cairn_selftest_result *failed = cairn_selftest_failure(result);
    printf("cairn %s selftest%s: %d rank%s on %d node%s, the first on %s, %s\n\n",
           cairn_system_build()->version, test->wishes->quick ? " (quick)" : "", test->n_ranks,
           test->n_ranks == 1 ? "" : "s", test->node.n_nodes, test->node.n_nodes == 1 ? "" : "s",
           test->host[0].name, cairn_duration_text(cairn_clock_s() - test->begin_s, took));
    for (size_t i = 0; cairn_selftest_part_at(i) != NULL; i++) {
        const struct cairn_selftest_result *r = &result[i];
        printf("%s  %-8s %s (%.3g s)\n", on_page[r->outcome], cairn_selftest_part_at(i)->name,
               r->sentence, r->seconds);
        for (size_t l = 0; l < r->n_lines; l++) printf("               %s\n", r->line[l]);
    }
    printf("\n%zu passed, %zu failed, %zu left out", count(result, CAIRN_OUTCOME_PASSED),
           count(result, CAIRN_OUTCOME_FAILED), count(result, CAIRN_OUTCOME_SKIPPED));
    if (failed != NULL)
        printf("; exit code %d, by %s", cairn_exit_code(failed->code), name_of(result, failed));
    printf("\n");
}

static void put_part(struct cairn_json *json, const struct cairn_selftest_part *part,
                     const struct cairn_selftest_result *r)
{
    cairn_json_open(json, NULL, '{');
    cairn_json_text(json, "name", part->name);
    cairn_json_text(json, "doc", part->doc);
    cairn_json_text(json, "outcome", in_file[r->outcome]);
    cairn_json_count(json, "code", (uint64_t)cairn_exit_code(r->code));
    cairn_json_text(json, "message", r->sentence);
    cairn_json_number(json, "seconds", r->seconds);
    cairn_json_open(json, "figures", '{');
    for (size_t i = 0; i < r->n_figures; i++)
        cairn_json_number(json, r->figure[i].name, r->figure[i].value);
    cairn_json_close(json, '}');
    cairn_json_open(json, "lines", '[');
    for (size_t i = 0; i < r->n_lines; i++) cairn_json_text(json, NULL, r->line[i]);
    cairn_json_close(json, ']');
    cairn_json_close(json, '}');
}

cairn_status cairn_selftest_json(const struct cairn_selftest *test,
                                 const struct cairn_selftest_result *result, char **text)
{
    struct cairn_json json = {0};
    const struct cairn_selftest_result *failed = cairn_selftest_failure(result);
    cairn_json_open(&json, NULL, '{');
    cairn_json_count(&json, "version", 1);
    cairn_json_text(&json, "cairn", cairn_system_build()->version);
    cairn_json_text(&json, "outcome", failed == NULL ? "passed" : "failed");
    cairn_json_count(&json, "exit_code",
                     failed == NULL ? 0 : (uint64_t)cairn_exit_code(failed->code));
    cairn_json_text(&json, "kind", test->wishes->quick ? "quick" : "whole");
    cairn_json_count(&json, "ranks", (uint64_t)test->n_ranks);
    cairn_json_count(&json, "nodes", (uint64_t)test->node.n_nodes);
    cairn_json_number(&json, "seconds", cairn_clock_s() - test->begin_s);
    cairn_json_open(&json, "parts", '[');
    for (size_t i = 0; cairn_selftest_part_at(i) != NULL; i++)
        put_part(&json, cairn_selftest_part_at(i), &result[i]);
    cairn_json_close(&json, ']');
    cairn_json_close(&json, '}');
    return cairn_json_take(&json, text);
}
