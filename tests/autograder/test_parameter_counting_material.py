"""Hold the material of `parameter_counting`: the draw of architectures and their explanation."""

import importlib
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

SOURCE = Path(__file__).parents[2] / "source" / "parameter_counting"
SOME_IDS = [f"student{number:03}" for number in range(200)]


def _load(name: str) -> ModuleType:
    sys.path.insert(0, str(SOURCE))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SOURCE))


architectures = _load("architectures")
explanation = _load("solution.explanation")


def network(a: "architectures.Architecture") -> nn.Sequential:
    """Build the architecture in torch, which counts by itself."""
    return nn.Sequential(
        nn.Conv2d(a.in_channels, a.conv1_channels, a.conv1_kernel, padding=a.padding),
        nn.ReLU(),
        nn.MaxPool2d(a.pool),
        nn.Conv2d(a.conv1_channels, a.conv2_channels, a.conv2_kernel, padding=a.padding),
        nn.ReLU(),
        nn.MaxPool2d(a.pool),
        nn.Flatten(),
        nn.LazyLinear(a.classes),
    )


def torch_count(a: "architectures.Architecture") -> int:
    """Count with torch, flatten size included."""
    model = network(a)
    assert model(torch.zeros(1, a.in_channels, a.image_size, a.image_size)).shape == (1, a.classes)
    return sum(parameter.numel() for parameter in model.parameters())


class TestMyArchitecture:
    @pytest.mark.parametrize(
        ("student", "numbers"),
        [
            ("alice", (24, 1, 24, 7, 40, 5, "same", 26)),
            ("bob", (34, 3, 16, 3, 56, 5, "valid", 5)),
            ("s1234567", (28, 1, 24, 7, 62, 3, "same", 25)),
            ("Zoë Müller", (28, 1, 21, 3, 60, 3, "same", 27)),
        ],
    )
    def test_known_ids_keep_their_architecture(self, student, numbers):
        a = architectures.my_architecture(student)
        assert numbers == (
            *(a.image_size, a.in_channels, a.conv1_channels, a.conv1_kernel),
            *(a.conv2_channels, a.conv2_kernel, a.padding, a.classes),
        )

    @pytest.mark.parametrize("written", ["alice", " alice\n", "Alice", "ALICE", "\uff41lice"])
    def test_spelling_of_an_id_makes_no_difference(self, written):
        assert architectures.my_architecture(written) == architectures.my_architecture("alice")

    @pytest.mark.parametrize("nonsense", ["", "  ", None, 42])
    def test_an_id_that_is_no_text_is_refused(self, nonsense):
        with pytest.raises(ValueError, match="student ID"):
            architectures.my_architecture(nonsense)

    def test_ids_spread_over_the_variants(self):
        drawn = Counter(architectures.my_architecture(f"id{number}") for number in range(5_000))
        variants = architectures.variants()
        assert len(drawn) > 0.85 * len(variants)
        assert max(drawn.values()) < 15

    def test_there_are_many_variants_and_none_is_question_6(self):
        variants = architectures.variants()
        assert len(set(variants)) == len(variants) > 1_000
        assert architectures.QUESTION_6 not in variants

    def test_no_two_variants_have_the_same_total(self):
        totals = [explanation.total(explanation.explain(variant)) for variant in architectures.variants()]
        assert len(set(totals)) == len(totals)

    def test_every_pooling_divides_evenly(self):
        for a in architectures.variants():
            conv1, pool1, conv2, side = explanation._sides(a)
            assert (conv1, conv2) == (a.pool * pool1, a.pool * side)
            assert side >= 2

    def test_the_description_names_the_numbers_and_no_count(self):
        a = architectures.my_architecture("bob")
        for text in (a.describe(), str(a), a._repr_html_()):
            assert "3 channels of 34×34" in text
            assert "16 kernels of 3×3" in text
            assert "5 classes" in text
            for step in explanation.explain(a):
                if step.parameters:
                    assert str(step.parameters) not in text
                    assert f"{step.parameters:,}" not in text


