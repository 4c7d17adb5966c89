/* SPDX-License-Identifier: BSD-3-Clause
 * The run folder: lines and their cut, a disk that is full, no allocations. */
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "record/rows.h"
#include "run/own.h"
#include "support/run_folder.h"

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
/* Every allocation of this process, the C library's own ones too. */
static size_t n_allocations;
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t n)
{
    n_allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t count, size_t size)
{
    n_allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t n)
{
    n_allocations++;
    return __libc_realloc(old, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    n_allocations++;
    return __libc_memalign(alignment, n);
}
#endif

static struct cairn_metrics line_of(uint64_t update)
{
    return (struct cairn_metrics){.update = update,
                                  .epoch = 1,
                                  .samples = 64 * update,
                                  .batch_samples = 64,
                                  .normalizer = 64,
                                  .loss = 0.1,
                                  .lr = 0.05,
                                  .grad_norm = 1.0 / 3,
                                  .noise_scale = (double)NAN,
                                  .ranks = 2,
                                  .wall_s = 1.5,
                                  .samples_per_s = 128,
                                  .noise_scale_se = (double)NAN,
                                  .noise_scale_updates = (double)NAN};
}

static void add(struct cairn_run_folder *folder, uint64_t update)
{
    struct cairn_metrics line = line_of(update);
    assert_int_equal(cairn_run_folder_metrics(folder, &line), CAIRN_OK);
}

#define METRICS_HEADER                                                                             \
    "update,epoch,samples,batch_samples,normalizer,loss,lr,grad_norm,noise_scale,ranks,wall_s,"    \
    "data_s,compute_s,reduce_s,update_s,samples_per_s,noise_scale_se,noise_scale_updates,"         \
    "overlap_s\n"
#define GRADFLOW_HEADER                                                                            \
    "update,layer,param,mean_abs,max_abs,norm,weight_norm,noise_scale,noise_scale_se,"             \
    "noise_scale_updates\n"
#define LINE(u, samples)                                                                           \
    u ",1," samples ",64,64,0.1,0.05,0.3333333333333333,,2,1.5,0,0,0,0,128,,,0\n"

static void test_lines_are_as_promised(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    add(folder, 1);
    struct cairn_eval_metrics eval = {1, 0, 64, 2.5, "test", 0.25, (double)NAN, {0}};
    struct cairn_gradflow flow = {1, "3.body.0.weight", 0.5, 1, 2, 3, 40, 0.5, 6};
    struct cairn_accumulation partial = {1, 2, 64, "3.body.0.weight", 0.5, 1, 2};
    struct cairn_gradflow odd = {1, "a,\"b\".bias", 0.5,         1,          2,
                                 3, (double)NAN,    (double)NAN, (double)NAN};
    assert_int_equal(cairn_run_folder_eval(folder, &eval), CAIRN_OK);
    assert_int_equal(cairn_run_folder_gradflow(folder, &flow), CAIRN_OK);
    assert_int_equal(cairn_run_folder_gradflow(folder, &odd), CAIRN_OK);
    assert_int_equal(cairn_run_folder_accumulation(folder, &partial), CAIRN_OK);
    assert_int_equal(cairn_run_folder_flush(folder), CAIRN_OK);
    assert_text("metrics.csv", METRICS_HEADER LINE("1", "64"));
    assert_text("eval.csv", "update,epoch,samples,wall_s,split,loss,accuracy\n"
                            "1,0,64,2.5,test,0.25,\n");
    assert_text("gradflow.csv", GRADFLOW_HEADER "1,3.body.0,weight,0.5,1,2,3,40,0.5,6\n"
                                                "1,\"a,\"\"b\"\"\",bias,0.5,1,2,3,,,\n");
    assert_text("accumulation.csv",
                "update,micro_batches,samples,layer,param,mean_abs,max_abs,norm\n"
                "1,2,64,3.body.0,weight,0.5,1,2\n");
    assert_text("config.yaml", "loss: cross_entropy\n");
    cairn_run_folder_close(folder);
}

static void test_resume_cuts(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    for (uint64_t u = 1; u <= 12; u++) add(folder, u);
    cairn_run_folder_close(folder); /* close writes what is kept */
    folder = started(10);
    add(folder, 11);
    cairn_run_folder_close(folder);
    folder = started(2);
    cairn_run_folder_close(folder);
    assert_text("metrics.csv", METRICS_HEADER LINE("1", "64") LINE("2", "128"));
    folder = started(0);
    cairn_run_folder_close(folder);
    assert_text("metrics.csv", METRICS_HEADER);
}

static void test_half_lines_go(void **state)
{
    (void)state;
    cairn_run_folder_close(opened());
    write_text("metrics.csv", METRICS_HEADER LINE("1", "64") "2,1,128,64,64,0.");
    write_text("eval.csv", "update,epo"); /* killed in the header */
    struct cairn_run_folder *folder = started(9);
    add(folder, 2);
    cairn_run_folder_close(folder);
    assert_text("metrics.csv", METRICS_HEADER LINE("1", "64") LINE("2", "128"));
    assert_text("eval.csv", "update,epoch,samples,wall_s,split,loss,accuracy\n");
    assert_text("eval.csv.damaged", "update,epo");
    assert_text("gradflow.csv", GRADFLOW_HEADER);
}

static void test_last_eval(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    bool any = false;
    struct cairn_eval_metrics found = {0};
    struct cairn_eval_metrics lines[] = {{5, 0, 320, 2.5, "val", 0.5, 0.75, {0}},
                                         {5, 0, 320, 2.5, "test", 0.25, 1.0 / 3, {0}},
                                         {6, 1, 384, 3.5, "test", 0.125, (double)NAN, {0}}};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cairn_run_folder_eval(folder, &lines[i]), CAIRN_OK);
    assert_int_equal(cairn_run_folder_flush(folder), CAIRN_OK);
    assert_int_equal(cairn_run_folder_last_eval(folder, "test", 5, &any, &found), CAIRN_OK);
    assert_true(any);
    assert_true(found.loss == 0.25 && found.accuracy == 1.0 / 3 && found.samples == 320);
    assert_int_equal(cairn_run_folder_last_eval(folder, "test", 6, &any, &found), CAIRN_OK);
    assert_true(any);
    assert_true(found.loss == 0.125 && isnan(found.accuracy));
    assert_int_equal(cairn_run_folder_last_eval(folder, "val", 6, &any, &found), CAIRN_OK);
    assert_false(any);
    cairn_run_folder_close(folder);
}

