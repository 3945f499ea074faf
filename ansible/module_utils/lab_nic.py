# SPDX-License-Identifier: MIT
"""The models of the NIC under test: libvirt's name -> QEMU's device. A new one
is a line here; `make doctor` says whether this host's QEMU has it."""

MODELS = {
    "virtio": "virtio-net-pci",
    "e1000": "e1000",
    "e1000e": "e1000e",
    "vmxnet3": "vmxnet3",
    "rtl8139": "rtl8139",
    "igb": "igb",
}
