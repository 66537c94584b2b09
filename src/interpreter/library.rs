//! The files an interpreter needs, reduced to what a read rule should name.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::elf::Program;
use super::probe::Layout;

/// Folders in which the dynamic loader looks, and why each is there.
pub const LOADER_FOLDERS: &[(&str, &str)] = &[
    ("/lib", "the C library and what the extension modules link to; on many systems a link to /usr/lib"),
    ("/usr/lib", "the same, below the folder of the machine's architecture on Debian and its kin"),
    ("/lib64", "64-bit libraries on Red Hat's kin and SUSE; the dynamic loader itself elsewhere"),
    ("/usr/lib64", "the same on systems where /lib64 is a link"),
];

/// Single files that the dynamic loader reads.
pub const LOADER_FILES: &[(&str, &str)] = &[
    ("/etc/ld.so.cache", "glibc's index of libraries; without it only the folders above are searched"),
    ("/etc/ld-musl-x86_64.path", "musl's list of folders, where there is one"),
    ("/etc/ld-musl-aarch64.path", "the same on the other architecture"),
];

/// The system's own time zone, which `time.localtime` reads.
const LOCAL_ZONE: &str = "/etc/localtime";

/// Folders whose children hold everybody's files. A child of one is no library folder.
const SHARED_PARENTS: &[&str] = &["usr", "home", "Users", "var", "etc", "run", "private", "mnt", "media"];

/// Everything but the interpreter itself that has to be readable. All paths are real paths that exist.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) stdlib: PathBuf,
    pub(crate) dirs: Vec<PathBuf>,
    pub(crate) site_packages: Vec<PathBuf>,
    pub(crate) left_out: Vec<PathBuf>,
    pub(crate) startup_files: Vec<PathBuf>,
    pub(crate) shared: Vec<PathBuf>,
    pub(crate) loader: Option<PathBuf>,
    pub(crate) loader_dirs: Vec<PathBuf>,
    pub(crate) loader_files: Vec<PathBuf>,
    pub(crate) zone_data: Vec<PathBuf>,
    pub(crate) code_in_pth: Vec<PathBuf>,
}

/// None when the interpreter does not have its standard library where it says.
pub(crate) fn collect(layout: &Layout, path: &Path, real_path: &Path, program: &Program) -> Option<Library> {
    let mut found = Library::default();
    // The third is where the build meant to be installed; a relocated one imports nothing from there.
    let standard = layout.stdlib.iter().enumerate().filter_map(|(index, dir)| Some((index, dir.as_ref()?)));
    let standard = standard.filter(|(index, dir)| *index < 2 || layout.search_path.contains(dir));
    let standard: Vec<PathBuf> = standard.filter_map(|(_, dir)| real(dir)).collect();
    found.stdlib.clone_from(standard.first().filter(|dir| dir.is_dir())?);
    let (others, files): (Vec<PathBuf>, Vec<PathBuf>) = layout
        .search_path
        .iter()
        .chain(&layout.site_packages)
        .filter_map(|dir| real(dir))
        .partition(|path| path.is_dir());

    let prefixes: Vec<PathBuf> = layout.prefixes.iter().filter_map(|prefix| real(prefix)).collect();
    let (wide, dirs) = standard.iter().chain(&others).cloned().partition(|dir| too_wide(dir, &prefixes));
    found.left_out = distinct(wide);
    if found.left_out.contains(&found.stdlib) {
        return None;
    }
    let left_out = &found.left_out;
    found.site_packages =
        distinct(others.into_iter().filter(|dir| !standard.contains(dir) && !left_out.contains(dir)).collect());
    found.dirs = outermost(dirs);

    let outside = layout.module_files.iter().filter_map(|file| real(file)).filter(|file| !within(file, &found.dirs));
    found.startup_files = distinct(virtual_environment(path).into_iter().chain(files).chain(outside).collect());

    if let Program::Elf(Some(loader)) = program {
        found.loader = real(loader);
    }
    let mapped = layout.mapped.iter().filter_map(|file| real(file));
    // Where the mapped files are known, a relocated build's word about where it was made would only mislead.
    let described = own_library(layout).filter(|_| layout.mapped.is_empty());
    let shared = mapped.chain(described).filter(|file| {
        file != real_path && found.loader.as_ref() != Some(file) && file.is_file() && !within(file, &found.dirs)
    });
    found.shared = distinct(shared.collect());
    let beside = found.shared.iter().filter_map(|file| file.parent()).map(Path::to_path_buf);
    let beside = beside.filter(|dir| !too_wide(dir, &prefixes));
    found.loader_dirs = outermost(existing(LOADER_FOLDERS).into_iter().chain(beside).collect());
    found.loader_files = existing(LOADER_FILES);

    let zones = layout.zone_path.iter().map(PathBuf::as_path).chain([Path::new(LOCAL_ZONE)]);
    found.zone_data =
        outermost(zones.filter_map(real).filter(|path| path.is_file() || !too_wide(path, &prefixes)).collect());
    found.code_in_pth.clone_from(&layout.code_in_pth);
    Some(found)
}

/// The file that makes a folder a virtual environment. It is read before anything else, beside the program as it was
/// named or one folder up; without it the environment's packages are not found.
fn virtual_environment(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    [Some(folder), folder.parent()].into_iter().flatten().find_map(|folder| real(&folder.join("pyvenv.cfg")))
}