static void test_update_allocates_nothing(void **state)
{
    (void)state;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    skip();
#else
    struct cairn_run_folder *folder = started(0);
    struct cairn_eval_metrics eval = {1, 0, 64, 2.5, "test", 0.25, 0.5, {0}};
    struct cairn_gradflow flow = {1, "1.weight", 0.5, 1, 2, 3, 40, 0.5, 6};
    size_t before = n_allocations;
    assert_true(before > 0);
    cairn_status st = CAIRN_OK;
    for (uint64_t u = 1; u <= 5000 && st == CAIRN_OK; u++) { /* more than is kept in memory */
        struct cairn_metrics line = line_of(u);
        line.loss = 1.0 / (double)(u + 3);
        st = cairn_run_folder_metrics(folder, &line);
        if (st == CAIRN_OK) st = cairn_run_folder_eval(folder, &eval);
        if (st == CAIRN_OK) st = cairn_run_folder_gradflow(folder, &flow);
    }
    if (st == CAIRN_OK) st = cairn_run_folder_flush(folder);
    size_t after = n_allocations;
    assert_int_equal(st, CAIRN_OK);
    assert_int_equal(after - before, 0);
    cairn_run_folder_close(folder);
#endif
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full_disk_loses_no_line(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(sizeof METRICS_HEADER - 1 + 20); /* room for the beginning of the first line */
    add(folder, 1);
    cairn_status st = cairn_run_folder_flush(folder);
    limit_files(0);
    assert_int_equal(st, CAIRN_FILES);
    assert_non_null(strstr(cairn_error_text(), "metrics.csv: cannot be written: File too large"));
    add(folder, 2);
    assert_int_equal(cairn_run_folder_flush(folder), CAIRN_OK);
    cairn_run_folder_close(folder);
    assert_text("metrics.csv", METRICS_HEADER LINE("1", "64") LINE("2", "128"));
}

static void test_lines_do_not_wait_for_a_flush(void **state)
{
    (void)state;
    struct cairn_rows rows;
    struct cairn_row line = {.n_bytes = 0};
    cairn_run_folder_close(opened());
    cairn_row_count(&line, 7);
    assert_int_equal(cairn_rows_create(&rows, run, "some.csv"), CAIRN_OK);
    assert_int_equal(cairn_rows_start(&rows, "update", 0), CAIRN_OK);
    assert_int_equal(cairn_rows_add(&rows, &line), CAIRN_OK);
    rows.tried_s -= 5.0;
    signal(SIGXFSZ, SIG_IGN);
    limit_files(8);
    cairn_status st = cairn_rows_add(&rows, &line); /* a warning */
    limit_files(0);
    assert_int_equal(st, CAIRN_OK);
    assert_true(rows.refused);
    rows.tried_s -= 5.0;
    assert_int_equal(cairn_rows_add(&rows, &line), CAIRN_OK);
    assert_false(rows.refused);
    assert_text("some.csv", "update\n7\n7\n7\n");
    cairn_rows_free(&rows);
}

/* A run that begins from nothing removes lines of a run, and no file of somebody else's. */
static void test_a_start_keeps_what_no_run_has_written(void **state)
{
    (void)state;
    static const char *const ours[] = {"upd", "update", "update\n7\n", "update,loss\n3,0.5\n"};
    struct cairn_rows rows;
    cairn_run_folder_close(opened());
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        write_text("some.csv", ours[i]);
        assert_int_equal(cairn_rows_create(&rows, run, "some.csv"), CAIRN_OK);
        assert_int_equal(cairn_rows_start(&rows, "update,loss", 0), CAIRN_OK);
        cairn_rows_free(&rows);
        assert_text("some.csv", "update,loss\n");
        assert_false(exists("some.csv.damaged"));
    }
    write_text("some.csv", "a,b\n1,2\n");
    assert_int_equal(cairn_rows_create(&rows, run, "some.csv"), CAIRN_OK);
    assert_int_equal(cairn_rows_start(&rows, "update,loss", 0), CAIRN_OK);
    cairn_rows_free(&rows);
    assert_text("some.csv", "update,loss\n");
    assert_text("some.csv.damaged", "a,b\n1,2\n");
}

