"""The program that the Pulumi engine starts for the policy pack."""

import sys
from pathlib import Path

# A rollback runs the pack of another commit's tree with this environment's packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy.pack import run_pack

run_pack()
