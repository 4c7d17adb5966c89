# SPDX-License-Identifier: BSD-3-Clause
# cairn recipe: an installed Cairn, moved to a folder with a blank and a quote in its name, and a build print run files that
# train in an empty folder.  cairn options --json has every key that the text has.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs python3

# tried PROGRAM: in an empty folder
tried()
{
    mkdir empty
    (cd empty && "$1" recipe digits >run.yaml && "$1" train run.yaml train.epochs=1 -q >../out 2>../err) || fail "the digits of $1"
    rm -r empty
}
tried "$cairn"
cmake --install "$CAIRN_BUILD" --prefix "$work/first" >out 2>err || fail "cmake --install"
mv first "Ann's Cairn"
tried "$work/Ann's Cairn/bin/cairn"
"$work/Ann's Cairn/bin/cairn" recipe mnist-cnn >out
grep -qF "'$work/Ann''s Cairn/share/cairn/datasets/fetch' mnist" out || fail "where to get the data is not said"
! grep -q '\.\./' out || fail "a path that is relative to the recipe is left"

# A line for each; every one is a run file, printed wherever it is.
expect 0 0 recipe
cp out list
same "recipes in the list" "$(cut -d ' ' -f 1 list | sort | tr '\n' ' ')" "$(cd "$recipes" && ls ./*.yaml | sed 's,^./,,; s,\.yaml$,,' | sort | tr '\n' ' ')"
! grep -E '^.{101}|^[^ ]+ *$' list || fail "a line of the list is too long or says nothing"
while read -r name _; do
    expect 0 0 recipe "$name"
    ! grep -Eq '\.\./|(^| )(datasets|launch)/' out || fail "$name: a path of the repository is left"
    grep -v '^#' out | sed -E "s, *[^ ]*/datasets/,../../datasets/,; s, +#.*,,; s, ,,g" >got
    grep -v '^#' "$recipes/$name.yaml" | sed -E "s,(:) *(\.\./),\1\2,; s, +#.*,,; s, ,,g" | diff - got >out || fail "$name is changed: $(cat out)"
done <list
expect_line 2 0 "there is no recipe 'digitz'; did you mean 'digits'" recipe digitz
expect_line 2 0 . recipe digits diabetes
cp "$cairn" alone
cairn=$work/alone expect_line 3 0 'no folder .*share/cairn beside the program' recipe

# As JSON: as many keys as lines of the text, with the same defaults.
expect 0 0 options
cp out text
expect 0 0 options --json
python3 - <<'END' || fail "cairn options --json"
import json, re
known = json.load(open("out"))
lines = [l.rstrip("\n") for l in open("text")]
def keys_of_kinds(kinds): return [k for kind in kinds for k in kind["keys"]]
count = {
    "keys": sum(bool(re.match(r"  [a-z_]+(\.[a-z0-9_]+)?  ", l)) for l in lines[: next(i for i, l in enumerate(lines) if l.startswith("Layers"))]),
    "inner": sum(bool(re.match(r"    [a-z_0-9]+  ", l)) for l in lines),
    "layers": sum(bool(re.match(r"  [a-z0-9_]+: .*, as in ", l)) for l in lines),
}
inner = keys_of_kinds(known["layers"]) + keys_of_kinds(known["losses"]) + known["optim.groups"] + known["study_file.study"]
assert count["keys"] == len(known["keys"]) > 90, (count, len(known["keys"]))
assert count["inner"] == len(inner), (count, len(inner))
assert count["layers"] == len(known["layers"]) + len(known["losses"]), count
for key in known["keys"]:
    line = next(l for l in lines if l.startswith("  " + key["name"] + " "))
    shown = line.split()[1]
    assert shown == ("required" if key["required"] else key["default"] or "-"), line
    assert key["type"] in ("count", "real", "duration", "bytes", "bool", "text", "path", "choice", "tree")
    assert key["doc"] and (key["type"] != "choice" or key["choices"]), key
    assert all(word in line for word in key.get("choices", [])), line
tail = next(k for k in known["keys"] if k["name"] == "batch.tail")
assert tail["choices"] == ["exact", "drop", "carry"] and tail["default"] == "exact"
momentum = next(k for k in known["keys"] if k["name"] == "optim.momentum")
assert "sgd" in momentum["optimizers"] and momentum["low"] == 0 and momentum["high"] == 1
END
expect_line 2 0 'leave the word out' options momentum --json
