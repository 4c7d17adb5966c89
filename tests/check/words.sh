# SPDX-License-Identifier: BSD-3-Clause
# No notes to self, and no bare "step" or "batch size" in what Cairn says: it has updates, global batches and
# micro-batches.
. "${BASH_SOURCE%/*}/../support/check.sh"

notes='\b(TO''DO|FIX''ME|X''XX|HA''CK)\b'
all_bad < <(sources . -- '*' | grep -vE '^\./(\.git|build|runs)(/|$)' | xargs -r grep -nIE "$notes" /dev/null)
all_bad < <(sources src -- '*.c' | xargs -r grep -nE '"[^"]*(\bbatch size\b|\b(training )?steps?\b [0-9%])' /dev/null)
verdict
