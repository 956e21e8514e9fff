"""A base model that fits no single GPU, on several: each process keeps a part of every layer and gathers the whole of one when it
computes it (FSDP2; arXiv:2304.11277). The adapter is whole in each, and learns as with data parallelism.

Every process takes part in every layer of the others, so all of them compute as many pieces, and judge the same rows.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from chatbot.common.errors import UsageError

Piece = dict[str, Tensor]


def share_out(model: Any) -> None:
    """Before there is an adapter on it: FSDP2 looks after the weights that it finds. Embeddings and the last layer stay whole."""
    from accelerate import PartialState
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    state = PartialState(cpu=not torch.cuda.is_available())
    if state.num_processes == 1:
        raise UsageError(
            "--shard shares a model out among the processes of torchrun or accelerate, and this is the only one."
        )
    mesh = init_device_mesh(state.device.type, (state.num_processes,))
    for (
        layer
    ) in model.get_decoder().layers:  # each is a root, which keeps its weights after a pass unless told otherwise
        fully_shard(layer, mesh=mesh, reshard_after_forward=True)
    model.to(state.device)


def wrapped(model: Any) -> Any:
    """With data parallelism for the adapter, which leaves the parts of the base alone."""
    from torch.distributed.tensor import DTensor
    from torch.nn.parallel import DistributedDataParallel

    parts = [name for name, weight in model.named_parameters() if isinstance(weight, DTensor)]
    model._ddp_params_and_buffers_to_ignore = parts  # where DistributedDataParallel looks for them
    return DistributedDataParallel(model)


def level(pieces: Sequence[Piece], accelerator: Any) -> list[Piece]:
    """As many pieces as the process with the most has: the first one again where there are fewer."""
    counts = accelerator.gather(torch.tensor([len(pieces)], device=accelerator.device))
    return [*pieces, *[pieces[0]] * (int(counts.max()) - len(pieces))]


def agreed(said: bool) -> bool:
    """What the first process says, in every process."""
    from accelerate.utils import broadcast_object_list

    return bool(broadcast_object_list([said])[0])