/* What is in the place of metrics.csv before anything is opened: a pipe hangs nobody, a link is not
 * followed. */
static void test_what_is_left_is_of_plain_files(void **state)
{
    (void)state;
    enum cairn_run_left left = CAIRN_RUN_LEFT_NOTHING;
    struct cairn_run_folder *folder = opened();
    assert_int_equal(mkfifo(path_of("metrics.csv"), 0600), 0);
    assert_int_equal(cairn_run_folder_left(folder, 10, &left), CAIRN_FILES);
    assert_non_null(strstr(cairn_error_text(), "metrics.csv: is not a plain file"));
    assert_int_equal(unlink(path_of("metrics.csv")), 0);
    assert_int_equal(symlink("/dev/null", path_of("metrics.csv")), 0);
    assert_int_equal(cairn_run_folder_left(folder, 10, &left), CAIRN_FILES);
    assert_non_null(strstr(cairn_error_text(), "metrics.csv: is a symbolic link"));
    cairn_run_folder_close(folder);
}

static void test_full_memory_is_an_error(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(sizeof METRICS_HEADER - 1);
    cairn_status st = CAIRN_OK;
    uint64_t u = 1;
    for (; u < CAIRN_ROWS_KEPT_BYTES && st == CAIRN_OK; u++) {
        struct cairn_metrics line = line_of(u);
        st = cairn_run_folder_metrics(folder, &line);
    }
    limit_files(0);
    assert_int_equal(st, CAIRN_FILES);
    assert_in_range(u, CAIRN_ROWS_KEPT_BYTES / 100, CAIRN_ROWS_KEPT_BYTES / 50);
    assert_int_equal(cairn_run_folder_flush(folder), CAIRN_OK);
    cairn_run_folder_close(folder);
}

