"""Trains XGBoost's trees on a Dask cluster with exported decisions, for more data than one machine can hold.

    python train_trees.py s3://bucket/decided trees.json --scheduler tcp://scheduler:8786 --to 2026-08-31

Workers read the Parquet files of `invoke export` themselves. The result is a booster as JSON. Its base score
is 0.5. Without a scheduler, the script starts two workers on this machine.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path

import fsspec
from dask import dataframe
from distributed import Client, LocalCluster
from pyarrow import parquet
from xgboost import dask as xgboost_dask

METADATA_KEY = b"fraud_decisions"
DAY_MS = 86_400_000


def main() -> None:
    options = parse_options()
    features = read_feature_names(options.data)
    with connect(options.scheduler) as client:
        # In memory before the columns are separated: Dask reads fewer columns in larger partitions, and the
        # partitions of features and labels must be the same.
        examples = read_examples(options.data, features, options).persist()
        matrix = xgboost_dask.DaskQuantileDMatrix(client, examples[features], examples["is_fraud"])
        parameters = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "base_score": 0.5,
            "max_depth": options.depth,
            "learning_rate": options.learning_rate,
            "seed": options.seed,
        }
        result = xgboost_dask.train(client, parameters, matrix, num_boost_round=options.trees)
    Path(options.out).write_bytes(bytes(result["booster"].save_raw("json")))
    sys.stdout.write(f"{options.trees} trees of {len(features)} features: {options.out}\n")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="the folder of an export, local or in any storage that fsspec reads")
    parser.add_argument("out", help="the file of the booster")
    parser.add_argument("--scheduler", default="", help="the address of a Dask scheduler")
    parser.add_argument("--to", default="2999-12-31", help="the last day to learn from, such as 2026-08-31")
    parser.add_argument("--label-delay-days", type=int, default=7, help="the delay that features assume")
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def connect(scheduler: str) -> Client:
    """Connect to a cluster. The client closes a cluster that it started."""
    if scheduler:
        return Client(scheduler)
    # Without a dashboard, no further port is opened.
    return Client(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None))


def read_feature_names(folder: str) -> list[str]:
    """The features, in order, from the metadata of the first file."""
    filesystem, path = fsspec.core.url_to_fs(folder)
    files = sorted(filesystem.glob(f"{path.rstrip('/')}/day=*/*.parquet"))
    if not files:
        sys.exit(f"{folder}: no exported decisions")
    with filesystem.open(files[0], "rb") as stream:
        metadata = parquet.read_schema(stream).metadata or {}
    if METADATA_KEY not in metadata:
        sys.exit(f"{folder}: no exported decisions")
    return list(json.loads(metadata[METADATA_KEY])["features"])


def read_examples(folder: str, features: list[str], options: argparse.Namespace) -> dataframe.DataFrame:
    """The features and labels of the transactions whose label is known."""
    end_ms = int((date.fromisoformat(options.to) - date(1970, 1, 1)).days + 1) * DAY_MS
    examples = dataframe.read_parquet(
        f"{folder.rstrip('/')}/day=*/*.parquet",
        columns=[*features, "is_fraud"],
        filters=[("timestamp", "<", end_ms), ("label_delay_days", "in", [0, options.label_delay_days])],
    )
    types = dict.fromkeys(features, "float32") | {"is_fraud": "int8"}
    return examples.dropna(subset=["is_fraud"]).astype(types)


if __name__ == "__main__":
    main()
