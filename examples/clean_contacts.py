# Rows of a spreadsheet export, one string each, made into contacts; rows that cannot be saved say why.
#
# Mode: once for all items
# Run:  palisade run examples/clean_contacts.py --items examples/clean_contacts.items.json --allow-stdlib re
import re

BLANKS = re.compile(r"\s+")
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
NOT_A_DIGIT = re.compile(r"[^0-9+]")


def fields(row):
    """Separated by semicolons or tabs; a quoted field may contain either."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^;\t]*))\s*(?:[;\t]|$)', row)
    return [BLANKS.sub(" ", (quoted or plain).replace('""', '"')).strip() for quoted, plain in found]


def phone(text):
    digits = NOT_A_DIGIT.sub("", text.replace("(0)", ""))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    return digits or None


contacts, rejected = [], []
for number, item in enumerate(_items, start=1):
    name, email, number_text, *_ = fields(item["json"].get("row") or "") + ["", "", ""]
    if not name:
        rejected.append({"row": number, "why": "no name"})
    elif not EMAIL.fullmatch(email):
        rejected.append({"row": number, "why": f"no e-mail address: {email!r}"})
    else:
        contacts.append({"name": name, "email": email.lower(), "phone": phone(number_text)})

return [{"json": {"contacts": contacts, "rejected": rejected}}]
