# SPDX-License-Identifier: MIT
"""What playbooks write beside themselves: two labs of one tree run at once."""

import glob
import os
import re
import unittest

import support

# A folder of one lab; and what is named by what it is made of.
BEGINNINGS = ("{{ lab_folder | hash(", "feed-{{ (experiment_feed",
              'fleet"')  # of trees, each named by its commit


class Shared(unittest.TestCase):
    """Below ansible/build/, each file is one lab's."""

    def test_each_lab_has_files_of_its_own(self):
        found, faults = 0, []
        for path in glob.glob(support.ANSIBLE + "/roles/*/*/*.yml"):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    for rest in re.findall(
                            r"playbook_dir(?: }}| ~ ')/build/(.*)", line):
                        found += 1
                        if not rest.startswith(BEGINNINGS):
                            faults.append(f"{os.path.basename(path)}: {rest}")
        self.assertGreater(found, 1)
        self.assertEqual(faults, [])


if __name__ == "__main__":
    unittest.main()
