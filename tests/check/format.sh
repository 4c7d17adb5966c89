# SPDX-License-Identifier: BSD-3-Clause
# clang-format would change nothing.  Versions differ in taste: the one of Debian 12 is asked, others are not.
. "${BASH_SOURCE%/*}/../support/check.sh"

tool=clang-format-14
command -v $tool >/dev/null || tool=clang-format
if ! $tool --version 2>/dev/null | grep -q 'version 14\.'; then
    echo "SKIP: clang-format 14 is not installed (launch/install-deps --tests)"
    exit 77
fi

all_bad < <(c_sources | xargs -r $tool --dry-run 2>&1 | sed -nE "s/^([^:]*:[0-9]+):[0-9]+: warning: .*/\1: clang-format changes this/p" | uniq)
verdict
