"""Writes the cases of this folder: python3 cases.py FOLDER."""

import os
import sys

import numpy as np

import transformer as t

VOCABULARY = 11
WIDTH, HEADS, INNER = 8, 2, 12


# Text of numbers with 17 digits


def text(value):
    if value == np.inf:
        return "1e999"
    if value == -np.inf:
        return "-1e999"
    return "%.17g" % value


def render(value, indent=0):
    pad = " " * indent
    if isinstance(value, dict):
        inner = ",\n".join(
            f'{pad} "{key}": {render(entry, indent + 1)}' for key, entry in value.items())
        return "{\n" + inner + "\n" + pad + "}"
    if isinstance(value, np.ndarray):
        return '{"shape": [%s], "values": [%s]}' % (
            ", ".join(map(str, value.shape)), ", ".join(text(x) for x in value.ravel()))
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(render(x) for x in value) + "]"
    return text(value)


def write(folder, name, tree):
    path = os.path.join(folder, name + ".json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(render(tree) + "\n")
    size = os.path.getsize(path)
    assert size < 400_000, (name, size)
    print(f"{name}.json: {size} bytes")


# Models


def configuration(**changes):
    base = {
        "width": WIDTH, "heads": HEADS, "inner": INNER, "activation": "relu", "norm": "post",
        "epsilon": 1e-5, "positions": "sinusoidal", "scalesEmbeddings": False,
        "normalizesEmbeddings": False, "segmentCount": 0, "maximumLength": 0, "causal": False,
        "encoderBlocks": 1, "decoderBlocks": 0, "sourceVocabulary": VOCABULARY,
        "targetVocabulary": VOCABULARY,
    }
    assert set(changes) <= set(base)
    return {**base, **changes}


def shapes(c):
    d, f = c["width"], c["inner"]
    result = {"source.embedding": (c["sourceVocabulary"], d)}
    if c["decoderBlocks"]:
        result["target.embedding"] = (c["targetVocabulary"], d)
    if c["positions"] == "learned":
        result["positions"] = (c["maximumLength"], d)
    if c["segmentCount"]:
        result["segments"] = (c["segmentCount"], d)

    def norm(name):
        result[name + ".scale"] = (d,)
        result[name + ".offset"] = (d,)

    def attention(name):
        for part in ["query", "key", "value", "output"]:
            result[f"{name}.{part}.weight"] = (d, d)
            result[f"{name}.{part}.bias"] = (d,)
        norm(name + ".norm")

    def feed_forward(name):
        result[name + ".inner.weight"] = (d, f)
        result[name + ".inner.bias"] = (f,)
        result[name + ".outer.weight"] = (f, d)
        result[name + ".outer.bias"] = (d,)
        norm(name + ".norm")

    if c["normalizesEmbeddings"]:
        norm("embedding.norm")
    for i in range(c["encoderBlocks"]):
        attention(f"encoder.{i}.attention")
        feed_forward(f"encoder.{i}.feedforward")
    for i in range(c["decoderBlocks"]):
        attention(f"decoder.{i}.attention")
        attention(f"decoder.{i}.crossattention")
        feed_forward(f"decoder.{i}.feedforward")
    if c["norm"] == "pre":
        norm("encoder.norm")
        if c["decoderBlocks"]:
            norm("decoder.norm")
    result["readout.weight"] = (d, c["targetVocabulary"])
    result["readout.bias"] = (c["targetVocabulary"],)
    return result


def draw(c, random):
    parameters = {}
    for name, shape in shapes(c).items():
        if name.endswith(".scale"):
            parameters[name] = 1 + 0.1 * random.standard_normal(shape)
        else:
            parameters[name] = 0.3 * random.standard_normal(shape)
    return parameters


def model_case(folder, name, description, c, seed, lengths, target_lengths=None, segmented=False,
               fractional=False):
    random = np.random.default_rng(seed)
    parameters = draw(c, random)
    batch, length = len(lengths), max(lengths)
    mask = (np.arange(length)[None] < np.array(lengths)[:, None]).astype(np.int64)
    # Token 0 is padding, 1 begins a target.
    ids = np.where(mask > 0, random.integers(2, c["sourceVocabulary"], (batch, length)), 0)
    inputs = {"sourceIDs": ids, "sourceMask": mask}
    segments = None
    if segmented:
        segments = (np.arange(length)[None] >= np.array(lengths)[:, None] // 2).astype(np.int64)
        inputs["segments"] = segments
    decoder_ids = None
    if c["decoderBlocks"]:
        size = max(target_lengths)
        target_mask = (np.arange(size)[None] < np.array(target_lengths)[:, None]).astype(np.int64)
        targets = np.where(
            target_mask > 0, random.integers(2, c["targetVocabulary"], (batch, size)), 0)
        decoder_ids = np.concatenate([np.ones((batch, 1), np.int64), targets[:, :-1]], axis=1)
        inputs["decoderIDs"] = decoder_ids
        weights = target_mask.astype(float)
    elif c["causal"]:
        # The next token; the last one has none.
        targets = np.concatenate([ids[:, 1:], np.zeros((batch, 1), np.int64)], axis=1)
        weights = (targets > 0).astype(float)
    else:
        targets = np.where(
            mask > 0, random.integers(2, c["targetVocabulary"], (batch, length)), 0)
        weights = mask.astype(float)
    if fractional:
        weights = weights * random.choice([0.0, 0.5, 1.0, 2.0], weights.shape)
    inputs["targets"] = targets
    inputs["weights"] = weights

    def run(p, ids=ids, decoder_ids=decoder_ids):
        model = t.Transformer(c, p)
        encoded = model.encode(ids, mask, segments)
        decoded = model.decode(decoder_ids, encoded, mask) if c["decoderBlocks"] else None
        logits = model.readout(encoded if decoded is None else decoded)
        return model, encoded, decoded, logits, t.cross_entropy(logits, targets, weights)

    model, encoded, decoded, logits, loss = run(parameters)
    gradients = t.complex_step(lambda p: run(p)[4], parameters)
    differences = t.central_differences(lambda p: run(p)[4], parameters)
    deviation = max(
        np.max(np.abs(gradients[n] - differences[n])) for n in parameters)
    largest = max(np.max(np.abs(g)) for g in gradients.values())
    print(f"{name}: loss {loss:.6f}, largest gradient {largest:.3f}, "
          f"largest deviation from differences {deviation:.2e}")
    assert deviation < 1e-8, deviation
    # A step of another size must not matter at all.
    names = list(parameters)[:3]
    again = t.complex_step(
        lambda p: run({**parameters, **p})[4], {n: parameters[n] for n in names}, step=1e-60)
    for n in names:
        assert np.allclose(again[n], gradients[n], rtol=1e-12, atol=1e-16)
    check_masks(run, parameters, c, ids, mask, decoder_ids, logits, loss)
    outputs = {"encoded": encoded}
    if decoded is not None:
        outputs["decoded"] = decoded
    outputs["logits"] = logits
    outputs["probabilities"] = dict(model.probabilities)
    outputs["loss"] = float(loss)
    write(folder, name, {
        "case": name, "description": description, "seed": seed, "configuration": c,
        "parameters": parameters, "inputs": inputs, "outputs": outputs, "gradients": gradients,
    })


def check_masks(run, parameters, c, ids, mask, decoder_ids, logits, loss):
    """What is hidden must not matter: padding anywhere, and later tokens under a causal mask."""
    other = np.where(mask > 0, ids, 3)
    # Padded tokens of a language model are inputs of no weight after all that count.
    assert abs(run(parameters, ids=other)[4] - loss) < 1e-14
    if c["causal"]:
        changed = ids.copy()
        changed[:, -1] = 2 + (changed[:, -1] + 1) % 9
        later = run(parameters, ids=changed)[3]
    elif decoder_ids is not None:
        changed = decoder_ids.copy()
        changed[:, -1] = 2 + (changed[:, -1] + 1) % 9
        later = run(parameters, decoder_ids=changed)[3]
    else:
        return
    assert np.max(np.abs(later[:, :-1] - logits[:, :-1])) < 1e-14
    assert np.max(np.abs(later[:, -1] - logits[:, -1])) > 1e-3


def attention_by_loops(q, k, v, bias):
    """The same formula for one head with plain loops; only for a check."""
    result = np.zeros((q.shape[0], v.shape[1]))
    for i in range(q.shape[0]):
        weights = []
        for j in range(k.shape[0]):
            score = sum(q[i, a] * k[j, a] for a in range(q.shape[1])) / q.shape[1] ** 0.5
            weights.append(np.exp(score + bias[i, j]) if np.isfinite(bias[i, j]) else 0.0)
        for j, weight in enumerate(weights):
            result[i] += weight / sum(weights) * v[j]
    return result


# Single operations


def operations(folder):
    random = np.random.default_rng(71)
    cases = {}

    def add(name, function, inputs, **extra):
        """`function` maps a dictionary of arrays to one array; its sum against `seed` is derived."""
        output = function(inputs)
        seed = random.standard_normal(output.shape)
        free = {k: v for k, v in inputs.items() if np.all(np.isfinite(v))}
        total = lambda p: np.sum(seed * function({**inputs, **p}))
        gradients = t.complex_step(total, free)
        differences = t.central_differences(total, free)
        deviation = max(np.max(np.abs(gradients[k] - differences[k])) for k in free)
        print(f"operations.{name}: largest deviation from differences {deviation:.2e}")
        assert deviation < 1e-8
        cases[name] = {
            **extra, "inputs": inputs, "output": output, "outputGradient": seed,
            "gradients": gradients,
        }

    q = random.standard_normal((2, 2, 4, 3))
    k = random.standard_normal((2, 2, 5, 3))
    v = random.standard_normal((2, 2, 5, 4))
    bias = random.standard_normal((2, 2, 4, 5))
    hidden = random.random(bias.shape) < 0.3
    hidden[..., 1] = False
    bias[hidden] = -np.inf
    for b in np.ndindex(2, 2):
        by_loops = attention_by_loops(q[b], k[b], v[b], bias[b])
        assert np.max(np.abs(by_loops - t.attention(q, k, v, bias)[0][b])) < 1e-14
    run = lambda p: t.attention(p["q"], p["k"], p["v"], p["bias"])[0]
    add("attention", run, {"q": q, "k": k, "v": v, "bias": bias},
        probabilities=t.attention(q, k, v, bias)[1])
    blind = bias.copy()
    blind[1, 0, 2, :] = -np.inf
    add("attention_blind_query", run, {"q": q, "k": k, "v": v, "bias": blind},
        probabilities=t.attention(q, k, v, blind)[1])
    add("layer_norm", lambda p: t.layer_norm(p["x"], p["scale"], p["offset"], 1e-5),
        {"x": 2 * random.standard_normal((3, 8)) + 1, "scale": 1 + 0.1 * random.standard_normal(8),
         "offset": 0.3 * random.standard_normal(8)}, epsilon=1e-5)
    add("standardize", lambda p: t.standardize(p["x"], 1e-12),
        {"x": 2 * random.standard_normal((3, 8)) + 1}, epsilon=1e-12)
    add("softmax", lambda p: t.softmax(p["x"]), {"x": 3 * random.standard_normal((4, 7))})
    large = 3 * random.standard_normal((2, 6)) + np.array([[700.0], [-800.0]])
    add("softmax_large", lambda p: t.softmax(p["x"]), {"x": large})
    add("log_sum_exp", lambda p: t.log_sum_exp(p["x"]), {"x": 3 * random.standard_normal((4, 7))})
    axis = np.concatenate([np.linspace(-6, 6, 25), [-1e-3, 1e-3, -12.0, 12.0]])
    add("gelu", lambda p: t.gelu(p["x"]), {"x": axis})
    add("tanh", lambda p: np.tanh(p["x"]), {"x": axis})
    add("relu", lambda p: t.relu(p["x"]), {"x": axis[axis != 0]})
    logits = random.standard_normal((2, 4, 6))
    targets = random.integers(0, 6, (2, 4))
    weights = np.array([[1, 0.5, 2, 0], [1, 1, 0, 0]])
    add("cross_entropy", lambda p: np.asarray(t.cross_entropy(p["logits"], targets, weights)),
        {"logits": logits}, targets=targets, weights=weights)
    cases["position_codes"] = {"length": 7, "width": 8, "output": t.position_codes(7, 8)}
    write(folder, "operations", {"case": "operations", "seed": 71, "operations": cases})


def main(folder):
    operations(folder)
    model_case(
        folder, "encoder_post", "Post-norm encoder, padding mask, readout on all positions, "
        "fractional token weights", configuration(encoderBlocks=2), 11, [7, 5, 4],
        fractional=True)
    model_case(
        folder, "encoder_pre", "Pre-norm encoder, learned positions, segments, normalized and "
        "scaled embeddings", configuration(
            activation="gelu", norm="pre", positions="learned", scalesEmbeddings=True,
            normalizesEmbeddings=True, segmentCount=2, maximumLength=9, encoderBlocks=2,
            epsilon=1e-12), 12, [6, 4, 5], segmented=True)
    model_case(
        folder, "decoder_causal", "Language model: encoder stack with causal and padding mask, "
        "the next token as target", configuration(
            activation="tanh", norm="pre", causal=True, encoderBlocks=2), 13, [6, 3, 5])
    model_case(
        folder, "encoder_decoder_post", "Encoder-decoder of 1 + 1 blocks, post-norm", configuration(
            scalesEmbeddings=True, decoderBlocks=1), 14, [7, 5, 3], [5, 6, 4])
    model_case(
        folder, "encoder_decoder_pre", "Encoder-decoder of 2 + 1 blocks, pre-norm", configuration(
            activation="gelu", norm="pre", encoderBlocks=2, decoderBlocks=1), 15, [5, 7, 6],
        [6, 3, 5])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "..")
