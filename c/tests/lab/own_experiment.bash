# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An experiment that no file of ansible/experiments has: for ansible-playbook -e
# "@..." beside -e experiment=thp, whose place it takes.
own_experiment() { # its file
	PYTHONPATH=../ansible/filter_plugins python3 -B -c '
import json, sys
import lab_experiment
print(json.dumps({"__experiment_what": lab_experiment.experiment(sys.argv[1])}))
' "$1"
}
