import numpy as np

from detection.training.sampling import GenuineSampler

LABELS = np.arange(10_000) % 100 == 0


def test_every_fraud_is_kept_and_weights_add_up_to_all_transactions() -> None:
    sampler = GenuineSampler(9_900, max_genuine=1_000)
    kept = sampler.choose(LABELS)
    weights = sampler.weights(LABELS[kept])
    assert kept[LABELS].all()
    assert abs(kept[~LABELS].sum() - 1_000) < 150
    assert abs(weights.sum() / len(LABELS) - 1) < 0.15
    assert set(weights[LABELS[kept]]) == {1}


def test_sample_does_not_depend_on_the_size_of_batches() -> None:
    whole = GenuineSampler(9_900, 1_000, seed=3).choose(LABELS)
    batched = GenuineSampler(9_900, 1_000, seed=3)
    assert (
        np.concatenate([batched.choose(part) for part in np.array_split(LABELS, 7)]).tolist()
        == whole.tolist()
    )


def test_other_seed_keeps_other_transactions() -> None:
    first, second = (GenuineSampler(9_900, 1_000, seed=seed).choose(LABELS) for seed in (1, 2))
    assert first.tolist() != second.tolist()


def test_few_transactions_are_all_kept_with_weight_1() -> None:
    sampler = GenuineSampler(9_900, max_genuine=9_900)
    assert sampler.choose(LABELS).all()
    assert sampler.weight == GenuineSampler(0).weight == 1
