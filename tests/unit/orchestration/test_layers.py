import pytest

from orchestration import layers
from orchestration.layers import Layer
from terminal.errors import UserError


def names(chosen: tuple[Layer, ...]) -> list[str]:
    return [layer.name for layer in chosen]


def test_every_layer_comes_after_those_it_reads() -> None:
    shuffled = tuple(reversed(layers.LAYERS))
    order = names(layers.in_order(shuffled))
    assert all(
        order.index(needed) < order.index(layer.name) for layer in shuffled for needed in layer.depends_on
    )


def test_chosen_layers_are_put_in_order() -> None:
    assert names(layers.select(["edge", "foundation"])) == ["foundation", "edge"]


def test_no_choice_means_all_layers() -> None:
    assert set(layers.select([])) == set(layers.LAYERS)


def test_a_wrong_layer_lists_the_right_ones() -> None:
    with pytest.raises(UserError, match=r"no layer 'dat'.* foundation, data, "):
        layers.select(["dat"])


def test_layers_in_a_circle_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="cycle"):
        layers.in_order([Layer("a", "a", ("b",)), Layer("b", "b", ("a",))])
