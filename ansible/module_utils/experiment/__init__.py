# SPDX-License-Identifier: MIT
"""Experiments: their files are read, checked and made into plans.

options.py: which options the programs have, as t2t-probe tells them
knobs.py: the groups of knobs, and what each name of them may be
experiment.schema.json, schema.py: the shape of an experiment's file
file.py: such a file, checked
plan.py: from a file to a plan: arms, arguments, trials
builds.py: traders that are of another revision or tree
order.py: in which order trials run, as t2t-run says it
machines.py: what a plan turns on which machine, and which guests it wants
site.py: the plan as t2t-run takes it, with all that machines need for it
text.py: a plan, to be read

As a program, `python3 ansible/module_utils/experiment`: `list FOLDER` prints a
line for each experiment, `check FILE...` what is wrong with them, `knobs` all
knobs with what each may be.
"""
