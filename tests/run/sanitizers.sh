# SPDX-License-Identifier: BSD-3-Clause
# Whole runs under ThreadSanitizer, and under AddressSanitizer with UndefinedBehaviorSanitizer: with a writer of
# checkpoints, a watch and data read from the file beside the training, stopped and resumed.  What they find fails the run.
# One of the two by chance, or both:
#
#   sanitizers.sh [thread|address|both]
#
# All tests under them, by hand:
#
#   cmake --preset tsan && cmake --build --preset tsan -j2 && ctest --preset tsan -L 'unit|mpi|run'
#   (and the same with asan)
. "${BASH_SOURCE%/*}/../support/run.sh"

limit_s=200
unset LD_PRELOAD
# Several ranks of a loaded machine are slower here by a factor of ten.
keys=(train.epochs=3 train.ema=0.9 checkpoint.every_updates=3 "checkpoint.copy=$(some 1 true false)" data.in_memory=false)

# build NAME SANITIZERS: the program and a host alone, beside what they are tested with
build()
{
    cmake -S "$CAIRN_SOURCE" -B "$CAIRN_BUILD/$1" "-DCAIRN_SANITIZE=$2" -DCMAKE_BUILD_TYPE=Debug -DCAIRN_BOTH_PRECISIONS=OFF \
        "-DCMAKE_C_FLAGS_DEBUG=-O1 -g1" >out 2>err &&
        cmake --build "$CAIRN_BUILD/$1" -j2 --target cairn_program run_host >out 2>err ||
        fail "a build with $2"
    cairn=$CAIRN_BUILD/$1/cairn
}

clean()
{
    ! grep -Eq 'Sanitizer|runtime error' err || fail "$1"
}

# whole NAME: alone, on two ranks, stopped and resumed on three
whole()
{
    expect 0 0 train "$recipes/digits.yaml" "${keys[@]}" --out "$1-alone"
    clean "$1 on one rank"
    start 2 train "$recipes/digits.yaml" "${keys[@]}" train.epochs=200 --out "$1"
    until_true 60 reached "$1" 3
    kill -USR1 "$pid"
    finish
    [ "$code" = 75 ] || fail "$1: ended with $code instead of 75"
    clean "$1 on two ranks"
    expect 0 3 train "$recipes/digits.yaml" "${keys[@]}" "train.updates=$(($(newest "$1") + 8))" train.epochs=none --out "$1"
    clean "$1 on three ranks"
}

# hosted NAME: two runs on parts of a host's world, which writes HDF5 while they save
hosted()
{
    local program=$cairn
    cairn=$CAIRN_BUILD/$1/tests/run_host
    run 3 2 "$recipes/digits.yaml" "$1-host" train.epochs=none train.updates=40
    cairn=$program
    [ "$code" = 0 ] || fail "$1: a host ends with $code"
    clean "$1 in a host"
}

choice=${1:-$(some 1 thread address)}
echo "sanitizer: $choice"

export TSAN_OPTIONS="suppressions='$CAIRN_SOURCE/tests/support/tsan.supp':ignore_noninstrumented_modules=1:exitcode=66"
if [ "$choice" != address ]; then
    build thread thread
    whole thread
    hosted thread
fi

export ASAN_OPTIONS=fast_unwind_on_malloc=0 UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS="suppressions='$CAIRN_SOURCE/tests/support/lsan.supp':print_suppressions=0"
if [ "$choice" != thread ]; then
    build address address,undefined
    whole address
    hosted address
    expect_line 3 3 'none.h5' train "$recipes/digits.yaml" data.file=none.h5 --out bad
    clean "an error on three ranks"
fi
