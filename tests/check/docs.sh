# SPDX-License-Identifier: BSD-3-Clause
# Every public prototype has a comment that says Ranks and Errors, every folder a README, every link between pages a target.
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

# links: "PAGE:LINE<tab>TARGET" for each relative link of each page, outside of code
links()
{
    sources . -- '*.md' | grep -vE '^\./(\.git|build|runs|studies)/' | xargs -r awk '
        FNR == 1 { code = 0 }
        /^ *```/ { code = !code; next }
        !code {
            gsub(/`[^`]*`/, "")
            for (; match($0, /\]\([^) ]+/); $0 = substr($0, RSTART + RLENGTH)) {
                target = substr($0, RSTART + 2, RLENGTH - 2)
                if (target !~ /^[a-z]+:/) print FILENAME ":" FNR "\t" target
            }
        }'
}

# anchors PAGE: its headings as they stand in links
anchors()
{
    sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z0-9 _\n-' | tr ' ' '-'
}

while IFS=$'\t' read -r place target; do
    page=${place%:*}
    [[ $target == '#'* ]] || page=${place%/*}/${target%%#*}
    if [ ! -e "$page" ]; then
        bad "$place: a link to $target, which does not exist"
    elif [[ $target == *'#'* ]] && ! anchors "$page" | grep -Fx -- "${target#*#}" >/dev/null; then
        bad "$place: a link to $target, a heading that does not exist"
    fi
done < <(links)
verdict
