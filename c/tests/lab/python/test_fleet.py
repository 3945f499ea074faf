# SPDX-License-Identifier: MIT
"""ansible/filter_plugins/lab_fleet.py: what became of a fleet's cells."""

import unittest

import support  # noqa: F401  pylint: disable=unused-import

import lab_fleet


class Why(unittest.TestCase):
    """A task that failed, in a line."""

    def test_the_end_of_what_was_said(self):
        self.assertEqual(
            lab_fleet.why({"rc": 2, "stderr": "one\ntwo\nthree\nfour\n",
                           "msg": "non-zero return code"}, "Build"),
            "Build: three; four")
        self.assertEqual(
            lab_fleet.why({"msg": "no space left"}, "Unpack it"),
            "Unpack it: no space left")
        # A module that did not come to its own words.
        self.assertEqual(
            lab_fleet.why({"module_stderr": "Killed", "msg": "MODULE FAILURE"},
                          "Bring it"), "Bring it: Killed; MODULE FAILURE")

    def test_nothing_said(self):
        self.assertEqual(
            lab_fleet.why({"rc": 137, "msg": "non-zero return code",
                           "stderr": ""}, "Run"), "Run: exit code 137")
        self.assertEqual(lab_fleet.why({"stderr": None}, "Run"),
                         "Run: exit code not told")

    def test_a_cell_that_is_taken(self):
        self.assertEqual(
            lab_fleet.why({"rc": lab_fleet.BUSY, "stderr": "make: Error"},
                          "Run"),
            "Run: another campaign of a fleet runs there")

    def test_no_more_than_a_page_takes(self):
        self.assertEqual(
            len(lab_fleet.why({"msg": "x" * 5000}, "Run")), lab_fleet.MOST)


class Cells(unittest.TestCase):
    """Whose result is there; of the others, why not."""

    def cells(self, answer, told):
        return lab_fleet.cells([dict(answer, item="one")], {"one": told})

    def test_one_that_came_to_its_end(self):
        self.assertEqual(self.cells({"skipped": True}, {"__fleet_dead": ""}),
                         [{"cell": "one"}])

    def test_one_that_said_why(self):
        # Whether or not it can be reached by now.
        for answer in ({"skipped": True}, {"unreachable": True}, {}):
            self.assertEqual(
                self.cells(answer, {"__fleet_dead": "Run: Killed"}),
                [{"cell": "one", "dead": "Run: Killed"}])

    def test_one_that_does_not_answer(self):
        self.assertEqual(
            self.cells({"unreachable": True, "msg": "refused"}, {}),
            [{"cell": "one", "dead": "it does not answer: refused"}])
        self.assertEqual(
            self.cells({"unreachable": True}, {})[0]["dead"],
            "it does not answer:")

    def test_one_that_was_lost_and_is_back(self):
        self.assertEqual(
            self.cells({"ping": "pong"}, {}),
            [{"cell": "one",
              "dead": "it was lost in the middle, and answers again"}])

    def test_all_in_the_order_asked(self):
        asked = [{"item": name, "skipped": True} for name in ("b", "a", "c")]
        told = {name: {"__fleet_dead": ""} for name in ("a", "b", "c")}
        told["a"] = {"__fleet_dead": "Run: x"}
        self.assertEqual(
            [(one["cell"], "dead" in one)
             for one in lab_fleet.cells(asked, told)],
            [("b", False), ("a", True), ("c", False)])


if __name__ == "__main__":
    unittest.main()