/// libpython as the build describes it, for hosts without a `/proc` to read it from.
fn own_library(layout: &Layout) -> Option<PathBuf> {
    let (Some(folder), Some(name)) = layout.library.as_ref()? else {
        return None;
    };
    // A relocated build still tells where it was made.
    let bases = layout.prefixes.iter().skip(2).map(|base| base.join("lib"));
    [folder.clone()].into_iter().chain(bases).find_map(|folder| real(&folder.join(name)))
}

/// Whether a read rule on `folder` would open more than one installation's libraries: a prefix such as `/usr`, a
/// folder above one, or one that belongs to the system or to a user as a whole.
fn too_wide(folder: &Path, prefixes: &[PathBuf]) -> bool {
    let names: Vec<&str> = folder
        .components()
        .filter_map(|component| if let Component::Normal(name) = component { name.to_str() } else { None })
        .collect();
    match names.as_slice() {
        [] | [_] | ["proc" | "sys" | "dev", ..] => return true,
        [parent, _] if SHARED_PARENTS.contains(parent) => return true,
        _ => {}
    }
    prefixes.iter().any(|prefix| prefix.starts_with(folder))
}

fn existing(paths: &[(&str, &str)]) -> Vec<PathBuf> {
    distinct(paths.iter().filter_map(|(path, _)| real(Path::new(path))).collect())
}

fn real(path: &Path) -> Option<PathBuf> {
    if path.is_absolute() { fs::canonicalize(path).ok() } else { None }
}

fn within(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

fn distinct(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = std::collections::HashSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}

/// Without the paths that lie below another of them: one rule covers both.
fn outermost(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let all = distinct(paths);
    let below = |path: &PathBuf| all.iter().any(|other| other != path && path.starts_with(other));
    all.iter().filter(|path| !below(path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(root: &Path) -> Layout {
        let lib = root.join("lib/python3.13");
        Layout {
            prefixes: vec![root.to_path_buf(); 4],
            stdlib: vec![Some(lib.clone()), Some(lib.clone()), None],
            site_packages: vec![lib.join("site-packages")],
            search_path: vec![lib],
            library: None,
            zone_path: Vec::new(),
            module_files: Vec::new(),
            mapped: Vec::new(),
            code_in_pth: Vec::new(),
        }
    }

    fn collected(layout: &Layout, root: &Path) -> Option<Library> {
        collect(layout, &root.join("bin/python"), &root.join("bin/python"), &Program::Other)
    }

    #[test]
    fn a_prefix_or_a_folder_of_everybody_is_never_a_library_folder() {
        let prefixes = [PathBuf::from("/usr"), PathBuf::from("/srv/app/venv")];
        for wide in ["/", "/usr", "/srv", "/srv/app", "/srv/app/venv", "/home/someone", "/usr/lib", "/proc/self/root"] {
            assert!(too_wide(Path::new(wide), &prefixes), "{wide}");
        }
        for fine in
            ["/usr/lib/python3.13", "/usr/lib/python3/dist-packages", "/srv/app/venv/lib/python3.13", "/app/src"]
        {
            assert!(!too_wide(Path::new(fine), &prefixes), "{fine}");
        }
    }

    #[test]
    fn folders_inside_others_and_missing_ones_are_dropped_and_wide_ones_reported() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let lib = root.join("lib/python3.13");
        let packages = lib.join("site-packages");
        let editable = root.join("src");
        fs::create_dir_all(&packages).unwrap();
        fs::create_dir_all(&editable).unwrap();
        let mut layout = layout(&root);
        layout.search_path.extend([root.join("lib/python313.zip"), root.clone(), editable.clone(), "/".into()]);
        let found = collected(&layout, &root).unwrap();
        assert_eq!(found.stdlib, lib);
        assert_eq!(found.dirs, [lib, editable.clone()]);
        assert_eq!(found.site_packages, [editable, packages]);
        assert_eq!(found.left_out, [root, PathBuf::from("/")]);
    }

    #[test]
    fn files_behind_links_out_of_the_library_are_listed_one_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("lib/python3.13")).unwrap();
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::create_dir_all(root.join("own/lib")).unwrap();
        let [site, cfg, library] = ["etc/sitecustomize.py", "pyvenv.cfg", "own/lib/libpython3.13.so.1.0"].map(|name| {
            fs::write(root.join(name), "").unwrap();
            root.join(name)
        });
        let mut layout = layout(&root);
        layout.module_files = vec![site.clone(), root.join("lib/python3.13/os.py")];
        layout.library = Some((Some(root.join("own/lib")), Some("libpython3.13.so.1.0".into())));
        let found = collected(&layout, &root).unwrap();
        assert_eq!(found.startup_files, [cfg, site]);
        assert_eq!(found.shared, [library]);
        assert!(found.loader_dirs.contains(&root.join("own/lib")));
    }

    #[test]
    fn without_its_standard_library_it_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        assert!(collected(&layout(&root), &root).is_none());
        let mut layout = layout(&root);
        layout.stdlib = vec![Some(root.clone())];
        assert!(collected(&layout, &root).is_none(), "a prefix is no standard library");
    }
}
