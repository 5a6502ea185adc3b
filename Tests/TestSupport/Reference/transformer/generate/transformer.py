"""The Transformer of Vaswani et al. (2017) and the encoder of Devlin et al. (2019), in NumPy.

Written from the equations alone, row vectors throughout: y = x W + b with W [in x out]. Every
function takes float64 or complex128; a complex argument carries an infinitesimal imaginary part,
whose value in the result is the derivative (complex-step method, Squire & Trapp 1998). Decisions
(the larger of two numbers, the shift of a softmax) hang on real parts only.
"""

import math

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float64])


# Single operations


def real(x):
    return np.real(x)


def softmax(x):
    """exp(x_i - max) / sum over the last axis; minus infinity gives exactly 0."""
    seen = real(x) > -np.inf
    peak = np.max(np.where(seen, real(x), -1e300), axis=-1, keepdims=True)
    # Infinities stay out of complex arithmetic, where they turn into NaN.
    shifted = np.where(seen, np.where(seen, x, 0) - peak, 0)
    e = np.where(seen, np.exp(shifted), 0)
    total = np.sum(e, axis=-1, keepdims=True)
    return e / np.where(real(total) == 0, 1, total)


def log_sum_exp(x):
    """ln sum exp over the last axis."""
    peak = np.max(real(x), axis=-1, keepdims=True)
    return (peak + np.log(np.sum(np.exp(x - peak), axis=-1, keepdims=True)))[..., 0]


def standardize(x, epsilon):
    """(x - mean) / sqrt(var + epsilon) over the last axis, var over n."""
    centered = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centered * centered, axis=-1, keepdims=True)
    return centered / np.sqrt(variance + epsilon)


def layer_norm(x, scale, offset, epsilon):
    return standardize(x, epsilon) * scale + offset


def relu(x):
    return np.where(real(x) > 0, x, 0)


def erf(x):
    """erf; on complex arguments its first-order expansion, exact for an infinitesimal part."""
    if np.iscomplexobj(x):
        slope = 2 / math.sqrt(math.pi) * np.exp(-real(x) ** 2)
        return _erf(real(x)) + 1j * np.imag(x) * slope
    return _erf(x)


def gelu(x):
    """x Phi(x) with the exact Gaussian distribution function."""
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


ACTIVATIONS = {"relu": relu, "gelu": gelu, "tanh": np.tanh}


