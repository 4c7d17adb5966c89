# SPDX-License-Identifier: BSD-3-Clause
# To add an optimizer with a key of its own, an observer of updates, or a flag of a command, is one file and one line: on a
# copy of the source.  Clang builds it where it is installed, and every warning of its is an error; what it makes trains to the
# same loss.  (It contracts other products and sums, so bits may differ.)
#
#   one_file.sh [full]     of the test programs clang builds some by chance; full: all
. "${BASH_SOURCE%/*}/../support/run.sh"
needs cmake cc

mkdir copy
cp -r "$CAIRN_SOURCE"/{src,include,launch,tests,datasets,CMakeLists.txt} copy

cat >copy/src/optim/trial.c <<'END'
#include "optim/optim.h"

struct trial {
    double pull;
};

static const struct cairn_key keys[] = {
    {"optim.pull", CAIRN_KEY_REAL, offsetof(struct trial, pull), "0.5", 0, 10, NULL, "how hard it pulls"},
};

static void update(const void *self, const struct cairn_optim_step *step)
{
    const struct trial *trial = self;
    for (size_t i = 0; i < step->n; i++) step->w[i] -= (float)(step->rate.now * trial->pull) * step->g[i];
}

const struct cairn_optim_kind cairn_optim_trial = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "trial",
    .doc = "for a test",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct trial),
    .update = update,
};
END
echo 'X(trial)' >>copy/src/optim/optimizers.def

cat >copy/src/train/observer/trial.c <<'END'
#include "base/log.h"
#include "cairn/trainer.h"
#include "train/observer.h"

static cairn_status create(cairn_trainer *t, void **context)
{
    *context = t; /* not NULL: it is wanted */
    return CAIRN_OK;
}

static void destroy(void *context)
{
    (void)context;
}

static cairn_status updated(void *context, cairn_trainer *t, struct cairn_update_record *record)
{
    (void)context;
    (void)t;
    cairn_log_info("seen update %d", (int)record->update);
    return CAIRN_OK;
}

const struct cairn_observer cairn_observer_trial = {
    .name = "trial",
    .create = create,
    .destroy = destroy,
    .updated = updated,
};
END
echo 'X(trial)' >>copy/src/train/observer/observers.def

# A flag: a field of the request and a row of the command's table, in one file.
sed -i -e 's/^    bool png, svg;/&\n    size_t trial;/' \
    -e '/^    {"DIR\.\.\."/i {"--trial", "N", CAIRN_KEY_COUNT, AT(trial), .doc = "for a test", .fallback = "3", .low = 1, .high = 9},' \
    copy/src/cli/report.c
row='{"--trial", "N", CAIRN_KEY_COUNT, AT(trial), .doc = "for a test", .fallback = "3", .low = 1, .high = 9},'
sed -i -e 's/^    bool init_partial, overwrite, check, singleton;/&\n    size_t trial;/' -e '/^    {"--singleton"/i '"$row" copy/src/cli/train.c
sed -i -e 's/^    bool requeue, overwrite, job;/&\n    size_t trial;/' -e '/^    {"--job", NULL/i '"$row" copy/src/cli/job.c
sed -i -e 's/^    bool singleton;/&\n    size_t trial;/' -e '/^    {"--singleton"/i '"$row" copy/src/cli/study.c

# Without optimization: that it compiles and runs is all that is asked.
compiler=cc
! command -v clang >/dev/null || compiler=clang
cmake -S copy -B build -DCMAKE_C_COMPILER=$compiler -DCAIRN_WERROR=ON -DCAIRN_BOTH_PRECISIONS=OFF -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS=-O0 >log 2>&1 || fail "the copy is not configured: $(tail -n 20 log)"
tests=$(cmake --build build --target help | sed -nE 's/^\.\.\. ((test|mpi|run|bench)_[a-z0-9_]+|cairn_(counting|own|fuzz|made))$/\1/p')
[ "$(wc -l <<<"$tests")" -gt 40 ] || fail "there are few test programs: $tests"
cmake --build build -j2 --target cairn_program $(some 12 $tests) >>log 2>&1 || fail "the copy does not build: $(tail -n 20 log)"

loss_of() { expect 0 2 train "$recipes/digits.yaml" train.epochs=1 --out "$1" && json "$1/summary.json" train_loss; }
usual=$(loss_of usual)
cairn=$PWD/build/cairn
holds "train_loss, by $compiler and by the usual compiler" "($(loss_of copy-of-it) - $usual)^2 < 1e-8"

digits=(train "$recipes/digits.yaml" --out result train.epochs=none optim.momentum=0)
trial=(optim.name=trial optim.lr=0.1)
expect 0 0 "${digits[@]}" train.updates=3 "${trial[@]}" optim.pull=2
grep -q 'seen update 3' err || fail 'the observer saw no update 3'
grep -q '^  pull: 2$' result/config.yaml || fail "config.yaml lacks the key: $(cat result/config.yaml)"
pulled=$(weights_of result)

# Range, nearest name, other optimizers, resume and help know the key.
expect_line 2 0 'optim.pull is 11, but must be at most 10' "${digits[@]}" "${trial[@]}" optim.pull=11
expect_line 2 0 "unknown key 'optim.pul'; did you mean 'optim.pull'" "${digits[@]}" optim.pul=1
expect_line 2 0 'optim.pull is not used by optim.name: sgd' "${digits[@]}" optim.name=sgd optim.pull=2
expect_line 2 0 'optim.pull \(0.5, was 2\)' "${digits[@]}" train.updates=6 "${trial[@]}"
expect 0 0 options pull
grep -Eq 'optim.pull +0.5 +0 to 10 +trial: how hard it pulls' out || fail "cairn options pull says: $(cat out)"

expect 0 0 "${digits[@]}" --overwrite train.updates=3 optim.name=sgd optim.lr=0.2
[ "$(weights_of result)" = "$pulled" ] || fail "a pull of 2 at lr 0.1 is not lr 0.2"
grep -q '^  pull: 0.5$' result/config.yaml || fail "config.yaml lacks the default: $(cat result/config.yaml)"

# Help, usage, range and nearest name know the flag.
expect 0 0 report -h
grep -q '^  --trial N  *for a test; default 3$' out && grep -q '\[--trial N\]' out || fail "cairn report -h says: $(cat out)"
for command in report train job slurm study; do
    expect_line 2 0 'command line: --trial is 10, but must be at most 9' "$command" --trial 10
done
expect_line 2 0 'no option --tria; did you mean --trial' report --tria=2
