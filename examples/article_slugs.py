# A URL slug, a stable id and a teaser for each article. Articles without a title are dropped.
#
# Mode: once for each item
# Run:  palisade run examples/article_slugs.py --each --items examples/article_slugs.items.json \
#           --allow-stdlib hashlib,json,re,textwrap,unicodedata
import hashlib
import json
import re
import textwrap
import unicodedata

article = _item["json"]
title = (article.get("title") or "").strip()
if not title:
    print("dropped:", article)
    return None

plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode()
slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "untitled"
canonical = json.dumps(article, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
page = f"""<article id="{slug}">
  <h1>{title}</h1>
</article>"""

return {
    "json": {
        "slug": slug,
        "id": hashlib.sha256(canonical.encode()).hexdigest()[:16],
        "teaser": textwrap.shorten(article.get("body") or "", width=60, placeholder=" …"),
        "page": page,
    }
}