def position_codes(length, width):
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(pos / 10000^(2i/d))."""
    codes = np.zeros((length, width))
    for position in range(length):
        for i in range(0, width, 2):
            angle = position / 10000 ** (i / width)
            codes[position, i] = math.sin(angle)
            if i + 1 < width:
                codes[position, i + 1] = math.cos(angle)
    return codes


def attention(q, k, v, bias=None):
    """softmax(Q K^T / sqrt(d_k) + bias) V with its probabilities; leading axes are a batch."""
    scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])
    if bias is not None:
        seen = real(bias) > -np.inf
        scores = np.where(seen, scores + np.where(seen, bias, 0), -np.inf)
    probabilities = softmax(scores)
    return probabilities @ v, probabilities


# The model


class Transformer:
    """A stack of blocks with the parameters of one dictionary.

    `configuration` has the keys width, heads, inner, activation (relu, gelu, tanh), norm (post,
    pre), epsilon, positions (sinusoidal, learned), scalesEmbeddings, normalizesEmbeddings, causal
    (encoder alone), encoderBlocks, decoderBlocks.
    """

    def __init__(self, configuration, parameters):
        self.c = configuration
        self.p = parameters
        self.probabilities = {}

    def linear(self, name, x):
        return x @ self.p[name + ".weight"] + self.p[name + ".bias"]

    def norm(self, name, x):
        return layer_norm(
            x, self.p[name + ".scale"], self.p[name + ".offset"], self.c["epsilon"])

    def heads(self, x):
        """[B, T, d] -> [B, h, T, d/h]: column block h is head h."""
        b, t, d = x.shape
        h = self.c["heads"]
        return x.reshape(b, t, h, d // h).transpose(0, 2, 1, 3)

    def multi_head(self, name, x, memory, bias):
        q = self.heads(self.linear(name + ".query", x))
        k = self.heads(self.linear(name + ".key", memory))
        v = self.heads(self.linear(name + ".value", memory))
        o, self.probabilities[name] = attention(q, k, v, bias)
        b, h, t, w = o.shape
        return self.linear(name + ".output", o.transpose(0, 2, 1, 3).reshape(b, t, h * w))

    def feed_forward(self, name, x):
        inner = ACTIVATIONS[self.c["activation"]](self.linear(name + ".inner", x))
        return self.linear(name + ".outer", inner)

    def residual(self, name, x, sublayer):
        if self.c["norm"] == "post":
            return self.norm(name + ".norm", x + sublayer(x))
        return x + sublayer(self.norm(name + ".norm", x))

    def embed(self, table, ids, segments=None):
        x = self.p[table][ids]
        d = x.shape[-1]
        if self.c["scalesEmbeddings"]:
            x = x * math.sqrt(d)
        length = ids.shape[1]
        if self.c["positions"] == "sinusoidal":
            x = x + position_codes(length, d)
        else:
            x = x + self.p["positions"][:length]
        if segments is not None:
            x = x + self.p["segments"][segments]
        if self.c["normalizesEmbeddings"]:
            x = self.norm("embedding.norm", x)
        return x

    def encode(self, ids, mask, segments=None):
        x = self.embed("source.embedding", ids, segments)
        bias = padding_bias(mask)
        if self.c["causal"]:
            bias = bias + causal_bias(ids.shape[1])
        for i in range(self.c["encoderBlocks"]):
            block = f"encoder.{i}"
            x = self.residual(
                block + ".attention", x,
                lambda y: self.multi_head(block + ".attention", y, y, bias))
            x = self.residual(
                block + ".feedforward", x, lambda y: self.feed_forward(block + ".feedforward", y))
        return self.norm("encoder.norm", x) if self.c["norm"] == "pre" else x

    def decode(self, ids, memory, mask):
        x = self.embed("target.embedding", ids)
        own, cross = causal_bias(ids.shape[1]), padding_bias(mask)
        for i in range(self.c["decoderBlocks"]):
            block = f"decoder.{i}"
            x = self.residual(
                block + ".attention", x,
                lambda y: self.multi_head(block + ".attention", y, y, own))
            x = self.residual(
                block + ".crossattention", x,
                lambda y: self.multi_head(block + ".crossattention", y, memory, cross))
            x = self.residual(
                block + ".feedforward", x, lambda y: self.feed_forward(block + ".feedforward", y))
        return self.norm("decoder.norm", x) if self.c["norm"] == "pre" else x

    def readout(self, x):
        return self.linear("readout", x)


def padding_bias(mask):
    """[B, T] of 1 (token) and 0 (padding) -> [B, 1, 1, T] of 0 and minus infinity."""
    return np.where(mask[:, None, None, :] > 0, 0.0, -np.inf)


def causal_bias(length):
    """[1, 1, T, T]: query i sees keys 0 ... i."""
    return np.where(np.tril(np.ones((length, length))) > 0, 0.0, -np.inf)[None, None]


def cross_entropy(logits, targets, weights):
    """sum w (ln sum exp logits - logit of the target) / sum w over all tokens."""
    chosen = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return np.sum(weights * (log_sum_exp(logits) - chosen)) / np.sum(weights)


# Derivatives


def complex_step(function, arrays, step=1e-30):
    """The gradient of a real function of named arrays by every entry: Im f(x + i h) / h."""
    gradients = {}
    for name, values in arrays.items():
        gradient = np.zeros(values.shape)
        for index in np.ndindex(values.shape):
            moved = values.astype(np.complex128)
            moved[index] += 1j * step
            gradient[index] = np.imag(function({**arrays, name: moved})) / step
        gradients[name] = gradient
    return gradients


def central_differences(function, arrays, step=1e-5):
    """The same by differences; only for a check."""
    gradients = {}
    for name, values in arrays.items():
        gradient = np.zeros(values.shape)
        for index in np.ndindex(values.shape):
            up, down = values.copy(), values.copy()
            up[index] += step
            down[index] -= step
            gradient[index] = (
                function({**arrays, name: up}) - function({**arrays, name: down})) / (2 * step)
        gradients[name] = gradient
    return gradients
