# Checks the signature of a webhook before anybody believes its body. What does not match is marked, so that an IF node can
# take it out.
#
# Mode: once for each item
# Run:  palisade run examples/verify_webhook.py --each --items examples/verify_webhook.items.json \
#           --allow-stdlib hashlib,hmac,json
import hashlib
import hmac
import json

# In earnest the secret comes from a credential or an item: scripts have no environment.
SECRET = b"not-a-real-secret"

body = _item["json"].get("body") or ""
header = (_item["json"].get("headers") or {}).get("x-signature") or ""
parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
expected = hmac.new(SECRET, f"{parts.get('t', '')}.{body}".encode(), hashlib.sha256).hexdigest()
# Not ==, which tells by its time how far a guess was right.
if not hmac.compare_digest(expected, parts.get("v1", "")):
    return {"genuine": False}
return {"genuine": True, "event": json.loads(body)}
