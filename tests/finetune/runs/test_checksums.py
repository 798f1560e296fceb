"""Two numbers tell whether what a rank trains is what it was, to the last bit."""

import torch

from finetune.runs.checksums import bits, checksums


def test_the_same_bits_have_the_same_sum_in_any_order() -> None:
    one, other = torch.randn(5, 7), torch.randn(3).bfloat16()
    assert bits([one, other]) == bits([other.clone(), one.t().contiguous().t()])


def test_any_bit_makes_another_sum() -> None:
    weight = torch.ones(64)
    before = bits([weight])
    weight[63] = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))
    assert bits([weight]) != before
    assert bits([torch.zeros(1)]) != bits([-torch.zeros(1)])


def test_only_weights_that_learn_and_the_state_of_the_optimizer_count() -> None:
    model = torch.nn.Linear(3, 3)
    model.bias.requires_grad = False
    optimizer = torch.optim.AdamW([model.weight], lr=0.1)
    fresh = checksums(model, optimizer)
    model.bias.data += 1
    assert checksums(model, optimizer) == fresh
    model(torch.ones(3)).sum().backward()
    optimizer.step()
    stepped = checksums(model, optimizer)
    assert stepped[0] != fresh[0]
    assert (fresh[1], stepped[1] != 0) == (0, True)
