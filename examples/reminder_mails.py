# Reminders whose tone depends on how long an invoice is overdue. Names come from customers, so the template must not be one that
# they can write in: string.Template replaces once and reads nothing else.
#
# Mode: once for each item
# Run:  palisade run examples/reminder_mails.py --each --items examples/reminder_mails.items.json \
#           --allow-stdlib datetime,string,textwrap
from datetime import date
from string import Template
from textwrap import dedent

TODAY = date(2025, 3, 1)  # in earnest: date.today()
TONES = [(30, "Final notice"), (7, "Second reminder"), (1, "Friendly reminder")]
MAIL = Template(
    dedent(
        """\
        Dear $name,

        invoice $invoice over $amount EUR was due on $due ($days days ago).
        """
    )
)

invoice = _item["json"]
missing = [key for key in ("invoice", "amount", "due") if invoice.get(key) is None]
if missing:
    raise ValueError(f"invoice {invoice.get('invoice')}: no {' and no '.join(missing)}")
days = (TODAY - date.fromisoformat(invoice["due"])).days
tone = next((tone for least, tone in TONES if days >= least), None)
if tone is None:
    return None

text = MAIL.substitute(
    name=(invoice.get("name") or "").strip() or "customer",
    invoice=invoice["invoice"],
    amount=f"{invoice['amount']:,.2f}",
    due=invoice["due"],
    days=days,
)
return {"subject": f"{tone}: {invoice['invoice']}", "text": text}