class TestExplain:
    def test_question_6_reads_as_in_the_tutorial(self):
        steps = explanation.explain(architectures.QUESTION_6)
        assert [step.text for step in steps] == [
            "1 input channel with 16 kernels (5×5): 16 × (5·5) + 16 biases = 416",
            'padding "same" keeps 28×28; 2×2 pooling makes it 14×14; no parameters',
            "16 input channels with 32 kernels (5×5): 32 × (16·5·5) + 32 biases = 12,832",
            'padding "same" keeps 14×14; 2×2 pooling makes it 7×7; no parameters',
            "32 channels of 7×7: 7·7·32 = 1,568 inputs, no parameters",
            "1,568 inputs to 10 outputs: 10 × (7·7·32) + 10 biases = 15,690",
        ]
        assert [step.parameters for step in steps if step.parameters] == [416, 12_832, 15_690]
        assert explanation.total(steps) == 28_938

    def test_the_mlp_has_648_010(self):
        steps = explanation.explain_mlp([784, 500, 500, 10])
        assert [step.parameters for step in steps] == [392_500, 250_500, 5_010]
        assert steps[0].text == "784 inputs to 500 outputs: 500 × 784 + 500 biases = 392,500"
        assert explanation.total(steps) == 648_010

    @pytest.mark.parametrize("student", SOME_IDS)
    def test_the_total_is_what_torch_counts(self, student):
        a = architectures.my_architecture(student)
        assert explanation.total(explanation.explain(a)) == torch_count(a)

    @pytest.mark.parametrize("render", ["as_text", "as_markdown", "as_html"])
    def test_every_rendering_holds_the_steps_and_the_total(self, render):
        text = getattr(explanation, render)(explanation.explain(architectures.QUESTION_6))
        for part in ("16 × (5·5) + 16 biases = 416", "12,832", "15,690", "416 + 12,832 + 15,690 = 28,938"):
            assert part in text

    def test_the_html_is_escaped(self):
        step = explanation.Step(layer="<b>", text="a < b & c", parameters=1)
        assert "a &lt; b &amp; c" in explanation.as_html([step])
        assert "&lt;b&gt;" in explanation.as_html([step])


class TestSlips:
    def test_question_6(self):
        assert explanation.slips(architectures.QUESTION_6) == {
            "biases forgotten": 28_880,
            "one bias per layer": 28_883,
            "one bias per weight": 57_760,
            "biases forgotten in the convolutions": 28_890,
            "biases forgotten in the fully connected layer": 28_928,
            "one bias per slice": 416 + 32 * 16 * 26 + 15_690,
            "input channels forgotten": 416 + 832 + 15_690,
            "pooling forgotten": 416 + 12_832 + 28 * 28 * 32 * 10 + 10,
            "second pooling forgotten": 416 + 12_832 + 14 * 14 * 32 * 10 + 10,
            "padding forgotten": 416 + 12_832 + 4 * 4 * 32 * 10 + 10,
            "height and width forgotten": 416 + 12_832 + 330,
            "one zero of padding": 416 + 12_832 + 5 * 5 * 32 * 10 + 10,
            "only the height flattened": 416 + 12_832 + 7 * 32 * 10 + 10,
            "fully connected layer forgotten": 416 + 12_832,
        }

    def test_every_variant_knows_its_slips(self):
        for variant in (architectures.QUESTION_6, *architectures.variants()):
            kernels_of_3 = variant.conv1_kernel == variant.conv2_kernel == 3
            padded = variant.padding == "same" and not kernels_of_3
            assert len(explanation.slips(variant)) == 13 + padded + (variant.classes != 10)

    def test_no_slip_gives_the_right_total_and_two_hardly_ever_the_same(self):
        alike = 0
        for variant in (architectures.QUESTION_6, *architectures.variants()):
            wrong = list(explanation.slips(variant).values())
            assert explanation.total(explanation.explain(variant)) not in wrong
            alike += len({*wrong}) < len(wrong)
        assert alike <= 6

    def test_without_padding_the_slip_is_to_imagine_it(self):
        a = architectures.my_architecture("bob")
        assert a.padding == "valid"
        assert "padding imagined" in explanation.slips(a)
        assert "padding forgotten" not in explanation.slips(a)

    def test_one_hidden_layer_is_the_misleading_figure(self):
        wrong = explanation.mlp_slips([784, 500, 500, 10])
        assert wrong["one hidden layer"] == [392_500, 5_010]
        assert wrong["biases forgotten"] == [392_000, 250_000, 5_000]
