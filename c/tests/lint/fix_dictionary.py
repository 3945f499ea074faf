# SPDX-License-Identifier: MIT
"""What our tables of NewOrderSingle lack or have too much, a line each, beside
the headers of QuickFIX, which are made from FIX's own dictionaries. Called by
fix_dictionary.sh in the c folder; the argument is the headers' folder."""

import re
import sys
from pathlib import Path

# Bilaterally agreed upon, or added to by later versions without end.
OPEN = {65, 100, 221, 233, 336, 625, 803, 847}
FORMS = {
    "INT": "INT",
    "PRICE": "DECIMAL", "QTY": "DECIMAL", "AMT": "DECIMAL",
    "FLOAT": "DECIMAL", "PERCENTAGE": "DECIMAL", "PRICEOFFSET": "DECIMAL",
    "UTCTIMESTAMP": "TIME",
    "LOCALMKTDATE": "DATE", "UTCDATE": "DATE",
    "MONTHYEAR": "MONTH",
    "DAYOFMONTH": "DAY",
    "CHAR": "CHAR", "BOOLEAN": "CHAR",
    "MULTIPLECHARVALUE": "CHARS",
}


def published(headers):
    """tags by version, those required, and of each tag its types and values"""
    numbers = {name: int(tag) for name, tag in re.findall(
        r"const int (\w+) = (\d+);",
        (headers / "FixFieldNumbers.h").read_text())}
    kinds, values = {}, {}
    for kind, name in re.findall(r"DEFINE_(\w+)\((\w+)\)",
                                 (headers / "FixFields.h").read_text()):
        if name in numbers:
            kinds.setdefault(numbers[name], set()).add(kind)
    for name, value in re.findall(
            r"""const (?:char|int) ([A-Za-z0-9]+)_\w+(?:\[\])? = """
            r"""('.'|"[^"]*"|\d+);""",
            (headers / "FixValues.h").read_text()):
        if name in numbers:
            values.setdefault(numbers[name], set()).add(value.strip("'\""))
    tags, required = {}, {}
    for version in ("42", "44", "50"):
        text = (headers / f"fix{version}/NewOrderSingle.h").read_text()
        tags[version] = {numbers[name] for name in re.findall(
            r"FIELD_SET\(\*this, FIX::(\w+)\)", text)}
        required[version] = {numbers[name] for name in re.findall(
            r"const FIX::(\w+)& a", text)}
    return tags, required, kinds, values


def ours():
    """kinds by tag; (form, values) by tag; those that must be there"""
    tags = {int(tag): kind for tag, kind in re.findall(
        r"\[(\d+)\] = ([A-Z_ |]+),", Path("wire/fix_tags.c").read_text())}
    text = Path("wire/fix_order_fields.c").read_text().replace("\\\n", "")
    fields = {}
    for tag, form, listed in re.findall(
            r'X\((\d+), (\w+),((?:\s*(?:NULL|"[^"]*"))+)\)', text):
        words = "".join(re.findall(r'"([^"]*)"', listed)).split()
        fields[int(tag)] = (form, set(words))
    dictionary = Path("wire/fix_dictionary.c").read_text()
    always = re.search(r"\{ 'D', TAGS\(\), TAGS\(([\d, ]+)\) \}", dictionary)
    return tags, fields, {int(tag) for tag in always[1].split(",")}


def main():
    tags, required, kinds, values = published(Path(sys.argv[1]))
    our_tags, fields, always = ours()
    in_each = {tag for tag, kind in our_tags.items()
               if "FIX_IN_ORDER" in kind}
    in_later = in_each | {tag for tag, kind in our_tags.items()
                          if "FIX_IN_LATER_ORDER" in kind}
    for version, mine in (("42", in_each), ("44", in_later)):
        for tag in sorted(tags[version] - mine):
            print(f"fix{version}: {tag} is a tag of it, and refused")
    for tag in sorted(in_each - tags["42"] - tags["44"]):
        print(f"{tag} is no tag of it in 4.2 and 4.4, and taken")
    for tag in sorted(in_later - in_each - tags["44"]):
        print(f"{tag} is no tag of it in 4.4, and taken")
    in_last = in_later | {tag for tag, kind in our_tags.items()
                          if "FIX_IN_LAST_ORDER" in kind}
    for tag in sorted(tag for tag in tags["50"] ^ in_last
                      if tag <= 956 and tag not in in_later):
        print(f"fix50: {tag} is a tag of it, or is not")
    # 4.4 and 5.0 have the symbol in a component, which must be there;
    # HandlInst is asked for in 4.2 alone.
    for version in ("42", "44", "50"):
        for tag in sorted(required[version] - always - {21}):
            print(f"fix{version}: {tag} must be there, and is not asked for")
    for tag in sorted(always - required["42"]):
        print(f"{tag} is asked for, and need not be there")
    for tag, kind in sorted(our_tags.items()):
        if ("FIX_IS_COUNT" in kind) != ("NUMINGROUP" in kinds.get(tag, ())):
            print(f"{tag}: a group's count, or not")
    for tag in sorted((tags["42"] | tags["44"]) - OPEN):
        form, listed = fields.get(tag, ("TEXT", set()))
        wanted = values.get(tag, set())
        if "BOOLEAN" in kinds[tag]:
            wanted = {"Y", "N"}
        if listed != wanted:
            print(f"{tag}: values that differ: "
                  f"{' '.join(sorted(listed ^ wanted))}")
        forms = {FORMS.get(kind, "TEXT") for kind in kinds[tag]}
        if (form if len(forms) == 1 else "TEXT") not in forms:
            print(f"{tag}: {form}, published as {' '.join(kinds[tag])}")
    print(*(f"{tag}: of no NewOrderSingle" for tag in
            sorted(set(fields) - tags["42"] - tags["44"])), sep="\n", end="")


main()
