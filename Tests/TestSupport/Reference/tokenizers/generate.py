"""Writes wordpiece.json: texts with the tokens that the tokenizers library makes of them.

usage: generate.py FOLDER [COUNT SEED OUTPUT], the folder holding vocab.txt of an uncased encoder.
With COUNT, random texts and the whole vocabulary are written to OUTPUT instead.
"""

import json
import random
import sys

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

TEXTS = [
    "", " ", "a", "Hello, world!", "the man went to the store [SEP] he bought a gallon of milk.",
    "penguins are flightless birds", "unaffable embeddings tokenization", "I can't won't o'clock",
    "A group of young people playing a game of Frisbee.", "The quick brown fox jumps over 13 lazy dogs.",
    "Caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00c5ngstr\u00f6m Dvo\u0159\u00e1k S\u00e3o Paulo pi\u00f1ata",
    "cafe\u0301 nai\u0308ve", "\u0130stanbul I\u0307 \u0131", "Stra\u00dfe STRASSE \u1e9e", "\u039f\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03c2 \u03a3\u03a3\u03a3",
    "\ufb01ne \ufb02ow \u01c4 \u01c6", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0439\u0451", "\u4f60\u597d\u4e16\u754c", "\u6771\u4eac\u306f\u65e5\u672c\u306e\u9996\u90fd\u3067\u3059\u3002",
    "\u5915\u66ae\u308c\u306e\u30cf\u30fc\u30d0\u30fc\u306b\u6c7d\u8239\u3068\u8907\u6570\u306e\u9ce5\u304c\u6d6e\u304b\u3093\u3067\u3044\u308b", "\u304b\u3099 \u304c \u30cf\u309a", "\u30ac\u30ae\u30b0\u30b2\u30b4 \uff76\uff9e",
    "\ud55c\uad6d\uc5b4 \uc11c\uc6b8", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0e44\u0e17\u0e22", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0939\u093f\u0928\u094d\u0926\u0940", "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
    "\U0001f600 smile \U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f1ef\U0001f1f5", "a\u200bb\u200dc\ufeffd\u00ade", "tab\there\nnew\r\nline\u000bvt\u000cff",
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u0085g", "nul\u0000l \ufffd bad \u0007bell \u007f", "\ue000private \U0010fffd",
    "100% $5.00 \u00a35 \u20ac9 \u00a51000 a+b=c x^2 `code` ~tilde |pipe|", "\u201cquotes\u201d \u2018single\u2019 \u2014 dash \u2026 \u00ab\u00bb \u00bf\u00a1",
    "\u3001\u3002\u300c\u300d\uff01\uff1f\uff08\uff09\u30fb", "\uff26\uff35\uff2c\uff2c \uff57\uff49\uff44\uff54\uff48 \uff11\uff12\uff13", "[CLS] [MASK] in [UNK] text[SEP]end [mask] [ MASK ]", "[[MASK]]",
    "x" * 99, "x" * 100, "x" * 101, "\u00e9" * 100, "\u00e9" * 101, "pneumonoultramicroscopicsilicovolcanoconiosis",
    "http://example.org/path?query=1&b=2#frag user@example.org", "3.14159 1,000,000 2026-11-24 10:30", "U.S.A. e.g. i.e. Ph.D.",
    "\u2170\u2171 \u2160 \u00bd \u00b2 \u2122 \u00a9 \u2192 \u2200x\u2208\u211d", "\U00020000\U0002a6d6 \uf900 \u2f00 \U0002f800", "\u02c8\u0259 \u0283 \u014b IPA", "Zal\u0361g\u0321o\u0334 te\u0489xt",
    "snake_case camelCase kebab-case", "don't\u2019t re\u2010use non\u2011break", "\u1100\u1161\u11a8 jamo", "Vi\u1ec7t Nam \u0110\u00e0 N\u1eb5ng", "\u00c6sir \u00d8re \u00fe\u00f3r \u0141\u00f3d\u017a",
]

POOLS = [
    [chr(c) for c in range(0x20, 0x7F)], list("etaoinshrdlu "), [chr(c) for c in range(0xA0, 0x250)],
    [chr(c) for c in range(0x300, 0x370)], [chr(c) for c in range(0x370, 0x530)],
    [chr(c) for c in range(0x3040, 0x3100)], [chr(c) for c in range(0x4E00, 0x9FFF, 37)],
    [chr(c) for c in range(0xAC00, 0xD7A3, 71)], [chr(c) for c in range(0x2000, 0x2070)],
    [chr(c) for c in range(0x1F300, 0x1F650)], [chr(c) for c in range(0xFF00, 0xFFEF)],
    [chr(c) for c in range(0x900, 0x980)], [chr(c) for c in range(0x590, 0x700)], [" ", "\t", "\n", "\u3000"],
    [chr(c) for c in range(0x00, 0x20)], [chr(c) for c in range(0x3000, 0x3040)], SPECIAL,
]


def random_text(source, words):
    kind = source.random()
    if kind < 0.4:
        return " ".join(source.choice(words) for _ in range(source.randint(1, 12)))
    if kind < 0.6:
        return "".join(source.choice(words) for _ in range(source.randint(1, 6)))
    return "".join(
        source.choice(source.choice(POOLS)) for _ in range(source.randint(1, 30)))


def library(vocabulary, lowercase=True):
    ids = {token: index for index, token in enumerate(vocabulary)}
    result = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    result.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    result.add_special_tokens(SPECIAL)
    result.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return result


def main():
    with open(sys.argv[1] + "/vocab.txt", encoding="utf-8", newline="") as file:
        whole = file.read().split("\n")[:-1]
    words = [w.removeprefix("##") for w in whole if not w.startswith("[")]
    words += [w.capitalize() for w in words[::7]]
    if len(sys.argv) > 2:
        source = random.Random(int(sys.argv[3]))
        texts = [random_text(source, words) for _ in range(int(sys.argv[2]))]
        tokenizer, cased, output = library(whole), library(whole, False), sys.argv[4]
        vocabulary = whole
    else:
        source = random.Random(5)
        texts = TEXTS + [random_text(source, words) for _ in range(340)]
        used = set(SPECIAL)
        for lowercase in (True, False):
            for text in texts:
                used.update(library_tokens(whole, lowercase, text))
        vocabulary = [token for token in whole if token in used]
        tokenizer, cased, output = library(vocabulary), library(vocabulary, False), "wordpiece.json"
    pairs = []
    for index in range(60):
        pair = [source.choice(texts), source.choice(texts), source.randint(3, 24)]
        tokenizer.enable_truncation(pair[2])
        encoding = tokenizer.encode(pair[0], pair[1])
        pairs.append([*pair, encoding.ids, encoding.type_ids])
    tokenizer.no_truncation()
    content = {
        "version": tokenizers.__version__,
        "vocabulary": vocabulary,
        "texts": [
            [text, tokenizer.encode(text, add_special_tokens=False).ids,
             cased.encode(text, add_special_tokens=False).ids]
            for text in texts
        ],
        "pairs": pairs,
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=True, separators=(",", ":"))


WHOLE = {}


def library_tokens(whole, lowercase, text):
    if lowercase not in WHOLE:
        WHOLE[lowercase] = library(whole, lowercase)
    return WHOLE[lowercase].encode(text, add_special_tokens=False).tokens


main()
