"""The layers of a BERT as a graph of ONNX, in the fused operators of onnxruntime (domain com.microsoft)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from retrieval.search.encoders.base import States
from retrieval.search.encoders.weights import Weights

_OPERATORS = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]  # 17 brought LayerNormalization
_FORMAT = 8  # the one of that set; onnx writes its newest unasked, which an older onnxruntime does not read


def session(weights: Weights, config: Mapping[str, Any]) -> Any:
    """An `InferenceSession`: `embedded`, float32 [texts, tokens, dimension], and `lengths`, int32 [texts] -> the last layer's
    states, of the same shape as the first. It computes in the thread that calls it, and keeps no memory between calls."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # shapes differ from batch to batch
    model = _Graph(weights, config).model().SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class _Graph:
    def __init__(self, weights: Weights, config: Mapping[str, Any]) -> None:
        self._weights, self._config = weights, config
        self._epsilon = float(config.get("layer_norm_eps", 1e-12))
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def model(self) -> ModelProto:
        state = self._node(
            "LayerNormalization", "embedded", *self._norm("embeddings"), epsilon=self._epsilon, domain=""
        )
        for number in range(int(self._config["num_hidden_layers"])):
            state = self._layer(f"encoder.layer.{number}", state)
        hidden = int(self._config["hidden_size"])
        shape = ["texts", "tokens", hidden]
        inputs = [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"]),
        ]
        output = helper.make_tensor_value_info(state, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], self._constants)
        return helper.make_model(graph, opset_imports=_OPERATORS, ir_version=_FORMAT)

    def _layer(self, name: str, state: str) -> str:
        heads = int(self._config["num_attention_heads"])
        seen = self._node("Attention", state, *self._attention(f"{name}.attention.self"), "lengths", num_heads=heads)
        state = self._joined(f"{name}.attention.output", seen, state)
        wide = self._node("MatMul", state, self._matrix(f"{name}.intermediate.dense"), domain="")
        bent = self._node("BiasGelu", wide, self._bias(f"{name}.intermediate.dense"))
        return self._joined(f"{name}.output", bent, state)

    def _joined(self, name: str, state: str, before: str) -> str:
        """A dense layer, with what stood before it added, normalised."""
        dense = self._node("MatMul", state, self._matrix(f"{name}.dense"), domain="")
        rest = (*self._norm(name), self._bias(f"{name}.dense"))
        return self._node("SkipLayerNormalization", dense, before, *rest, epsilon=self._epsilon)

    def _attention(self, name: str) -> tuple[str, str]:
        """Queries, keys and values side by side."""
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weights[f"{part}.weight"].T for part in parts], axis=1)
        bias = np.concatenate([self._weights[f"{part}.bias"] for part in parts])
        return self._constant(f"{name}.weight", matrix), self._constant(f"{name}.bias", bias)

    def _norm(self, name: str) -> tuple[str, str]:
        scale, bias = f"{name}.LayerNorm.weight", f"{name}.LayerNorm.bias"
        return self._constant(scale, self._weights[scale]), self._constant(bias, self._weights[bias])

    def _matrix(self, name: str) -> str:
        return self._constant(f"{name}.weight", self._weights[f"{name}.weight"].T)

    def _bias(self, name: str) -> str:
        return self._constant(f"{name}.bias", self._weights[f"{name}.bias"])

    def _constant(self, name: str, values: States) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, kind: str, *inputs: str, domain: str = "com.microsoft", **attributes: Any) -> str:
        output = f"{kind}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output
