import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from orchestration import layers
from orchestration.layers import Layer
from shared.settings import Settings
from terminal.errors import UserError


def list_names(selected: tuple[Layer, ...]) -> list[str]:
    return [layer.name for layer in selected]


def test_layer_is_sorted_after_its_upstream_layers() -> None:
    shuffled = tuple(reversed(layers.LAYERS))
    order = list_names(layers.sort_layers(shuffled))
    assert all(
        order.index(upstream) < order.index(layer.name) for layer in shuffled for upstream in layer.depends_on
    )


def test_selected_layers_are_sorted() -> None:
    assert list_names(layers.select_layers(["edge", "foundation"])) == ["foundation", "edge"]


def test_empty_selection_selects_all_layers() -> None:
    assert set(layers.select_layers([])) == set(layers.LAYERS)


def test_unknown_layer_lists_the_layers() -> None:
    with pytest.raises(UserError, match=r"'dat'.* foundation, data, "):
        layers.select_layers(["dat"])


def test_cycle_is_an_error() -> None:
    with pytest.raises(ValueError, match="cycle"):
        layers.sort_layers([Layer("a", "a", ("b",)), Layer("b", "b", ("a",))])


def test_layer_without_a_settings_module_is_an_error_with_the_file_to_write() -> None:
    with pytest.raises(layers.IncompleteLayerError) as caught:
        layers.load_settings_model(Layer("reporting", "fraud-reporting"))
    assert (caught.value.layer.name, caught.value.file) == ("reporting", "stacks/reporting/settings.py")


def test_layer_with_two_settings_classes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("stacks.reporting.settings")
    module.__spec__ = ModuleSpec("stacks.reporting.settings", None)
    module.__dict__.update(first=type("First", (Settings,), {}), second=type("Second", (Settings,), {}))
    monkeypatch.setitem(sys.modules, "stacks.reporting", ModuleType("stacks.reporting"))
    monkeypatch.setitem(sys.modules, "stacks.reporting.settings", module)
    with pytest.raises(UserError, match=r"stacks/reporting/settings\.py"):
        layers.load_settings_model(Layer("reporting", "fraud-reporting"))
