# Text and links of an HTML fragment: scripts, styles and comments go, blocks become lines, entities become characters.
#
# Mode: once for each item
# Run:  palisade run examples/html_clean_up.py --each --items examples/html_clean_up.items.json --allow-stdlib html,re
import html
import re

NOT_SHOWN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
LINK = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*(["'])(.*?)\1""", re.IGNORECASE)
ITEM = re.compile(r"<li\b[^>]*>", re.IGNORECASE)
BREAK = re.compile(r"<br\b[^>]*>|</(?:p|div|h[1-6]|li|tr)\s*>", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")

source = NOT_SHOWN.sub("", _item["json"].get("html") or "")
links = [html.unescape(target) for _, target in LINK.findall(source) if not target.startswith("#")]
text = TAG.sub("", BREAK.sub("\n", ITEM.sub("- ", source)))
# A non-breaking space is a space for our purposes.
lines = [" ".join(line.split()) for line in html.unescape(text).splitlines()]
return {"id": _item["json"].get("id"), "text": "\n".join(line for line in lines if line), "links": links}
