"""What libraries do with frames and tracebacks, done without: both are taken out of the interpreter.

Run once in the forkserver, after everything was imported. `user_frames` is native: the file, line and name of those frames of
a traceback that are user code, outermost first. So is `check_field`: it raises where the expression of a field is refused.
"""

import sys
import types

# As many calls as anybody goes back; who counts frames until there is none must come to an end.
DEPTH = 100


def install(user_frames, check_field, late):
    tracebacks(sys.modules["traceback"], user_frames)
    if "string" in sys.modules:
        fields(sys.modules["string"].Formatter, check_field)
    if "annotationlib" in sys.modules:
        annotations(sys.modules["annotationlib"])
    if late:
        # Modules read frames while they are imported, and the names they read are left to them.
        return
    sys._getframe = getframe
    sys._current_frames = nothing
    sys._current_exceptions = nothing
    if "inspect" in sys.modules:
        # Documented as possible, so callers are prepared for it.
        inspect = sys.modules["inspect"]
        inspect.currentframe = no_frame
        inspect.stack = inspect.trace = no_frames
    if "logging" in sys.modules:
        # The documented way to have logging not look for its caller.
        sys.modules["logging"]._srcfile = None


def getframe(depth=0, /):
    if depth >= DEPTH:
        raise ValueError("call stack is not deep enough")
    code = types.SimpleNamespace(
        co_name="<unknown>", co_qualname="<unknown>", co_filename="<unknown>", co_firstlineno=0, co_flags=0
    )
    return types.SimpleNamespace(
        f_back=None, f_code=code, f_globals={}, f_locals={}, f_builtins={}, f_lineno=0, f_lasti=-1, f_trace=None
    )


def nothing():
    return {}


def no_frame():
    return None


def no_frames(context=1):
    return []


def fields(formatter, check_field):
    """Whoever calls a formatter has its template checked; what parses it can be user code, so each field is checked, too."""
    follow = formatter.get_field

    def get_field(self, field_name, args, kwargs):
        check_field(field_name)
        return follow(self, field_name, args, kwargs)

    get_field.__qualname__ = follow.__qualname__
    get_field.__module__ = follow.__module__
    get_field.__doc__ = follow.__doc__
    formatter.get_field = get_field


def annotations(annotationlib):
    """From 3.14 on annotations are functions. The library makes new ones of them to learn of names that stand for nothing yet,
    of code, globals and closure that are taken away: here they are just called, as versions before did at once."""

    def call_annotate_function(annotate, format, *, owner=None, _is_evaluate=False):
        if format == annotationlib.Format.VALUE_WITH_FAKE_GLOBALS:
            raise ValueError("The VALUE_WITH_FAKE_GLOBALS format is for internal use only")
        try:
            return annotate(format)
        except NotImplementedError:
            values = annotate(annotationlib.Format.VALUE)
        if format != annotationlib.Format.STRING:
            return values
        if _is_evaluate:
            return annotationlib.type_repr(values)
        return annotationlib.annotations_to_string(values)

    annotationlib.call_annotate_function = call_annotate_function


def tracebacks(traceback, user_frames):
    def walk_tb(tb):
        return iter(())

    def walk_stack(f):
        return iter(())

    def walk_with_positions(tb):
        return [] if tb is None else user_frames(tb)

    def clear_frames(tb):
        pass

    def suggestion(exc_value, tb, wrong_name):
        # The library's own imports the module an ImportError names, whoever made the name.
        return None

    def extract(klass, frame_gen, *, limit=None, lookup_lines=True, capture_locals=False):
        # What the walkers above yield; anything else is nobody's frame.
        frames = [entry for entry in frame_gen if type(entry) is tuple and len(entry) == 3]
        summary = klass()
        for filename, line, name in limited(frames, limit):
            # An empty text keeps linecache from looking for a file.
            summary.append(traceback.FrameSummary(filename, line, name, lookup_line=False, line=""))
        return summary

    def limited(frames, limit):
        last = limit is traceback.BUILTIN_EXCEPTION_LIMIT
        if limit is None or last:
            limit = getattr(sys, "tracebacklimit", None)
            limit = None if limit is None else max(limit, 0)
        if limit is None:
            return frames
        if last:
            return frames[len(frames) - min(limit, len(frames)) :]
        return frames[:limit] if limit >= 0 else frames[limit:]

    traceback.walk_tb = walk_tb
    traceback.walk_stack = walk_stack
    traceback._walk_tb_with_full_positions = walk_with_positions
    traceback.clear_frames = clear_frames
    traceback._compute_suggestion_error = suggestion
    traceback.StackSummary._extract_from_extended_frame_gen = classmethod(extract)
