"""Ready scripts that write a set in parts: a SLURM job array, a Kubernetes indexed job."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Sequence
from typing import Literal

Kind = Literal["slurm", "kubernetes"]


def job_script(kind: Kind, command: Sequence[str], parts: int, hours: float) -> str:
    """Return the text of a script that runs ``command`` in parts and then closes the set.

    Parameters
    ----------
    kind
        Scheduler.
    command
        Words of the ``fluorosynth generate`` command, without ``--part``.
    parts
        Number of jobs, >= 1.
    hours
        Estimated core hours of the whole set; each job gets four times its share, at least ten
        minutes.

    Examples
    --------
    >>> words = ["fluorosynth", "generate", "--n", "9000", "--out", "/shared/set"]
    >>> "#SBATCH --array=1-8" in job_script("slurm", words, 8, 2.0)
    True
    """
    minutes = max(10, math.ceil(4 * 60 * hours / parts))
    return _slurm(command, parts, minutes) if kind == "slurm" else _kubernetes(command, parts)


def _slurm(command: Sequence[str], parts: int, minutes: int) -> str:
    line = shlex.join(command)
    return f"""#!/bin/bash
# sbatch THIS_FILE; afterwards, once:
#   sbatch --dependency=singleton --job-name=fluorosynth --wrap={shlex.quote(line + " --finish")}
#SBATCH --job-name=fluorosynth
#SBATCH --array=1-{parts}
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time={minutes // 60:02d}:{minutes % 60:02d}:00
#SBATCH --requeue
{line} --workers 1 --part "$SLURM_ARRAY_TASK_ID/{parts}"  # sbatch --array=3,7: these alone
"""


def _kubernetes(command: Sequence[str], parts: int) -> str:
    words = [*command, "--workers", "1", "--part", f"auto/{parts}"]
    # JSON is YAML; quoted this way no word is taken for a number
    return f"""# kubectl apply -f THIS_FILE; afterwards, once, in a pod with the same volume:
#   {shlex.join([*command, "--finish"])}
apiVersion: batch/v1
kind: Job
metadata:
  name: fluorosynth
spec:
  completionMode: Indexed
  completions: {parts}
  parallelism: {parts}
  backoffLimit: {parts + 10}
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - name: generate
          image: fluorosynth  # yours, with this package in it
          command: {json.dumps(words)}
          resources:
            requests: {{cpu: "1", memory: 2Gi}}
          volumeMounts:
            - {{name: set, mountPath: /set}}  # the folder of --out lies in it
      volumes:
        - name: set
          persistentVolumeClaim: {{claimName: fluorosynth}}  # yours, ReadWriteMany
"""