static void test_close_keeps_the_reason(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    add(folder, 1);
    cairn_fail(CAIRN_NUMBERS, "the reason");
    signal(SIGXFSZ, SIG_IGN);
    limit_files(8);
    cairn_run_folder_close(folder); /* a warning */
    limit_files(0);
    assert_string_equal(cairn_error_text(), "the reason");
}

static void test_replace_is_all_or_nothing(void **state)
{
    (void)state;
    cairn_run_folder_close(opened());
    write_text("config.yaml", "old");
    signal(SIGXFSZ, SIG_IGN);
    limit_files(2);
    cairn_status st = cairn_file_replace(path_of("config.yaml"), "newer", 5);
    limit_files(0);
    assert_int_equal(st, CAIRN_FILES);
    assert_text("config.yaml", "old");
    write_text(".config.yaml.0123456789abcdef.tmp", "left by a killed run");
    cairn_run_folder_close(opened());
    assert_false(exists(".config.yaml.0123456789abcdef.tmp"));
}

static void test_clear(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = started(0);
    write_text("notes.txt", "mine");
    write_text("checkpoints/update-00000100.h5", "x");
    write_text("checkpoints/update-mine.txt", "x");
    assert_int_equal(symlink("update-00000100.h5", path_of("checkpoints/latest.h5")), 0);
    assert_int_equal(cairn_run_clear(run, cairn_run_folder_checkpoints(folder)), CAIRN_OK);
    assert_false(exists("metrics.csv") || exists("config.yaml"));
    assert_false(exists("checkpoints/update-00000100.h5") || exists("checkpoints/latest.h5"));
    assert_true(exists("notes.txt") && exists("checkpoints/update-mine.txt") && exists("lock"));
    cairn_run_folder_close(folder);
}

static void test_paths(void **state)
{
    (void)state;
    struct cairn_run_folder *folder = opened();
    const char *path = cairn_run_folder_path(folder);
    assert_true(path[0] == '/' && strstr(path, run) != NULL);
    assert_non_null(strstr(cairn_run_folder_checkpoints(folder), "/checkpoints"));
    assert_true(exists("checkpoints"));
    cairn_run_folder_close(folder);
    write_text("file", "");
    assert_int_equal(cairn_run_folder_open(path_of("file"), &folder), CAIRN_FILES);
    assert_int_equal(cairn_run_folder_open(path_of("file/below"), &folder), CAIRN_FILES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines_are_as_promised, fresh),
        cmocka_unit_test_setup(test_resume_cuts, fresh),
        cmocka_unit_test_setup(test_half_lines_go, fresh),
        cmocka_unit_test_setup(test_last_eval, fresh),
        cmocka_unit_test_setup(test_update_allocates_nothing, fresh),
        cmocka_unit_test_setup(test_full_disk_loses_no_line, fresh),
        cmocka_unit_test_setup(test_lines_do_not_wait_for_a_flush, fresh),
        cmocka_unit_test_setup(test_a_start_keeps_what_no_run_has_written, fresh),
        cmocka_unit_test_setup(test_what_is_left_is_of_plain_files, fresh),
        cmocka_unit_test_setup(test_full_memory_is_an_error, fresh),
        cmocka_unit_test_setup(test_close_keeps_the_reason, fresh),
        cmocka_unit_test_setup(test_replace_is_all_or_nothing, fresh),
        cmocka_unit_test_setup(test_clear, fresh),
        cmocka_unit_test_setup(test_paths, fresh),
    };
    return cmocka_run_group_tests(tests, make_top, remove_top);
}
