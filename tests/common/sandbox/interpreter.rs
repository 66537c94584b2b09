//! An interpreter that everybody can read: the machine's own, or a copy of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use palisade::interpreter::{Interpreter, find};

use super::{ORDINARY, place};

/// Folders of the standard library that no test needs.
const LEFT_OUT: [&str; 8] =
    ["test", "site-packages", "idlelib", "tkinter", "ensurepip", "turtledemo", "pydoc_data", "lib2to3"];

/// The path of an interpreter that root and the ordinary user can start.
pub(crate) fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let found = found(None);
        if found.usable_by(ORDINARY, ORDINARY).is_ok() {
            return found.path;
        }
        let copy = copy(&found);
        let usable = self::found(Some(&copy));
        usable.usable_by(ORDINARY, ORDINARY).expect("the copy of the interpreter can be used by everybody");
        copy
    })
}

/// The machine's interpreter, or the one of this path.
pub(crate) fn found(path: Option<&Path>) -> Interpreter {
    let variable = |name: &str| std::env::var_os(name);
    let named = std::env::var_os("PALISADE_PYTHON").map(PathBuf::from);
    let explicit = path.or(named.as_deref());
    find(explicit, &variable, &palisade::extension::supported()).expect("an interpreter").interpreter
}

/// Copies program, its libpython and its standard library to where everybody can read them, once.
fn copy(interpreter: &Interpreter) -> PathBuf {
    let (major, minor, patch) = interpreter.version;
    let folder = place().join(format!("python-{major}.{minor}.{patch}"));
    let program = Path::new("bin").join(interpreter.real_path.file_name().expect("a program has a name"));
    if !folder.exists() {
        let new = folder.with_extension(format!("new-{}", std::process::id()));
        let library = format!("lib/python{major}.{minor}");
        for below in ["bin", "lib"] {
            fs::create_dir_all(new.join(below)).expect("a folder for the copy");
        }
        copy_folder(&interpreter.stdlib, &new.join(&library));
        describe_anew(&new.join(&library), interpreter, &folder);
        for shared in &interpreter.shared_libraries {
            let name = shared.file_name().unwrap_or_default();
            if name.to_string_lossy().starts_with("libpython") {
                fs::copy(shared, new.join("lib").join(name)).expect("libpython can be copied");
            }
        }
        let bytes = fs::read(&interpreter.real_path).expect("the interpreter can be read");
        fs::write(new.join(&program), relocated(bytes, interpreter)).expect("the interpreter can be copied");
        fs::set_permissions(new.join(&program), executable()).expect("the copy can be made executable");
        // Of two test programs at once, one is first; the other's copy is as good as none.
        if fs::rename(&new, &folder).is_err() {
            let _ = fs::remove_dir_all(&new);
        }
    }
    folder.join(program)
}

/// The program looks for libpython in the folder it was installed to; the copy must look in its own. The path in it is
/// overwritten in place, which works as the new one is shorter.
fn relocated(mut program: Vec<u8>, interpreter: &Interpreter) -> Vec<u8> {
    const RELATIVE: &[u8] = b"$ORIGIN/../lib\0";
    let Some(installed) = interpreter.stdlib.parent() else { return program };
    let installed = [installed.as_os_str().as_encoded_bytes(), b"\0"].concat();
    if installed.len() >= RELATIVE.len()
        && let Some(at) = program.windows(installed.len()).position(|window| window == installed)
    {
        program[at..at + RELATIVE.len()].copy_from_slice(RELATIVE);
    }
    program
}

/// The standard library tells where the interpreter was installed, which is believed as long as the folders exist.
fn describe_anew(library: &Path, interpreter: &Interpreter, folder: &Path) {
    let Some(installed) = interpreter.stdlib.ancestors().nth(2) else { return };
    for entry in library.read_dir().expect("the copy can be listed").flatten() {
        if entry.file_name().to_string_lossy().starts_with("_sysconfigdata") {
            let text = fs::read_to_string(entry.path()).expect("a module is text");
            let text = text.replace(&*installed.to_string_lossy(), &folder.to_string_lossy());
            fs::write(entry.path(), text).expect("the copy can be changed");
        }
    }
}

fn executable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o755)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the copy");
    for entry in from.read_dir().expect("the standard library can be listed").flatten() {
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        // Links are followed: what they lead to may be where nobody else can read.
        if entry.path().is_dir() {
            let text = name.to_string_lossy();
            if !LEFT_OUT.contains(&&*text) && !text.starts_with("config-") {
                copy_folder(&entry.path(), &target);
            }
        } else {
            fs::copy(entry.path(), &target).expect("a file of the standard library can be copied");
        }
    }
}
