# What the `site` module does at a start, without running anything of installed packages: in `.pth` files the lines that
# are folders count, those that are code do not, and neither does sitecustomize. For an interpreter that was started with
# `-I -S`. Used where an interpreter is asked for its folders, outside of any jail, and where the forkserver starts.
def _run_site():
    import os
    import site
    import sys

    not_run = []

    def addpackage(folder, name, known):
        if known is None:
            known = {os.path.normcase(os.path.abspath(entry)) for entry in sys.path}
        try:
            with open(os.path.join(folder, name), encoding="utf-8-sig", errors="surrogateescape") as file:
                lines = file.read(1 << 20).splitlines()
        except OSError:
            return known
        for line in map(str.rstrip, lines):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith(("import ", "import\t")):
                not_run.append(os.path.join(folder, name))
                continue
            path = os.path.abspath(os.path.join(folder, line)) if "\0" not in line else ""
            if os.path.normcase(path) not in known and os.path.exists(path):
                sys.path.append(path)
                known.add(os.path.normcase(path))
        return known

    site.addpackage = addpackage
    site.execsitecustomize = site.execusercustomize = lambda: None
    site.main()
    return not_run


_code_in_pth = sorted(set(_run_site()))
