# SPDX-License-Identifier: MIT
"""Runs the tests beside it and prints TAP; with $TEST_CASE only those of that
name."""

import fnmatch
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ANSIBLE = os.path.join(HERE, "../../../../ansible")
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ANSIBLE, "filter_plugins"),
                os.path.join(ANSIBLE, "module_utils")]


def name_of(test):
    return (f"{type(test).__module__.removeprefix('test_')}: "
            f"{str(test).split(' ', maxsplit=1)[0]}"
            ).replace("test_", "").replace("_", " ")


def judged(suite):
    """The tests of a suite that $TEST_CASE asks for."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from judged(test)
        # What can't be loaded is red whatever is asked for.
        elif (type(test).__name__ == "_FailedTest"
              or fnmatch.fnmatchcase(name_of(test),
                                     os.environ.get("TEST_CASE", "*"))):
            yield test


class Tap(unittest.TestResult):
    """A line a test, as tests/tap.bash has it."""

    def say(self, good, test, text="", skip=""):
        print("" if good else "not ", f"ok {self.testsRun} - ", name_of(test),
              f" # SKIP {skip}" if skip else "", sep="")
        for line in text.splitlines():
            print("#", line)

    def addSuccess(self, test):
        self.say(True, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(True, test, skip=reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say(False, test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.say(False, test, self.errors[-1][1])


if __name__ == "__main__":
    result = Tap()
    found = unittest.defaultTestLoader.discover(HERE)
    unittest.TestSuite(judged(found)).run(result)
    print(f"1..{result.testsRun}")
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
