# No oracle: what is written to stderr is no part of a traceback.
import logging
import sys

logging.warning("row 3 has no price")
print("and this", file=sys.stderr)
raise ValueError("stop")
