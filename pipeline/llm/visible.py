"""Make other people's text harmless to a model's machinery: nothing hidden in it, and none of the marks that tell turns apart.

What no reader sees (control characters, directions, zero widths, tags, variation selectors) is written as `«U+202E»`. The marks
that chat templates give a meaning get a dot after their bracket: `<·|im_start|>`. Local servers believe them wherever they stand,
also inside a message. Nothing is silently lost.
"""

import re
import unicodedata

# Control, format, surrogate and private characters, and the separators of lines and paragraphs. Not those without a meaning yet,
# which another version of Python may know: the same text has to give the same prompt.
_HIDDEN_CATEGORIES = frozenset(["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])
# Not to be seen, though Unicode counts them as letters, marks, symbols or as nothing yet.
_UNSEEN = frozenset([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0, 0xFFFE, 0xFFFF])
_UNSEEN_RANGES = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
# Marks of OpenAI, Llama, Qwen, Mistral, Gemma, DeepSeek, Phi, GLM, Cohere, InternLM, BERT and T5, and those of fill-in-the-middle,
# from their chat templates and tokenizers. A look-ahead, so that brackets inside brackets are found too.
_SPECIAL = re.compile(
    r"([<\[])(?="
    r"[|\uff5c][^\s<>][^<>\n]{0,60}>"
    r"|[a-z_]{1,40}[|\uff5c]>"
    r"|/?s>|/?(?:bos|eos|pad|unk|mask|sop|eop|eod|eoh|eoa)>|/?think(?:ing)?>|/?tool_(?:calls?|responses?|results?)>|/?tools>"
    r"|/?(?:start|end)_of_(?:turn|image|text|sentence)>|<?/?SYS>>|(?:BOS|EOS|PAD|UNK)_TOKEN>"
    r"|(?:fim|repo|file)_[a-z]{1,20}>|(?:PRE|SUF|MID|EOT)>|endoftext>|unused\d{1,4}>|extra_id_\d{1,4}>|0x[0-9A-Fa-f]{2}>"
    r"|/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|CALL_ID|ARGS)\]"
    r"|/?(?:THINK|IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX|CLS|SEP|MASK|PAD|UNK|BOS|EOS|gMASK|sMASK)\]"
    r")"
)


class _Shown(dict[int, str]):
    """`code point -> what is shown of it`, filled as characters come."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        hidden = (
            unicodedata.category(character) in _HIDDEN_CATEGORIES
            or code in _UNSEEN
            or any(code in unseen for unseen in _UNSEEN_RANGES)
        )
        self[code] = f"«U+{code:04X}»" if hidden and character not in "\n\t" else character
        return self[code]


_SHOWN = _Shown()


def visible(text: str) -> str:
    """The text with all of it to be seen, lines that end in `\\n`, and no mark of a model's own."""
    return _SPECIAL.sub(r"\1·", text.replace("\r\n", "\n").translate(_SHOWN))
