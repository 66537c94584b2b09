# Account numbers (IBAN, ISO 13616): spaces out, the check digits computed, grouped in fours for people.
#
# Mode: once for each item
# Run:  palisade run examples/iban_check.py --each --items examples/iban_check.items.json --allow-stdlib re,string
import re
from string import ascii_uppercase, digits

VALUES = {character: str(number) for number, character in enumerate(digits + ascii_uppercase)}

given = _item["json"].get("iban") or ""
iban = re.sub(r"\s+", "", given).upper()
if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", iban):
    return {"iban": given, "valid": False, "why": "not in the form of an IBAN"}

# Letters count from 10; the whole number, with country and check digits at its end, leaves 1 when divided by 97.
number = int("".join(VALUES[character] for character in iban[4:] + iban[:4]))
if number % 97 != 1:
    return {"iban": iban, "valid": False, "why": "its check digits do not match"}
return {"iban": " ".join(iban[start : start + 4] for start in range(0, len(iban), 4)), "valid": True}
