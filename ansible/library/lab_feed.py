#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The feed of an experiment: a file, or its first lines, stated exactly."""

DOCUMENTATION = r"""
module: lab_feed
short_description: The first lines of a gzip feed
description:
  - Writes them into a file that is the same each time, and says how many
    there were and what the file's sha256 is. All lines are the file itself.
  - The modules of files and archives take whole files.
attributes:
  check_mode: {support: full, description: "Reads and counts all the same, and
               writes nothing."}
  diff_mode: {support: full, description: Of the sum.}
options:
  src: {description: The gzip file., type: path, required: true}
  dest: {description: Where to., type: path, required: true}
  lines: {description: "Of data, after the header; 0: all.", type: int,
          default: 0}
"""

EXAMPLES = r"""
- name: Take the first thousand lines
  lab_feed:
    src: /srv/feeds/day.csv.gz
    dest: /var/tmp/feed-0123456789ab.csv.gz
    lines: 1000
"""

RETURN = r"""
path: {description: "The feed to use: dest, or src where all lines are asked
       for.", type: path, returned: success}
lines: {description: "How many were copied; none where all were asked for.",
        type: int, returned: success}
sha256: {description: Of the feed to use., type: str, returned: success}
source: {description: The file that it was taken from., type: path,
         returned: success}
source_sha256: {description: Of that file., type: str, returned: success}
"""

import gzip
import hashlib
import os
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference

HEADER = b"exchange,"  # a tardis CSV's first line; JSON lines have none


def digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


class Summed:
    """A file, and the sum of what is written into it."""

    def __init__(self, file):
        self.file, self.total = file, hashlib.sha256()

    def write(self, data):
        self.total.update(data)
        return self.file.write(data)

    def flush(self):
        self.file.flush()


def copy(src, file, lines):
    """The number of lines of data that were copied."""
    count = 0
    with gzip.open(src, "rb") as source, \
            gzip.GzipFile("", "wb", fileobj=file, mtime=0) as target:
        for number, line in enumerate(source):
            if not (number == 0 and line.startswith(HEADER)):
                if lines and count == lines:
                    break
                count += 1
            target.write(line)
    return count


def main():
    module = AnsibleModule(
        argument_spec={
            "src": {"type": "path", "required": True},
            "dest": {"type": "path", "required": True},
            "lines": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    src, dest = module.params["src"], module.params["dest"]
    if not os.path.exists(src):
        module.fail_json(msg=f"experiment_feed {src}: there is no such file")
    if not module.params["lines"]:
        total = digest(src)
        module.exit_json(changed=False, path=src, lines=None, sha256=total,
                         source=src, source_sha256=total)
    before = digest(dest) if os.path.exists(dest) else ""
    part = dest + ".part"
    try:
        # In check mode it is read and counted all the same.
        with open(os.devnull if module.check_mode else part, "wb") as file:
            summed = Summed(file)
            count = copy(src, summed, module.params["lines"])
        if not module.check_mode:
            os.rename(part, dest)
    except (OSError, EOFError, zlib.error) as error:
        if not module.check_mode and os.path.exists(part):
            os.unlink(part)
        module.fail_json(msg=f"experiment_feed {src}: {error}")
    after = summed.total.hexdigest()
    module.exit_json(
        changed=before != after, path=dest, lines=count, sha256=after,
        source=src, source_sha256=digest(src), diff=difference(
            before and f"sha256 {before}\n", f"sha256 {after}\n", dest))


if __name__ == "__main__":
    main()
