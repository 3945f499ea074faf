# SPDX-License-Identifier: MIT
"""Runs the tests beside it and prints TAP."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ANSIBLE = os.path.join(HERE, "../../../../ansible")
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ANSIBLE, "filter_plugins"),
                os.path.join(ANSIBLE, "module_utils")]


class Tap(unittest.TestResult):
    """A line a test, as tests/tap.bash has it."""

    def say(self, good, test, text="", skip=""):
        name = (f"{type(test).__module__.removeprefix('test_')}: "
                f"{str(test).split(' ', maxsplit=1)[0]}")
        print("" if good else "not ", f"ok {self.testsRun} - ",
              name.replace("test_", "").replace("_", " "),
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
    unittest.defaultTestLoader.discover(HERE).run(result)
    print(f"1..{result.testsRun}")
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
