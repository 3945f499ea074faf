# SPDX-License-Identifier: MIT
"""The shape of an experiment's file: a JSON Schema (draft 7)."""

import functools
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


@functools.lru_cache
def schema():
    with open(os.path.join(HERE, "experiment.schema.json"),
              encoding="utf-8") as file:
        return json.load(file)


def default(key):
    return schema()["properties"][key]["default"]
