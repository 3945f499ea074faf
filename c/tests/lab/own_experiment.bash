# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An experiment that no file of ansible/experiments has: for ansible-playbook -e
# "@..." beside -e experiment=thp, whose place it takes.
own_experiment() { # its file
	PYTHONPATH=../ansible/module_utils python3 -B -c '
import json, sys
from experiment.file import experiment
print(json.dumps({"__experiment_what": experiment(sys.argv[1])}))
' "$1"
}
