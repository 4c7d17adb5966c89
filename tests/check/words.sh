# SPDX-License-Identifier: BSD-3-Clause
# No notes to self, no bare "step" or "batch size" in what Cairn says (it has updates, global batches and micro-batches),
# and none of the words for which English and the field have plainer ones.
. "${BASH_SOURCE%/*}/../support/check.sh"

notes='\b(TO''DO|FIX''ME|X''XX|HA''CK)\b'
all_bad < <(sources . -- '*' | grep -vE '^\./(\.git|build|runs)(/|$)' | xargs -r grep -nIE "$notes" /dev/null)
all_bad < <(sources src -- '*.c' | xargs -r grep -nE '"[^"]*(\bbatch size\b|\b(training )?steps?\b [0-9%])' /dev/null)

# In the sources: from scratch, again, available, except for, record, predict, preparing; after; "is not a file"; im2col,
# workspace, root, log_*
odd=(afresh anew 'to be had' 'but for' '[Tt]akes? note of' 'fore(tells?|told)' 'making ready' onlooker
    '(one|NULL|NUL) behind' 'behind the (last|others|update)'
    '(is|are) no (file|folder|number|class|column|weight|multiple|pair|link|target|HDF5|IDX|UTF-8|Cairn)'
    'columns_(lower|raise)' 'plan_(scratch|kept)' 'agree_main' 'tell_[a-z]+')
plain() { sources src/"$1" -- '*.c' '*.h' '*.def'; }
all_bad < <(for folder in base checkpoint cli cluster comm config data h5 nn optim plan record report run setup start study tensor text train; do plain $folder; done |
    xargs -r grep -nE "\b($(IFS='|'; echo "${odd[*]}"))\b" /dev/null | grep -vE 'there (is|are) no')
verdict
