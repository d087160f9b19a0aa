#!/bin/bash
# A batch on Slurm: sbatch docs/operators/slurm.sh mlp [options of `autograder grade`]
# Submit it in the course's folder, which every node has to see, with its .venv. Given again, it goes on with what is left.
#SBATCH --job-name=autograder
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=08:00:00
# Where the nodes have GPUs: #SBATCH --gpus-per-node=8

set -eu
source .venv/bin/activate

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$(getent ahostsv4 "$head" | awk 'NR == 1 {print $1}'):6379

# A token of this job's own, so that nobody else on the cluster's network can hand work to Ray
export RAY_AUTH_MODE=token
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')
export RAY_AUTH_TOKEN

# Ray starts on every node, the batch runs on the first one, and Ray ends with it
srun --wait=60 ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" --disable-usage-stats -- \
    autograder grade "$@" --engine ray --address "$address" --log json
