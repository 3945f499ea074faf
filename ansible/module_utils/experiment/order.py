# SPDX-License-Identifier: MIT
"""In which order the arms run, block by block: t2t-run draws it
(c/campaign/campaign_order.h), and knows what a verdict needs."""

import functools
import json
import os
import subprocess

from .options import programs
from .wrong import Wrong


@functools.lru_cache
def order(arms, blocks, seed):
    """order: the arms of each block; blocks_needed: for any verdict at all;
    block_tries: how often a block is run at most."""
    if not arms:
        return {"order": [], "blocks_needed": 0, "block_tries": 1}
    program = os.path.join(programs(), "t2t-run")
    try:
        done = subprocess.run([program, "--order", f"{arms},{blocks},{seed}"],
                              capture_output=True, text=True, check=False)
    except OSError as error:
        raise Wrong(f"{program}: {error.strerror}. Build it: make build") \
            from None
    if done.returncode:
        raise Wrong(done.stderr.strip())
    return json.loads(done.stdout)
