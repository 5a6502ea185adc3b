"""Sentence vectors of all-MiniLM-L6-v2 in float64: python3 minilm.py MODEL_FOLDER FOLDER.

MODEL_FOLDER holds model.safetensors, config.json and vocab.txt. The weights are read by hand,
renamed to ours and run through `transformer.py`, the same code as for the small cases.
"""

import json
import os
import sys
import unicodedata

import numpy as np

import cases
import transformer as t

TEXTS = [
    "The weather is lovely today.",
    "It's so sunny outside!",
    "He drove to the stadium.",
    "Neurons in the visual cortex signal prediction errors.",
    "Café owners, unfathomably, weren't overjoyed.",
]


def read_safetensors(path):
    """An 8-byte length, a header in JSON, then raw numbers."""
    with open(path, "rb") as file:
        content = file.read()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + size])
    result = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        values = np.frombuffer(content[8 + size + start:8 + size + end], dtype="<f4")
        result[name] = values.reshape(entry["shape"]).astype(np.float64)
    return result


def tokens(text, vocabulary):
    """Lower case, no accents, split at punctuation, then the longest pieces from the left."""
    text = unicodedata.normalize("NFD", text.lower())
    text = "".join(c for c in text if unicodedata.category(c) != "Mn")
    spaced = "".join(f" {c} " if unicodedata.category(c)[0] in "PS" else c for c in text)
    ids = [vocabulary["[CLS]"]]
    for word in spaced.split():
        start, pieces = 0, []
        while start < len(word):
            end = len(word)
            while end > start:
                piece = ("##" if start else "") + word[start:end]
                if piece in vocabulary:
                    break
                end -= 1
            if end == start:
                pieces = [vocabulary["[UNK]"]]
                break
            pieces.append(vocabulary[piece])
            start = end
        ids += pieces
    return ids + [vocabulary["[SEP]"]]


def renamed(weights, blocks):
    result = {
        "source.embedding": weights["embeddings.word_embeddings.weight"],
        "positions": weights["embeddings.position_embeddings.weight"],
        "segments": weights["embeddings.token_type_embeddings.weight"],
        "embedding.norm.scale": weights["embeddings.LayerNorm.weight"],
        "embedding.norm.offset": weights["embeddings.LayerNorm.bias"],
    }
    parts = {
        "attention.query": "attention.self.query", "attention.key": "attention.self.key",
        "attention.value": "attention.self.value", "attention.output": "attention.output.dense",
        "feedforward.inner": "intermediate.dense", "feedforward.outer": "output.dense",
    }
    norms = {
        "attention.norm": "attention.output.LayerNorm", "feedforward.norm": "output.LayerNorm",
    }
    for i in range(blocks):
        for ours, theirs in parts.items():
            # Theirs is y = W x.
            result[f"encoder.{i}.{ours}.weight"] = weights[
                f"encoder.layer.{i}.{theirs}.weight"].T
            result[f"encoder.{i}.{ours}.bias"] = weights[f"encoder.layer.{i}.{theirs}.bias"]
        for ours, theirs in norms.items():
            result[f"encoder.{i}.{ours}.scale"] = weights[f"encoder.layer.{i}.{theirs}.weight"]
            result[f"encoder.{i}.{ours}.offset"] = weights[f"encoder.layer.{i}.{theirs}.bias"]
    return result


def main(model, folder):
    with open(os.path.join(model, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    with open(os.path.join(model, "vocab.txt"), encoding="utf-8") as file:
        vocabulary = {line.rstrip("\n"): i for i, line in enumerate(file)}
    c = {
        "width": config["hidden_size"], "heads": config["num_attention_heads"],
        "inner": config["intermediate_size"], "activation": config["hidden_act"], "norm": "post",
        "epsilon": config["layer_norm_eps"], "positions": "learned", "scalesEmbeddings": False,
        "normalizesEmbeddings": True, "segmentCount": config["type_vocab_size"],
        "maximumLength": config["max_position_embeddings"], "causal": False,
        "encoderBlocks": config["num_hidden_layers"], "decoderBlocks": 0,
        "sourceVocabulary": config["vocab_size"],
    }
    parameters = renamed(
        read_safetensors(os.path.join(model, "model.safetensors")), c["encoderBlocks"])
    lists = [tokens(text, vocabulary) for text in TEXTS]
    length = max(map(len, lists))
    ids = np.array([row + [0] * (length - len(row)) for row in lists])
    mask = (np.arange(length)[None] < np.array([len(row) for row in lists])[:, None]).astype(int)
    encoded = t.Transformer(c, parameters).encode(ids, mask, np.zeros_like(ids))
    pooled = np.sum(encoded * mask[..., None], axis=1) / np.sum(mask, axis=1, keepdims=True)
    vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    # Alone, without padding, a sentence must have the same vector.
    for i, row in enumerate(lists):
        alone = np.array([row])
        one = t.Transformer(c, parameters).encode(alone, np.ones_like(alone), np.zeros_like(alone))
        pooled = one[0].mean(axis=0)
        deviation = np.max(np.abs(pooled / np.linalg.norm(pooled) - vectors[i]))
        assert deviation < 1e-12, deviation
    print(np.round(vectors @ vectors.T, 4))
    # What the documentation of the package sentence-transformers prints for the first three.
    published = [[1, 0.6660, 0.1046], [0.6660, 1, 0.1411], [0.1046, 0.1411, 1]]
    deviation = np.max(np.abs((vectors @ vectors.T)[:3, :3] - published))
    print(f"largest deviation from the published similarities {deviation:.1e}")
    assert deviation < 1e-4
    try:
        import tokenizers
        reference = tokenizers.Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
        reference.no_padding()
        assert [reference.encode(text).ids for text in TEXTS] == lists
        print("token ids agree with the package tokenizers", tokenizers.__version__)
    except ImportError:
        print("token ids not compared: no package tokenizers")
    cases.write(folder, "minilm", {
        "case": "minilm",
        "description": "all-MiniLM-L6-v2: mean over the tokens, then length 1; weights not stored",
        "configuration": c, "texts": TEXTS, "tokenIDs": [list(map(int, row)) for row in lists],
        "vectors": vectors, "similarities": vectors @ vectors.T,
    })


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "..")
