# SPDX-License-Identifier: MIT
"""What the status says is there."""

import unittest

import support

lab = support.load("filter_plugins/lab_status.py")

FACTS = {"boot": "b1",
         "libvirt": {"domains": {"trader": {"uuid": "u1"}},
                     "pids": {"libvirtd": 7, "virtlogd": 0}},
         "links": {"t2t-lab0": {"mac": "m1"}},
         "memory": {"huge": {"2048": {"total": 512}}}}


class There(unittest.TestCase):
    """Of what the record names."""

    def there(self, kind, name, **more):
        return lab.there(dict(more, kind=kind, name=name), FACTS)

    def test_a_domain_by_its_uuid(self):
        self.assertIs(self.there("domain", "trader", uuid="u1"), True)
        self.assertIs(self.there("domain", "trader", uuid="u2"), False)
        self.assertIs(self.there("domain", "other", uuid="u1"), False)

    def test_a_bridge_by_its_mac(self):
        self.assertIs(self.there("bridge", "t2t-lab0", mac="m1"), True)
        self.assertIs(self.there("bridge", "t2t-lab0", mac="m2"), False)
        self.assertIs(self.there("bridge", "t2t-lab1", mac="m1"), False)

    def test_huge_pages_by_their_number(self):
        for took, there in ((511, True), (512, True), (513, False)):
            self.assertIs(self.there("hugepages", "2048", size_kib=2048,
                                     boot="b1", took={"0": took}), there)
        self.assertIs(self.there("hugepages", "1", size_kib=1048576,
                                 boot="b1", took={"0": 1}), False)

    def test_huge_pages_of_another_boot_are_gone(self):
        self.assertIs(self.there("hugepages", "2048", size_kib=2048,
                                 boot="b0", took={"0": 1}), False)

    def test_a_daemon_by_its_process(self):
        self.assertIs(self.there("daemon", "libvirtd"), True)
        self.assertIs(self.there("daemon", "virtlogd"), False)

    def test_of_others_it_cannot_be_told(self):
        self.assertIsNone(self.there("folder", "x"))


if __name__ == "__main__":
    unittest.main()
