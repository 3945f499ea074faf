# SPDX-License-Identifier: MIT
"""ansible/library/lab_texts.py: files of a folder, whole or not at all."""

import os
import tempfile
import unittest
from unittest import mock

from support import load, stand_in

stand_in()
lab_texts = load("library/lab_texts.py")


class Ended(Exception):
    """By what a module ends with."""


class Module:
    """What Ansible gives a module, with these parameters."""

    def __init__(self, **params):
        self.params = {"texts": {}, "absent": [], **params}

    def __call__(self, argument_spec):
        assert set(self.params) == set(argument_spec)
        return self

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, msg):
        raise Ended({"msg": msg})


def run(**params):
    with mock.patch.object(lab_texts, "AnsibleModule", Module(**params)):
        try:
            lab_texts.main()
        except Ended as end:
            return end.args[0]
    return None


class Texts(unittest.TestCase):
    """Into a folder that is not there yet."""

    def setUp(self):
        self.above = tempfile.TemporaryDirectory()
        self.addCleanup(self.above.cleanup)
        self.folder = os.path.join(self.above.name, "trials", "1")

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def test_what_is_new_is_written_and_told(self):
        texts = {"a.txt": "one\ntwo\n", "empty.log": "", "ü.txt": "ü"}
        self.assertEqual(run(folder=self.folder, texts=texts),
                         {"changed": True, "files": list(texts)})
        for name, text in texts.items():
            self.assertEqual(self.read(name), text)
        texts["a.txt"] = "three"
        self.assertEqual(run(folder=self.folder, texts=texts),
                         {"changed": True, "files": ["a.txt"]})
        self.assertEqual(run(folder=self.folder, texts=texts),
                         {"changed": False, "files": []})
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(texts))

    def test_what_is_no_text_is_json(self):
        run(folder=self.folder, texts={"k.json": {"b": [1, True], "a": None}})
        self.assertEqual(self.read("k.json"), '{\n    "a": null,\n    "b": [\n'
                         '        1,\n        true\n    ]\n}\n')

    def test_what_is_absent_goes(self):
        run(folder=self.folder, texts={"failed.txt": "why"})
        self.assertEqual(run(folder=self.folder, absent=["failed.txt"]),
                         {"changed": True, "files": ["failed.txt"]})
        self.assertEqual(run(folder=self.folder, absent=["failed.txt"]),
                         {"changed": False, "files": []})
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_fault_names_the_file(self):
        os.makedirs(os.path.join(self.folder, "a.txt.part"))
        said = run(folder=self.folder, texts={"a.txt": "one"})
        self.assertEqual(said["msg"], self.folder
                         + "/a.txt.part: Is a directory")
        self.assertEqual(run(folder="/proc/none")["msg"],
                         "/proc/none: No such file or directory")


if __name__ == "__main__":
    unittest.main()
