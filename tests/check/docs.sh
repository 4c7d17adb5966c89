# SPDX-License-Identifier: BSD-3-Clause
# Every public prototype has a comment that says Ranks and Errors, every folder a README.
. "${BASH_SOURCE%/*}/../support/check.sh"

while IFS= read -r file; do
    all_bad < <(awk -v file="$file" '
        /^\/\*\*/ { comment = "" ; inside = 1 }
        inside { comment = comment $0 "\n"; if (/\*\//) { inside = 0; fresh = 1 } ; next }
        /^CAIRN_API/ {
            if (!fresh) print file ":" NR ": a prototype without a comment"
            else if (comment !~ /Ranks/ || comment !~ /Errors/) print file ":" NR ": its comment lacks Ranks or Errors"
        }
        { fresh = 0 }' "$file")
done < <(sources include -- '*.h')

for folder in src src/*/ launch tests datasets; do
    folder=${folder%/}
    [ "$folder" != src/cmake ] && [ -d "$folder" ] || continue
    [ -s "$folder/README.md" ] || bad "$folder: no README.md"
done
verdict
