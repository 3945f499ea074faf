#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Waits beside the exchange until the trader's session is over."""

DOCUMENTATION = r"""
module: lab_session
short_description: Wait for the end of a trader's session
description: Follows what t2t-exchange says, from the trader's connection to
  its end. Who waits at the trader would wait for good once the exchange's
  machine is lost, since a dead peer says nothing; the exchange probes a silent
  trader, and whoever runs this module notices when the exchange is lost.
options:
  out: {description: "What the exchange says, a file.", type: path,
        required: true}
  connect: {description: "How long the trader may take to connect, in
            seconds.", type: int, default: 60}
  timeout: {description: "For all of it, in seconds.", type: int,
            default: 3600}
"""

EXAMPLES = r"""
- name: Wait for the end of the session
  lab_session:
    out: /run/t2t-experiment/exchange.out
"""

RETURN = r"""
connected:
  description: That a trader connected.
  type: bool
  returned: success
"""

import time

from ansible.module_utils.basic import AnsibleModule

POLL_S = 0.2


class Session:
    """What of it the file tells so far."""

    def __init__(self):
        self.connected = self.ended = False
        self.rest = ""

    def take(self, text):
        lines = (self.rest + text).split("\n")
        self.rest = lines.pop()
        for line in lines:
            if line.startswith("state ") and line != "state INIT":
                self.connected = True
            elif line == "state INIT" and self.connected:
                self.ended = True


def main():
    module = AnsibleModule(argument_spec={
        "out": {"type": "path", "required": True},
        "connect": {"type": "int", "default": 60},
        "timeout": {"type": "int", "default": 3600},
    })
    session, begin = Session(), time.monotonic()
    with open(module.params["out"], encoding="utf-8",
              errors="replace") as file:
        while True:
            session.take(file.read())
            if session.ended:
                module.exit_json(changed=False, connected=True)
            took = time.monotonic() - begin
            if not session.connected and took > module.params["connect"]:
                module.fail_json(msg="no trader connected in "
                                 f"{module.params['connect']} s")
            if took > module.params["timeout"]:
                module.fail_json(msg="the session has not ended after "
                                 f"{module.params['timeout']} s")
            time.sleep(POLL_S)


if __name__ == "__main__":
    main()
