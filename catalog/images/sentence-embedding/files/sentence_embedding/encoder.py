"""The forward pass of a BERT sentence encoder in NumPy: mean pooling, unit length."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

WEIGHTS = "model.safetensors"
"""The file of a model's directory that holds its weights."""
_MASKED = np.float32(-1e9)
"""Added to the attention that padding would get."""


class Encoder:
    """A model's directory as sentence-transformers writes it: weights, tokenizer and configuration."""

    def __init__(self, directory: Path) -> None:
        self._config = json.loads((directory / "config.json").read_text())
        self._weights: dict[str, Floats] = load_file(directory / WEIGHTS)
        self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        longest = json.loads((directory / "sentence_bert_config.json").read_text())["max_seq_length"]
        self._tokenizer.enable_truncation(longest)
        self._tokenizer.enable_padding()

    def embed(self, sentences: Sequence[str]) -> Floats:
        """A vector of unit length for each sentence; one that is too long is cut."""
        encodings = self._tokenizer.encode_batch(list(sentences))
        tokens = np.array([encoding.ids for encoding in encodings])
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.float32)
        hidden = self._embeddings(tokens)
        for layer in range(self._config["num_hidden_layers"]):
            hidden = self._layer(hidden, mask, f"encoder.layer.{layer}")
        mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]
        lengths: Floats = np.linalg.norm(mean, axis=1, keepdims=True)
        embeddings: Floats = mean / lengths
        return embeddings

    def _embeddings(self, tokens: NDArray[np.int64]) -> Floats:
        words = self._weights["embeddings.word_embeddings.weight"][tokens]
        places = self._weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._normalized(words + places + kind, "embeddings.LayerNorm")

    def _layer(self, hidden: Floats, mask: Floats, name: str) -> Floats:
        attended = self._attention(hidden, mask, f"{name}.attention.self")
        attended = self._linear(attended, f"{name}.attention.output.dense")
        hidden = self._normalized(hidden + attended, f"{name}.attention.output.LayerNorm")
        wide = self._linear(hidden, f"{name}.intermediate.dense")
        gelu = wide * np.float32(0.5) * (1 + erf(wide / np.sqrt(np.float32(2))))
        return self._normalized(hidden + self._linear(gelu, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, hidden: Floats, mask: Floats, name: str) -> Floats:
        sentences, length, width = hidden.shape
        heads = self._config["num_attention_heads"]

        def by_head(part: str) -> Floats:
            projected = self._linear(hidden, f"{name}.{part}").reshape(sentences, length, heads, width // heads)
            return projected.transpose(0, 2, 1, 3)

        query, key, value = (by_head(part) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(np.float32(width // heads))
        scores += (1 - mask)[:, None, None, :] * _MASKED
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        together: Floats = (shares @ value).transpose(0, 2, 1, 3).reshape(sentences, length, width)
        return together

    def _linear(self, hidden: Floats, name: str) -> Floats:
        made: Floats = hidden @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return made

    def _normalized(self, hidden: Floats, name: str) -> Floats:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread: Floats = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._config["layer_norm_eps"])
        scaled: Floats = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return scaled
