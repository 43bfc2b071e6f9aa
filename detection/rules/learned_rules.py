"""Notes about rules that a model was not trained with."""

from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer


def describe_unlearned_rules(rules: RuleSet, model: FraudModel) -> str:
    """A note that names the rules that are new or changed since the training; empty without such rules."""
    unlearned = Scorer(rules, model).unlearned_rules
    if not unlearned:
        return ""
    return (
        f"Rules that are new or changed since model {model.version} was trained: {', '.join(unlearned)}."
        " They add nothing to the score until you train again."
    )
