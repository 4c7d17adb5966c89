# SPDX-License-Identifier: BSD-3-Clause
# The checks find what they look for: each gets a clean folder, then one with a planted mistake.
set -euo pipefail
checks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
spdx='/* SPDX-License-Identifier: BSD-3-Clause */'
failed=0

# put FILE: text from stdin below an SPDX line
put()
{
    mkdir -p "$work/$(dirname "$1")"
    { echo "$spdx"; cat; } >"$work/$1"
}

clean()
{
    rm -rf "${work:?}"/*
    put src/README.md <<<'# Source
[nn](nn/README.md), [this](#source), [elsewhere](https://example.org/no.md), `[code](no.md)`'
    put src/nn/README.md </dev/null
    put src/nn/relu.c <<<'#include "tensor/shape.h"'
    put include/cairn/model.h <<'END'

/**
 * A model.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_model_free(cairn_model *model);
END
}

# wants CODE CHECK WHAT [WORDS]: the check ends so, and says the words
wants()
{
    local code=0
    bash "$checks/$2.sh" "$work" >"$work/said" 2>&1 || code=$?
    [ "$code" != 77 ] || return 0
    if [ "$code" != "$1" ] || ! grep -q "${4-}" <(echo; cat "$work/said"); then
        echo "FAIL: $2 on $3 ended with $code instead of $1:"
        cat "$work/said"
        failed=1
    fi
}

# planted CHECK FILE [WORDS]: the text on stdin, in this file, is found
planted()
{
    clean
    wants 0 "$1" "a clean folder"
    put "$2"
    wants 1 "$1" "$2" "${3:-$2}"
}

lines() { seq "$1" | sed 's/.*/    y++;/'; }
function_of() { printf 'static void f(%s)\n{\n%s\n}\n' "$1" "$2"; }

planted arrows src/nn/a.c <<<'#include "optim/optim.h"'
planted arrows src/nn/a.c <<<'#include "cairn/comm.h"'
planted arrows src/nn/a.c <<<'#include <comm/sum.h>'
planted arrows src/nn/a.c <<<'#include <cairn/comm.h>'
planted arrows src/nn/a.c <<<$'#\tinclude\t"optim/optim.h"'
planted arrows src/nn/a.def <<<'#include "optim/optim.h"'
planted arrows src/setup/a.c <<<'#include "cli/command.h"'
planted arrows src/train/a.c <<<'#include "checkpoint/checkpoint.h"'
planted arrows src/nn/a.c <<<'#include "relu.h"'
planted arrows src/train/a.c <<<'#include <mpi.h>'
planted arrows src/base/a.c <<<'#include "tensor/shape.h"'
planted arrows src/nn/a.c <<<'#include <assert.h>'
planted arrows src/odd/a.c src/odd <<<'#include <stdio.h>'
planted arrows src/a.c <<<'#include "base/keys.h"'
planted arrows src/nn/math.h </dev/null
planted picture src/README.md <<'END'

```arrows
nn -> base
```
END
planted arrows include/cairn/a.h <<<'#include "nn/model.h"'
planted sizes src/nn/a.c < <(function_of void "$(lines 60)")
planted sizes src/nn/a.c < <(lines 400)
planted sizes src/nn/a.c < <(function_of "int a, int b, int c, int d, int (*e)(int, int), int f, int g" "")
planted sizes src/nn/a.c < <(function_of void "{ { { { } } } }")
planted sizes src/nn/a.c median < <(function_of void "$(lines 20)")
planted sizes src/nn/a.c < <(printf '/* %098d */\n' 0)
planted docs include/cairn/a.h <<<'CAIRN_API int cairn_a(void);'
planted docs include/cairn/a.h < <(printf '/** A.\n * Ranks local */\nCAIRN_API int cairn_a(void);\n')
planted docs src/nn/README.md 'nn/README.md:2: .*no.md' <<<'[a page](../no.md)'
planted docs src/nn/README.md 'nn/README.md:2: .*heading' <<<'[a heading](../README.md#nothing)'
planted format src/nn/a.c <<<'int  a ;'
planted words src/nn/a.c < <(echo '/* TO''DO */')
planted words src/nn/a.c <<<'    say("the batch size is %d", b);'

clean
mkdir "$work/src/loss"
wants 1 docs "a folder without README"
clean
echo 'int a;' >"$work/src/nn/a.c"
wants 1 spdx "a file without SPDX"
exit $failed
